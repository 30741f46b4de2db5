/**
 * The order of PHP's `version_compare`: PEAR packages and WordPress plug-ins as they are, Composer after normalising.
 *
 * Source: php.net/version_compare; checked against PHP in against-tools.test.ts. Only a separator at the end is not taken as PHP does, which
 * finds `1.` older than itself.
 */
import { versionScheme } from './scheme.ts';
import { isDigit, orderDigits } from './version-reader.ts';

/** Known words with their rank; a word is known by how it begins, so `pre` is read as `p`. Any other word ranks below all. */
const WORDS: readonly (readonly [word: string, rank: number])[] = [
  ['dev', 0],
  ['alpha', 1],
  ['a', 1],
  ['beta', 2],
  ['b', 2],
  ['RC', 3],
  ['rc', 3],
  ['#', 4],
  ['pl', 5],
  ['p', 5],
];
const NUMBER_OR_END = 4;

/** Orders PHP versions. Every graphic ASCII text is readable. */
export const php = versionScheme<readonly string[]>({ id: 'php', parse: splitPhpVersion, compare: comparePhpVersions });

/** Runs of digits and runs of other characters, without the separators `-`, `_`, `+` and `.`. */
export function splitPhpVersion(text: string): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const kind = kindOf(text.charCodeAt(at));
    let end = at + 1;
    while (end < text.length && kindOf(text.charCodeAt(end)) === kind) end += 1;
    if (kind !== 'separator') parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

/** Part by part: numbers by value, words by rank, and a number ranks just as the end does against a word. */
export function comparePhpVersions(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const x = a[at] ?? '';
    const y = b[at] ?? '';
    const areNumbers = isDigit(x.charCodeAt(0)) && isDigit(y.charCodeAt(0));
    const difference = areNumbers ? orderDigits(x, y) : rankOf(x) - rankOf(y);
    if (difference !== 0) return difference;
  }
  return compareWithEnd(a[b.length]) - compareWithEnd(b[a.length]);
}

/** What one side has more decides: a number makes it newer, a word ranks against the end. */
function compareWithEnd(part: string | undefined): number {
  if (part === undefined) return 0;
  return isDigit(part.charCodeAt(0)) ? 1 : rankOf(part) - NUMBER_OR_END;
}

function rankOf(part: string): number {
  if (isDigit(part.charCodeAt(0))) return NUMBER_OR_END;
  return WORDS.find(([word]) => part.startsWith(word))?.[1] ?? -1;
}

function kindOf(code: number): 'digit' | 'separator' | 'other' {
  if (isDigit(code)) return 'digit';
  return code === 45 || code === 95 || code === 43 || code === 46 ? 'separator' : 'other';
}
