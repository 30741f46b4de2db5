/**
 * apk versions (Alpine, Wolfi, Chainguard): `1.2.3a_rc1_p2~abcdef-r4`, as apk-tools orders them.
 *
 * Source: apk-version(8) and the behaviour of apk-tools 3. General-purpose comparators take `2.39.0_beta` for newer than `2.39.0`;
 * apk does not. apk-tools is not in Debian, so a table stands in for it in the tests; 96,000 generated pairs and apk's own 737 cases were
 * once compared with a build of its version.c (commit 90b974f). Only numbers over 2^64 differ, which wrap around there.
 */
import { versionScheme } from './scheme.ts';
import { isDigit, order, orderDigits, VersionReader } from './version-reader.ts';

// What a token is, in the order that decides between tokens of different kind: the earlier kind is the newer version.
const INITIAL = 0;
const DIGITS = 1;
const LETTER = 2;
const SUFFIX = 3;
const SUFFIX_NUMBER = 4;
const HASH = 5;
const REVISION = 6;
const END = 7;

interface ApkVersion {
  /** Ends with `END`. */
  readonly kinds: readonly number[];
  /** The text of each token; for a suffix one letter that sorts as its rank. */
  readonly texts: readonly string[];
}

/** Suffixes in their order; the first four make a pre-release. */
const SUFFIXES = ['alpha', 'beta', 'pre', 'rc', 'cvs', 'svn', 'git', 'hg', 'p'];
const PRE_RELEASES = 4;
const BEFORE_RELEASE: ReadonlySet<string> = new Set(SUFFIXES.slice(0, PRE_RELEASES).map((_, rank) => String(rank)));

/** Orders apk versions. Text outside the grammar is unreadable, as for `apk version --check`. */
export const apk = versionScheme<ApkVersion>({
  id: 'apk',
  parse(text) {
    const kinds: number[] = [];
    const texts: string[] = [];
    const add = (kind: number, value: string): boolean => {
      kinds.push(kind);
      texts.push(value);
      return value !== '';
    };
    const reader = new VersionReader(text);
    if (!add(INITIAL, reader.digits())) return undefined;
    while (reader.take('.')) if (!add(DIGITS, reader.digits())) return undefined;
    const letter = String.fromCharCode(reader.code);
    if (letter >= 'a' && letter <= 'z' && reader.take(letter)) add(LETTER, letter);
    while (reader.take('_')) {
      const rank = SUFFIXES.indexOf(reader.while(code => code >= 97 && code <= 122));
      if (rank < 0) return undefined;
      add(SUFFIX, String(rank));
      if (isDigit(reader.code)) add(SUFFIX_NUMBER, reader.digits());
    }
    if (reader.take('~') && !add(HASH, reader.while(isLowerHex))) return undefined;
    if (reader.take('-r') && !add(REVISION, reader.digits())) return undefined;
    if (!reader.isDone) return undefined;
    add(END, '');
    return { kinds, texts };
  },
  compare(a, b) {
    for (let at = 0; ; at += 1) {
      const kind = a.kinds[at] ?? END;
      const other = b.kinds[at] ?? END;
      const text = a.texts[at] ?? '';
      const otherText = b.texts[at] ?? '';
      if (kind !== other) {
        if (kind === SUFFIX && BEFORE_RELEASE.has(text)) return -1;
        if (other === SUFFIX && BEFORE_RELEASE.has(otherText)) return 1;
        return other - kind;
      }
      if (kind === END) return 0;
      const difference = compareTokens(kind, text, otherText);
      if (difference !== 0) return difference;
    }
  },
});

function compareTokens(kind: number, a: string, b: string): number {
  if (kind === LETTER || kind === SUFFIX || kind === HASH) return order(a, b);
  // With a leading zero later digits are a decimal fraction, as in Gentoo: 8.2.0015 < 8.2.002.
  if (kind === DIGITS && (a.startsWith('0') || b.startsWith('0'))) return order(a, b);
  return orderDigits(a, b);
}

function isLowerHex(code: number): boolean {
  return isDigit(code) || (code >= 97 && code <= 102);
}
