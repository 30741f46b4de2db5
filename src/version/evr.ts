/**
 * `[epoch:]version[-release]`, the form of versions that rpm and pacman share, and the runs of digits and letters that both compare; what else
 * counts they see differently.
 *
 * An rpm advisory makes hundreds of comparisons, so runs are compared where they stand, without cutting texts.
 */
import { isDigit, isLetter, toWhole, type Whole } from './version-reader.ts';

/** The three parts, as written. */
export interface Evr {
  /** 0 when there is none. */
  readonly epoch: Whole;
  /** Never empty. */
  readonly version: string;
  readonly release: string | undefined;
}

/** Splits at the colon after leading digits and at the last dash; `undefined` when no version is left between them. */
export function parseEvr(text: string): Evr | undefined {
  const colon = endOfRun(text, 0, DIGIT);
  const hasEpoch = text.charAt(colon) === ':';
  const start = hasEpoch ? colon + 1 : 0;
  const dash = text.lastIndexOf('-');
  const hasRelease = dash >= start;
  const version = text.slice(start, hasRelease ? dash : undefined);
  if (version === '') return undefined;
  return {
    epoch: colon > 0 && hasEpoch ? toWhole(text.slice(0, colon)) : 0,
    version,
    release: hasRelease ? text.slice(dash + 1) : undefined,
  };
}

/** What a character is to these orders; `OTHER` only separates, unless it is a mark (`~`, `^`) to the one or the other. */
export const END = 0;
export const DIGIT = 1;
export const LETTER = 2;
export const TILDE = 3;
export const CARET = 4;
export const OTHER = 5;

const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  if (isDigit(code)) return DIGIT;
  if (isLetter(code)) return LETTER;
  return code === 126 ? TILDE : code === 94 ? CARET : OTHER;
});

/** The kind of the character at a position of graphic ASCII text. */
export function kindAt(text: string, at: number): number {
  return at < text.length ? (KINDS[text.charCodeAt(at)] ?? OTHER) : END;
}

/** Where the run of digits or letters that begins at `from` ends. */
export function endOfRun(text: string, from: number, kind: number): number {
  let at = from;
  while (kindAt(text, at) === kind) at += 1;
  return at;
}

/** Orders two runs of one kind, `i` to `endA` of `a` and `j` to `endB` of `b`: digits by value, letters by ASCII. */
export function compareRuns(a: string, i: number, endA: number, b: string, j: number, endB: number): number {
  let x = i;
  let y = j;
  if (kindAt(a, i) === DIGIT) {
    while (x < endA && a.charCodeAt(x) === 48) x += 1;
    while (y < endB && b.charCodeAt(y) === 48) y += 1;
    if (endA - x !== endB - y) return endA - x - (endB - y);
  }
  for (; x < endA && y < endB; x += 1, y += 1) {
    const difference = a.charCodeAt(x) - b.charCodeAt(y);
    if (difference !== 0) return difference;
  }
  return endA - x - (endB - y);
}
