/**
 * The rules of what a scan job selects: repositories and tags, as they may be written for the product.
 */
import { isWildcard, type Pattern, type PatternOptions, parsePattern, splitTags, wantsWildcard } from './pattern.ts';
import { type ScheduleDraft, SETTINGS_LIMITS, type Target } from './settings.ts';
import type { Report, ScheduleFacts } from './validate-settings.ts';
import { quoted, violation } from './violation.ts';

/** Judges the targets, and gives them normalised: without blank entries, one tag an entry, paths without the registry's own prefix. */
export function checkTargets(draft: ScheduleDraft, facts: ScheduleFacts, report: Report): readonly Target[] {
  const targets = draft.targets.map(({ repository, tags }) => ({
    repository: repository.trim(),
    tags: tags.flatMap(splitTags).filter(tag => tag !== ''),
  }));
  if (targets.length === 0) report(violation('REPOSITORY_REQUIRED', 'targets'));
  if (isTooMany(targets, report)) return targets;
  const firstOf = new Map<string, number>();
  return targets.map((target, place) => {
    const field = `targets[${place}]`;
    const repository = checkRepository(target.repository, `${field}.repository`, { draft, facts, report });
    const first = firstOf.get(repository);
    if (first === undefined) firstOf.set(repository, place);
    else if (repository !== '') {
      const message = `${quoted(repository)} is named by targets[${first}] already`;
      report(violation('TARGET_REPEATED', `${field}.repository`, message));
    }
    checkTags(target.tags, field, { draft, facts, report });
    return { repository, tags: [...new Set(target.tags)] };
  });
}

interface Context {
  readonly draft: ScheduleDraft;
  readonly facts: ScheduleFacts;
  readonly report: Report;
}

function checkRepository(text: string, field: string, { draft, facts, report }: Context): string {
  if (text === '') {
    report(violation('REPOSITORY_REQUIRED', field, 'The target names no repository'));
    return text;
  }
  const normalised = normalise(text, facts);
  const options = { of: 'repository', mode: draft.patternMode, product: facts.product } as const;
  const pattern = checkEntry(normalised, field, { options, facts, report });
  if (pattern === undefined) return normalised;
  if (isWildcard(pattern) && !facts.product.capabilities.catalog) {
    report(
      violation(
        'CATALOG_UNSUPPORTED',
        field,
        `${quoted(text)} needs the list of repositories, which ${facts.product.label} does not give`,
      ),
    );
  }
  if ('value' in pattern && /[A-Z]/.test(pattern.value)) {
    report(violation('UPPER_CASE_REPOSITORY', field, `${quoted(normalised)} has upper case`));
  }
  return normalised;
}

function checkTags(tags: readonly string[], field: string, { draft, facts, report }: Context): void {
  if (draft.scanType === 'Automatic') {
    if (tags.length > 0) report(violation('TAG_FILTER_NOT_ALLOWED_AUTOMATIC', `${field}.tags`));
    return;
  }
  if (tags.length === 0 && facts.product.requiresTags) {
    const message = `${facts.product.label} selects images by tag, and the target names none`;
    const remedy = `Name the tags; ${facts.product.everything} means all of them`;
    report(violation('TAG_REQUIRED_JFROG', `${field}.tags`, message, remedy));
  }
  const options = { of: 'tag', mode: draft.patternMode, product: facts.product } as const;
  for (const [place, tag] of tags.entries()) checkEntry(tag, `${field}.tags[${place}]`, { options, facts, report });
}

function checkEntry(
  text: string,
  field: string,
  { options, facts, report }: Omit<Context, 'draft'> & { readonly options: PatternOptions },
): Pattern | undefined {
  if (wantsWildcard(text) && !facts.features.wildcards) {
    report(violation('WILDCARD_NOT_ENABLED', field, `${quoted(text)} is a wildcard, and wildcards are not enabled`));
    return undefined;
  }
  const result = parsePattern(text, options);
  if (!result.ok) {
    const { code, message, remedy } = result.problem;
    report(violation(code, field, message, remedy));
    return undefined;
  }
  const { pattern } = result;
  if (pattern.kind === 'prefix' && pattern.value.endsWith('.')) {
    const message = `${quoted(text)} is every name that starts with ${quoted(pattern.value)}, not a regular expression`;
    report(violation('LOOKS_LIKE_REGULAR_EXPRESSION', field, message));
  }
  return pattern;
}

/** A pasted full path loses its prefix; what only ends like a path, or is an expression, stays as it is. */
function normalise(text: string, { normaliseRepository }: ScheduleFacts): string {
  if (normaliseRepository === undefined || text.startsWith('*') || text === '.*' || /^(?:glob|re):/.test(text))
    return text;
  return normaliseRepository(text);
}

function isTooMany(targets: readonly Target[], report: Report): boolean {
  const entries = targets.flatMap(({ repository, tags }) => [repository, ...tags]);
  const extended = entries.filter(entry => /^(?:glob|re):/.test(entry)).length;
  const { patterns, extendedPatterns } = SETTINGS_LIMITS;
  if (entries.length > patterns) {
    const message = `The job has ${entries.length} repositories and tags, more than ${patterns}`;
    report(violation('TOO_MANY_PATTERNS', 'targets', message));
  }
  if (extended > extendedPatterns) {
    const message = `The job has ${extended} glob: and re: patterns, more than ${extendedPatterns}`;
    report(violation('TOO_MANY_PATTERNS', 'targets', message));
  }
  return entries.length > patterns || extended > extendedPatterns;
}
