/**
 * The one spelling under which a package is stored and looked up, for ecosystems whose registries take several spellings for one name.
 *
 * Source: PEP 503; NuGet and Packagist documentation ("case-insensitive"); crates.io, whose registry refuses a name that differs from
 * an existing one in case or in `-` for `_` only; OSV schema 1.7, "affected[].package". Whoever asks for a package must use the same
 * function. Names that it does not know a rule for stay as they are: Maven, Go, npm, RubyGems and every distribution.
 */

/** The normalised name, for an OSV ecosystem with or without its suffix, or a purl type. */
export function normaliseName(ecosystem: string, name: string): string {
  // Distributions and the large registries have no rule: the usual case is one look-up.
  return ruleOf(ecosystem)?.(name) ?? name;
}

type Rule = (name: string) => string;

const lowerCase: Rule = name => name.toLowerCase();
const pep503: Rule = name => name.toLowerCase().replace(/[-_.]+/g, '-');

/** GitHub's owners and repositories, and host names, have no case. */
const swiftUrl: Rule = name =>
  name
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
    .replace(/\.git$/, '');

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['pypi', pep503],
  ['python', pep503],
  ['nuget', lowerCase],
  ['packagist', lowerCase],
  ['composer', lowerCase],
  ['github actions', lowerCase],
  ['github', lowerCase],
  ['vscode', lowerCase],
  ['crates.io', name => name.toLowerCase().replaceAll('_', '-')],
  ['cargo', name => name.toLowerCase().replaceAll('_', '-')],
  ['swifturl', swiftUrl],
  ['swift', swiftUrl],
]);

/** Vendors whose ecosystem names the rebuilt one after the colon: `Root:PyPI`. */
const REBUILDERS: ReadonlySet<string> = new Set(['root', 'echo', 'tuxcare', 'docker hardened images']);

const RULE_BY_ECOSYSTEM = new Map<string, Rule | undefined>();
const MAX_REMEMBERED = 1000;

/** Finding a rule takes splitting and lower case; there are far fewer ecosystems than packages. */
function ruleOf(ecosystem: string): Rule | undefined {
  const known = RULE_BY_ECOSYSTEM.get(ecosystem);
  if (known !== undefined || RULE_BY_ECOSYSTEM.has(ecosystem)) return known;
  const [first = '', second = ''] = ecosystem.toLowerCase().split(':', 2);
  const rule = RULES.get(REBUILDERS.has(first) && second !== '' ? second : first);
  if (RULE_BY_ECOSYSTEM.size < MAX_REMEMBERED) RULE_BY_ECOSYSTEM.set(ecosystem, rule);
  return rule;
}
