/**
 * Perl versions: decimal numbers (`1.10` < `1.9`), or lists of numbers when there is a `v` or a second dot (`v1.10` > `v1.9`).
 *
 * Source: perldoc version, "What is a version"; checked against perl in against-tools.test.ts. A decimal is read as a list by groups of
 * three digits after the point, `1.002003` being `v1.2.3`, so that both forms compare. The underscore of a trial release does not count.
 */
import { versionScheme } from './scheme.ts';
import { order, toWhole, type Whole } from './version-reader.ts';

// A list with `v`, a list without, a decimal; each may end in an underscore and more digits.
const READABLE = /^(?:v\d+(?:\.|(?:\.\d+)+(?:_\d+)?)?|\d*(?:\.\d+){2,}(?:_\d+)?|\d*\.\d+(?:_\d+)?|\d+\.?)$/;

/** Orders Perl versions. */
export const cpan = versionScheme<readonly Whole[]>({
  id: 'cpan',
  parse(text) {
    if (!READABLE.test(text)) return undefined;
    const plain = text.replace('_', '').replace(/^v/, '');
    const parts = plain.split('.');
    const [whole = '', fraction = ''] = parts;
    if (text.startsWith('v') || parts.length > 2) return withoutTrailingZeros(parts.map(part => toWhole(part || '0')));
    const groups = fraction.match(/\d{1,3}/g) ?? [];
    return withoutTrailingZeros([toWhole(whole || '0'), ...groups.map(group => toWhole(group.padEnd(3, '0')))]);
  },
  compare(a, b) {
    for (let at = 0; at < a.length && at < b.length; at += 1) {
      const difference = order(a[at] ?? 0, b[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.length - b.length;
  },
});

function withoutTrailingZeros(numbers: Whole[]): Whole[] {
  while (numbers.length > 0 && Number(numbers.at(-1)) === 0) numbers.pop();
  return numbers;
}
