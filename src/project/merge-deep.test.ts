import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, type JsonObject, mergeDeep } from './merge-deep.ts';

const json = fc.letrec<{ value: unknown; object: JsonObject }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer()),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), tie('value'), { maxKeys: 4 }),
})).object;

test('an empty change changes nothing', () => {
  fc.assert(
    fc.property(json, base => {
      expect(mergeDeep(base, {})).toEqual({ ...base });
    }),
  );
});

test('the same change twice is the change once', () => {
  fc.assert(
    fc.property(json, json, (base, change) => {
      const once = mergeDeep(base, change);
      expect(mergeDeep(once, change)).toEqual(once);
    }),
  );
});

test('what the change says holds afterwards, and what it does not say stays', () => {
  const holds = (merged: unknown, base: unknown, change: unknown): boolean => {
    if (!isJsonObject(change)) return Object.is(merged, change) || JSON.stringify(merged) === JSON.stringify(change);
    if (!isJsonObject(merged)) return false;
    const before = isJsonObject(base) ? base : {};
    const said = Object.keys(change).every(key =>
      holds(merged[key], Object.hasOwn(before, key) ? before[key] : undefined, change[key]),
    );
    const kept = Object.keys(before)
      .filter(key => !Object.hasOwn(change, key))
      .every(key => JSON.stringify(merged[key]) === JSON.stringify(before[key]));
    return said && kept;
  };
  fc.assert(fc.property(json, json, (base, change) => holds(mergeDeep(base, change), base, change)));
});

test('neither is altered, and no prototype is', () => {
  fc.assert(
    fc.property(json, json, (base, change) => {
      const [before, after] = [JSON.stringify(base), JSON.stringify(change)];
      mergeDeep(base, change);
      expect([JSON.stringify(base), JSON.stringify(change)]).toEqual([before, after]);
      expect(({} as Record<string, unknown>)['a']).toBeUndefined();
    }),
  );
});
