/**
 * Conda versions: `[epoch!]version[+local]`, as conda orders them.
 *
 * Source: the documentation of conda's VersionOrder. Debian has no conda, so a table stands in for it in the tests; 20,000 generated pairs
 * were once compared with it (conda of 2026-08) without a difference.
 */
import { versionScheme } from './scheme.ts';
import { isDigit, order, toWhole, type Whole } from './version-reader.ts';

/** One dot-separated component: numbers and texts in turn, a number first. */
type Component = readonly (Whole | string)[];

interface CondaVersion {
  /** The epoch is the first component. */
  readonly main: readonly Component[];
  readonly local: readonly Component[];
}

/** Orders conda versions. `dev` comes before all other texts, texts before numbers, `post` after them; missing parts are 0. */
export const conda = versionScheme<CondaVersion>({
  id: 'conda',
  parse(text) {
    const lower = text.toLowerCase();
    const version = lower.includes('_') ? lower : lower.replaceAll('-', '_');
    if (!/^(?:\d+!)?[*._0-9a-z]+(?:\+[*._0-9a-z]+)?$/.test(version)) return undefined;
    const [beforeLocal = '', local] = version.split('+');
    const bang = beforeLocal.indexOf('!');
    const release = beforeLocal.slice(bang + 1);
    // A trailing underscore stays with its component, where it sorts before letters: 1.0.1_ < 1.0.1a.
    const isOpen = release.endsWith('_');
    const names = (isOpen ? release.slice(0, -1) : release).split(/[._]/);
    if (isOpen) names.push(`${names.pop() ?? ''}_`);
    const main = toComponents([bang < 0 ? '0' : beforeLocal.slice(0, bang), ...names]);
    const locals = local === undefined ? [] : toComponents(local.split(/[._]/));
    return main && locals && { main, local: locals };
  },
  compare: (a, b) => compareLists(a.main, b.main) || compareLists(a.local, b.local),
});

function toComponents(names: readonly string[]): Component[] | undefined {
  const components: Component[] = [];
  for (const name of names) {
    if (name === '') return undefined;
    const parts = (name.match(/\d+|\*+|[^\d*]+/g) ?? []).map(toPart);
    components.push(isDigit(name.charCodeAt(0)) ? parts : [0, ...parts]);
  }
  return components;
}

function toPart(text: string): Whole | string {
  if (isDigit(text.charCodeAt(0))) return toWhole(text);
  if (text === 'post') return Number.POSITIVE_INFINITY;
  // Capitals sort before `_` and the small letters, and after `*`.
  return text === 'dev' ? 'DEV' : text;
}

function compareLists(a: readonly Component[], b: readonly Component[]): number {
  for (let at = 0; at < a.length || at < b.length; at += 1) {
    const difference = compareComponents(a[at] ?? [], b[at] ?? []);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareComponents(a: Component, b: Component): number {
  for (let at = 0; at < a.length || at < b.length; at += 1) {
    const x = a[at] ?? 0;
    const y = b[at] ?? 0;
    const isText = typeof x === 'string';
    if (isText !== (typeof y === 'string')) return isText ? -1 : 1;
    const difference = order(x, y);
    if (difference !== 0) return difference;
  }
  return 0;
}
