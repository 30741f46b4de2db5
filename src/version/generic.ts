/**
 * Programs known by their version text alone (nginx, OpenSSL, Redis, CPython …): no tool defines their order, so this is ours.
 *
 * It follows what such projects do: numbers by value, missing ones 0; `alpha`, `beta`, `pre`, `rc`, `dev` and the like before the
 * release; other letters after it, shorter ones first, so that OpenSSL's `1.0.2` < `1.0.2a` < `1.0.2z` < `1.0.2za`. A single `a`,
 * `b` or `m` with a number behind is a pre-release (`3.13.0a2`), and `p` a patch (OpenSSH `9.3p1`).
 */

import { versionScheme } from './scheme.ts';
import { isDigit, isLetter, order, toWhole, VersionReader, type Whole } from './version-reader.ts';

/** A number, or a word with its rank: below 0 before the release, above it after. */
type Part = Whole | { readonly rank: number; readonly word: string };

const RANKS: ReadonlyMap<string, number> = new Map([
  ['dev', -6],
  ['devel', -6],
  ['snapshot', -6],
  ['nightly', -6],
  ['alpha', -5],
  ['beta', -4],
  ['milestone', -3],
  ['pre', -2],
  ['preview', -2],
  ['prerelease', -2],
  ['ea', -2],
  ['rc', -1],
  ['cr', -1],
]);
/** Pre-releases only with a number right behind: alone they are OpenSSL's patch letters. */
const SHORT_RANKS: ReadonlyMap<string, number> = new Map([
  ['a', -5],
  ['b', -4],
  ['m', -3],
]);
/** Words that only say that this is the release. */
const SILENT: ReadonlySet<string> = new Set(['final', 'ga', 'release', 'stable', 'lts']);
const LATER = 1;

/** Orders versions of programs. Unreadable unless it begins with a digit, or `v` and a digit. */
export const generic = versionScheme<readonly Part[]>({
  id: 'generic',
  parse(text) {
    const lower = text.toLowerCase();
    const start = lower.startsWith('v') ? 1 : 0;
    if (!isDigit(lower.charCodeAt(start))) return undefined;
    const parts: Part[] = [];
    const reader = new VersionReader(lower, start);
    while (!reader.isDone) {
      const digits = reader.digits();
      const word = reader.while(isLetter);
      if (digits !== '') parts.push(toWhole(digits));
      if (word !== '' && !SILENT.has(word)) parts.push(toWord(word, isDigit(reader.code)));
      reader.while(isSeparator);
    }
    return parts;
  },
  compare(a, b) {
    for (let at = 0; at < a.length || at < b.length; at += 1) {
      const difference = compareParts(a[at] ?? 0, b[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  },
});

function isSeparator(code: number): boolean {
  return !isDigit(code) && !isLetter(code);
}

function toWord(word: string, isBeforeDigit: boolean): Part {
  const rank = RANKS.get(word) ?? (isBeforeDigit ? SHORT_RANKS.get(word) : undefined) ?? LATER;
  return { rank, word: rank === LATER ? word : '' };
}

/** Words before the release, then numbers, then other words: by length first, for OpenSSL's `z` < `za`. */
function compareParts(a: Part, b: Part): number {
  const isWord = typeof a === 'object';
  if (isWord && typeof b === 'object') {
    return a.rank - b.rank || a.word.length - b.word.length || order(a.word, b.word);
  }
  if (isWord) return a.rank;
  return typeof b === 'object' ? -b.rank : order(a, b);
}
