import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, DEFAULT_PATIENCE, parseRetryAfter } from './attempt.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

test.each([
  { value: '120', ms: 120_000, why: 'seconds' },
  { value: ' 0 ', ms: 0, why: 'at once' },
  { value: '1.5', ms: 1500, why: 'fractions, as some send them' },
  { value: 'Thu, 01 Jan 2026 00:01:00 GMT', ms: 60_000, why: 'a date' },
  { value: 'Thursday, 01-Jan-26 00:01:00 GMT', ms: 60_000, why: 'a date of the old form' },
  { value: 'Wed, 31 Dec 2025 00:00:00 GMT', ms: 0, why: 'a date gone by' },
  { value: String(NOW / 1000 + 30), ms: 30_000, why: 'Unix time, as the API of Docker Hub sends it' },
  { value: '-5', ms: undefined, why: 'no time' },
  { value: 'soon', ms: undefined, why: 'words' },
  { value: '', ms: undefined, why: 'empty' },
  { value: undefined, ms: undefined, why: 'missing' },
  { value: '9'.repeat(400), ms: undefined, why: 'no number anyone means' },
])('Retry-After "$value" means $ms ms: $why', ({ value, ms }) => {
  expect(parseRetryAfter(value, NOW)).toBe(ms);
});

test('waits double, up to the longest, and chance takes away no more than half', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (number, chance) => {
      const full = backoffMs(number, DEFAULT_PATIENCE, () => 1);
      const wait = backoffMs(number, DEFAULT_PATIENCE, () => chance);
      expect(full).toBe(Math.min(500 * 2 ** (number - 1), 15_000));
      expect(wait).toBeLessThanOrEqual(full);
      expect(wait).toBeGreaterThanOrEqual(full / 2);
    }),
  );
});
