import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordCache } from './record-cache.ts';

test('what was set is found, until enough else came', () => {
  const cache = new RecordCache<string, string>(10);
  cache.set('a', '1');
  expect(cache.get('a')).toBe('1');
  for (let at = 0; at < 20; at += 1) cache.set(`${at}`, 'x');
  expect(cache.get('a')).toBeUndefined();
});

test('what is asked for stays', () => {
  const cache = new RecordCache<string, string>(10);
  cache.set('a', '1');
  for (let at = 0; at < 50; at += 1) {
    cache.set(`${at}`, 'x');
    expect(cache.get('a')).toBe('1');
  }
});

test('never more is kept than allowed, and never anything else than was set', () => {
  const weights = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 5 })), { maxLength: 60 });
  fc.assert(
    fc.property(weights, steps => {
      const cache = new RecordCache<number, { weight: number }>(20, value => value.weight);
      const last = new Map<number, { weight: number }>();
      for (const [key, weight] of steps) {
        const value = { weight };
        cache.set(key, value);
        last.set(key, value);
        const kept = [...last].flatMap(([one, known]) => (cache.get(one) === undefined ? [] : [known]));
        for (const [one, known] of last) expect([undefined, known]).toContain(cache.get(one));
        expect(kept.reduce((sum, one) => sum + one.weight, 0)).toBeLessThanOrEqual(25);
      }
    }),
  );
});
