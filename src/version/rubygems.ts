/**
 * Ruby gem versions, as `Gem::Version` orders them.
 *
 * Source: the documentation of Gem::Version; checked against it in against-tools.test.ts. `@renovatebot/ruby-semver` was measured first: it
 * splits both texts anew in each comparison (6.3 µs).
 */
import { versionScheme } from './scheme.ts';
import { isDigit, isLetter, order, toWhole, type Whole } from './version-reader.ts';

// Dots or dashes between runs of letters and digits, digits first.
const PATTERN = /^\d+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** Orders gem versions. A segment of letters makes a pre-release, so `1.0.a` < `1.0`; trailing zeros do not count. */
export const rubygems = versionScheme<readonly (Whole | string)[]>({
  id: 'rubygems',
  parse(text) {
    if (!PATTERN.test(text)) return undefined;
    const numbers: Whole[] = [];
    const rest: (Whole | string)[] = [];
    for (const segment of segmentsOf(text)) {
      if (rest.length === 0 && typeof segment !== 'string') numbers.push(segment);
      else rest.push(segment);
    }
    // Zeros go at the end of the leading numbers too: 1.0.0.rc1 is 1.rc1.
    return [...withoutTrailingZeros(numbers), ...withoutTrailingZeros(rest)];
  },
  compare(a, b) {
    for (let at = 0; at < a.length || at < b.length; at += 1) {
      const x = a[at] ?? 0;
      const y = b[at] ?? 0;
      const isText = typeof x === 'string';
      if (isText !== (typeof y === 'string')) return isText ? -1 : 1;
      const difference = order(x, y);
      if (difference !== 0) return difference;
    }
    return 0;
  },
});

/** Runs of digits and runs of letters; a dash reads as the segment `pre`. */
function segmentsOf(text: string): (Whole | string)[] {
  const segments: (Whole | string)[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    const accepts = isDigit(code) ? isDigit : isLetter;
    let end = at;
    while (end < text.length && accepts(text.charCodeAt(end))) end += 1;
    if (end > at) segments.push(isDigit(code) ? toWhole(text.slice(at, end)) : text.slice(at, end));
    else if (code === 45) segments.push('pre');
    at = Math.max(end, at + 1);
  }
  return segments;
}

function withoutTrailingZeros<T extends Whole | string>(segments: T[]): T[] {
  while (segments.length > 0 && typeof segments.at(-1) !== 'string' && Number(segments.at(-1)) === 0) segments.pop();
  return segments;
}
