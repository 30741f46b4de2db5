import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PackageRuns } from './package-runs.ts';

test('however little room there is, every package comes once, in order, with its entries in the order in which they came', () => {
  const entry = fc.tuple(
    fc.constantFrom('npm', 'Debian:12', ''),
    fc.constantFrom('a', 'b', 'é', '__proto__'),
    fc.nat(9),
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 60 }), fc.integer({ min: 1, max: 2000 }), (entries, room) => {
      using database = new DatabaseSync(':memory:');
      const runs = new PackageRuns(database, 7, room);
      const model = new Map<string, string[]>();
      for (const [ecosystem, name, number] of entries) {
        runs.add(ecosystem, name, `[${number}]`);
        const key = JSON.stringify([ecosystem, name]);
        model.set(key, [...(model.get(key) ?? []), `[${number}]`]);
      }
      const found = [...runs.drain()];
      expect(found.map(({ ecosystem, name }) => [ecosystem, name])).toEqual(
        [...model.keys()]
          .map(key => JSON.parse(key) as [string, string])
          .sort(([a, b], [c, d]) => (a < c || (a === c && b < d) ? -1 : 1)),
      );
      for (const { ecosystem, name, records, text } of found) {
        const wanted = model.get(JSON.stringify([ecosystem, name])) ?? [];
        expect([records, text]).toEqual([wanted.length, wanted.join(',')]);
      }
      // The table is for the work only.
      expect(database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()).toEqual({ count: 0 });
    }),
  );
});

test('what is dropped leaves nothing behind', () => {
  using database = new DatabaseSync(':memory:');
  const runs = new PackageRuns(database, 1, 1);
  runs.add('npm', 'a', '[1]');
  runs.add('npm', 'b', '[2]');
  runs.drop();
  expect(database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()).toEqual({ count: 0 });
});
