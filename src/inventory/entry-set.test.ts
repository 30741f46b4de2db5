import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntrySet, EntrySetBuilder, pathHash } from './entry-set.ts';

const paths = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 200 });

test('a set has what was added, before and after it was stored', () => {
  fc.assert(
    fc.property(paths, fc.string({ maxLength: 40 }), (added, other) => {
      const builder = new EntrySetBuilder();
      for (const path of added) builder.add(path);
      for (const set of [builder.build(), EntrySet.fromBase64(builder.build().toBase64())]) {
        expect(set.size).toBe(added.length);
        expect(added.every(path => set.has(pathHash(path)))).toBe(true);
        expect(set.has(pathHash(other))).toBe(added.includes(other));
      }
    }),
  );
});

test('half a million paths of a kind have no hash in common', () => {
  const hashes = new Set<number>();
  for (let at = 0; at < 500_000; at++) hashes.add(pathHash(`usr/share/doc/package-${at % 700}/file-${at}.html`));
  expect(hashes.size).toBe(500_000);
});
