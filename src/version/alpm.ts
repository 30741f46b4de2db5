/**
 * Arch Linux versions: `[epoch:]version[-rel]`, as pacman's `vercmp` orders them.
 *
 * Source: vercmp(8) and libalpm's behaviour; checked against libalpm in against-tools.test.ts. It looks like rpm's order but has neither
 * `~` nor `^`, counts separators, and lets a text run lose to the end of the version.
 *
 * A release counts only when both sides have one (`1.5-1` = `1.5`). So the order is a law-abiding one among versions that all
 * have a release, or all have none, and that is pacman's, not our, decision.
 */
import { compareRuns, DIGIT, END, type Evr, endOfRun, kindAt, LETTER, parseEvr } from './evr.ts';
import { versionScheme } from './scheme.ts';
import { order } from './version-reader.ts';

/** Orders Arch Linux versions. */
export const alpm = versionScheme<Evr>({
  id: 'alpm',
  parse: parseEvr,
  compare(a, b) {
    const difference = order(a.epoch, b.epoch) || compareSegments(a.version, b.version);
    if (difference !== 0 || a.release === undefined || b.release === undefined) return difference;
    return compareSegments(a.release, b.release);
  },
});

function compareSegments(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const startA = endOfSeparators(a, i);
    const startB = endOfSeparators(b, j);
    const separators = startA - i - (startB - j);
    i = startA;
    j = startB;
    const kind = kindAt(a, i);
    const other = kindAt(b, j);
    if (kind === END || other === END) break;
    if (separators !== 0) return separators;
    // Digits are newer than letters.
    if (kind !== other) return kind === DIGIT ? 1 : -1;
    const endA = endOfRun(a, i, kind);
    const endB = endOfRun(b, j, kind);
    const difference = compareRuns(a, i, endA, b, j, endB);
    if (difference !== 0) return difference;
    i = endA;
    j = endB;
  }
  const kind = kindAt(a, i);
  const other = kindAt(b, j);
  if (kind === END && other === END) return 0;
  // What is left decides: letters make it older (1.0rc < 1.0), anything else newer.
  if (kind === LETTER) return -1;
  return kind === END && other !== LETTER ? -1 : 1;
}

function endOfSeparators(text: string, from: number): number {
  let at = from;
  while (kindAt(text, at) > LETTER) at += 1;
  return at;
}
