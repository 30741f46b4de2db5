import { expect, test } from 'vitest';
import { isBefore, toIsoTime, toTagEntry } from './tag-facts.ts';

test.each<[string | number, string | undefined, string]>([
  ['2026-03-10T08:00:00.1234567Z', '2026-03-10T08:00:00.123Z', 'Azure writes seven digits'],
  ['2026-03-10T10:00:00+02:00', '2026-03-10T08:00:00.000Z', 'with an offset'],
  ['Tue, 10 Mar 2026 08:00:00 -0000', '2026-03-10T08:00:00.000Z', 'RFC 1123, as Quay writes it'],
  [1773129600000, '2026-03-10T08:00:00.000Z', 'milliseconds'],
  ['0001-01-01T00:00:00Z', undefined, 'Go writes the year 1 for no date'],
  [0, undefined, '1970 is no date of a push'],
  ['yesterday', undefined, 'no date'],
  [Number.NaN, undefined, 'no number'],
  [1e20, undefined, 'beyond what a date can be'],
  ['', undefined, 'empty'],
])('%s is %s: %s', (value, expected) => {
  expect(toIsoTime(value)).toBe(expected);
});

test('what is no digest or no size is left out', () => {
  expect(toTagEntry('1.0', { digest: 'sha256:zz', sizeBytes: -1, mediaType: '' })).toEqual({ name: '1.0' });
});

test('a tag without a date never ends a listing', () => {
  const since = new Date('2026-01-01T00:00:00Z');
  expect(isBefore({ name: 'a' }, since)).toBe(false);
  expect(isBefore({ name: 'a', pushedAt: '2025-12-31T23:59:59.999Z' }, since)).toBe(true);
  expect(isBefore({ name: 'a', pushedAt: '2026-01-01T00:00:00.000Z' }, since)).toBe(false);
  expect(isBefore({ name: 'a', pushedAt: '2025-12-31T23:59:59.999Z' }, undefined)).toBe(false);
});
