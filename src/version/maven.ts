/**
 * Maven versions, as Maven itself orders them: any text is a version, and the order has its surprises.
 *
 * Source: the behaviour of ComparableVersion in maven-artifact 3.8; checked against it in against-tools.test.ts. 3.9 orders alike, and 4 differs only
 * where a qualifier like `Final` has digits behind it: not once in 34,000 pairs of versions that real advisories name.
 *
 * `1.0-pre1` is *newer* than `1.0` (only alpha, beta, milestone, rc and snapshot come before a release), and `31.1-android` < `31.1-jre` are
 * flavours of one release that only text order tells apart.
 */
import { versionScheme } from './scheme.ts';
import { isDigit, order, toWhole, type Whole } from './version-reader.ts';

/** A number, a qualifier, or what follows a dash or a change between digits and letters. */
type Item = Whole | string | readonly Item[];

/** Known qualifiers in order; the empty one is the release. Others sort after all of these, by text. */
const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
]);
const SHORT: ReadonlyMap<string, string> = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

/** Orders Maven versions. No graphic ASCII text is unreadable. */
export const maven = versionScheme<readonly Item[]>({
  id: 'maven',
  parse(text) {
    const builder = new ListBuilder();
    const lower = text.toLowerCase();
    let start = 0;
    for (let at = 0; at < lower.length; at += 1) {
      const code = lower.charCodeAt(at);
      if (code === 46 || code === 45) {
        builder.add(lower.slice(start, at) || '0', false);
        start = at + 1;
        if (code === 45) builder.nest();
      } else if (at > start && isDigit(code) !== isDigit(lower.charCodeAt(at - 1))) {
        if (isDigit(code)) builder.nestUnlessFirst();
        builder.add(lower.slice(start, at), isDigit(code));
        start = at;
        builder.nest();
      }
    }
    if (start < lower.length) {
      if (!isDigit(lower.charCodeAt(start))) builder.nestUnlessFirst();
      builder.add(lower.slice(start), false);
    }
    return builder.finish();
  },
  compare: compareLists,
});

class ListBuilder {
  readonly #lists: Item[][] = [[]];

  add(text: string, isBeforeDigit: boolean): void {
    this.#lists.at(-1)?.push(isDigit(text.charCodeAt(0)) ? toWhole(text) : toQualifier(text, isBeforeDigit));
  }

  /** What follows goes into a list of its own, the last item of the present one. */
  nest(): void {
    const inner: Item[] = [];
    this.#lists.at(-1)?.push(inner);
    this.#lists.push(inner);
  }

  /** A qualifier after a dot is as good as one after a dash (1.0.RC1 = 1.0-RC1), unless another dot or dash follows it. */
  nestUnlessFirst(): void {
    if (this.#lists.at(-1)?.length !== 0) this.nest();
  }

  /** Drops what means nothing at the end of each list, innermost first, and gives the outermost. */
  finish(): readonly Item[] {
    for (const list of this.#lists.toReversed()) {
      for (let at = list.length - 1; at >= 0; at -= 1) {
        const item = list[at] ?? 0;
        if (isNothing(item)) list.splice(at, 1);
        else if (typeof item !== 'object') break;
      }
    }
    return this.#lists[0] ?? [];
  }
}

function toQualifier(text: string, isBeforeDigit: boolean): string {
  const word = (isBeforeDigit ? SHORT.get(text) : undefined) ?? text;
  return ALIASES.get(word) ?? word;
}

function isNothing(item: Item): boolean {
  return typeof item === 'object' ? item.length === 0 : typeof item === 'string' ? item === '' : Number(item) === 0;
}

function compareLists(a: readonly Item[], b: readonly Item[]): number {
  for (let at = 0; at < a.length || at < b.length; at += 1) {
    const difference = compareItems(a[at], b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Against a missing item each kind is measured by its own nothing: 0, the release, the empty list. */
function compareItems(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compareItems(b, undefined);
  if (b === undefined) {
    if (typeof a === 'object') return compareToNothing(a);
    return typeof a === 'string' ? compareQualifiers(a, '') : order<Whole>(a, 0);
  }
  const difference = kindOf(a) - kindOf(b);
  if (difference !== 0) return difference;
  if (typeof a === 'object' && typeof b === 'object') return compareLists(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareQualifiers(a, b);
  return order(a as Whole, b as Whole);
}

/** The first item that is not nothing decides. */
function compareToNothing(list: readonly Item[]): number {
  for (const item of list) {
    const difference = compareItems(item, undefined);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `1.qualifier` < `1-1` < `1.1`. */
function kindOf(item: Item): number {
  return typeof item === 'string' ? 0 : typeof item === 'object' ? 1 : 2;
}

function compareQualifiers(a: string, b: string): number {
  const x = QUALIFIERS.indexOf(a);
  const y = QUALIFIERS.indexOf(b);
  if (x >= 0 && y >= 0) return x - y;
  return x < 0 && y < 0 ? order(a, b) : x < 0 ? 1 : -1;
}
