import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

test('whatever is taken when, no more passes than the rate allows after the first second’s worth', () => {
  const takes = fc.array(
    fc.record({ bytes: fc.integer({ min: 0, max: 200_000 }), pauseMs: fc.integer({ min: 0, max: 500 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 16_384, max: 1_000_000 }), takes, (rate, all) => {
      let now = 0;
      const bucket = new TokenBucket(() => now);
      bucket.setRate(rate);
      let passed = 0;
      for (const { bytes, pauseMs } of all) {
        now += bucket.take(bytes) + pauseMs;
        passed += bytes;
        // After the wait, what has passed is covered by what the time has brought.
        expect(passed).toBeLessThanOrEqual(rate + (now / 1000) * rate + 1);
      }
    }),
  );
});

test('without a rate nobody waits', () => {
  const bucket = new TokenBucket();
  expect(bucket.take(1e12)).toBe(0);
  bucket.setRate(1000);
  expect(bucket.take(2000)).toBeGreaterThan(0);
  bucket.setRate(undefined);
  expect(bucket.take(1e12)).toBe(0);
});
