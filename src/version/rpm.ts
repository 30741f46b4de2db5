/**
 * rpm versions: `[epoch:]version[-release]`, as rpm orders them.
 *
 * Source: rpm-version(7). Checked against `rpm.vercmp` of rpm 4.18 in against-tools.test.ts. Unlike some scanners, `^` is honoured:
 * `1.0^git1` is newer than `1.0` and older than `1.0.1`.
 */
import { CARET, compareRuns, DIGIT, END, type Evr, endOfRun, kindAt, OTHER, parseEvr, TILDE } from './evr.ts';
import { type VersionScheme, versionScheme } from './scheme.ts';
import { order } from './version-reader.ts';

/** Orders rpm versions. A version without release is older than with any, but a bound without release speaks of every build. */
export const rpm: VersionScheme<Evr> = versionScheme<Evr>({
  id: 'rpm',
  parse: parseEvr,
  compare: (a, b) => order(a.epoch, b.epoch) || compareVersionRelease(a, b),
  shorten: version => (version.release === undefined ? version : { ...version, release: undefined }),
});

/**
 * The same order with epochs ignored, for a version known only from the name of its source rpm (`bash-5.1.8-6.el9.src.rpm`): file
 * names leave the epoch out, advisories do not.
 */
export const rpmWithoutEpoch: VersionScheme<Evr> = { ...rpm, id: 'rpm without epoch', compare: compareVersionRelease };

function compareVersionRelease(a: Evr, b: Evr): number {
  const difference = compareSegments(a.version, b.version);
  if (difference !== 0) return difference;
  if (a.release === undefined) return b.release === undefined ? 0 : -1;
  return b.release === undefined ? 1 : compareSegments(a.release, b.release);
}

/** Compares runs of digits and runs of letters; all else only separates, but for `~` (before the end) and `^` (just after it). */
function compareSegments(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    i = endOfRun(a, i, OTHER);
    j = endOfRun(b, j, OTHER);
    const kind = kindAt(a, i);
    const other = kindAt(b, j);
    if (kind === TILDE || other === TILDE || kind === CARET || other === CARET) {
      if (kind !== other) return markRank(kind) - markRank(other);
      i += 1;
      j += 1;
      continue;
    }
    if (kind === END || other === END) break;
    // Digits are newer than letters.
    if (kind !== other) return kind === DIGIT ? 1 : -1;
    const endA = endOfRun(a, i, kind);
    const endB = endOfRun(b, j, kind);
    const difference = compareRuns(a, i, endA, b, j, endB);
    if (difference !== 0) return difference;
    i = endA;
    j = endB;
  }
  return Number(i < a.length) - Number(j < b.length);
}

/** Where one side has a mark: `~` before the end, the end before `^`, `^` before all else. */
function markRank(kind: number): number {
  return kind === TILDE ? 0 : kind === END ? 1 : kind === CARET ? 2 : 3;
}
