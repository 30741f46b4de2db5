import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutPlaced } from './placed-versions.ts';
import { type AffectedRange, judge } from './range.ts';
import { schemeFor } from './schemes.ts';

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  PyPI: ['1.0', '1.0.0', '1.0+cu118', '1.0+cu2', '1.1rc1', '1.1', '2', '2.0.post1', '1!0', 'r2019-final'],
  Maven: ['1', '1.0', '1-SNAPSHOT', '1.0-alpha-1', '1.1', '2', '2-redhat-1', 'x y'],
  Debian: ['1', '0:1', '1-1', '1-1+deb12u1', '1.1~rc1-1', '2:0', 'not a version'],
  AlmaLinux: ['1-1', '0:1-1', '1-1.el9', '1:0-1', '1', '2-1'],
  npm: ['1.0.0', '1.0.0-rc.1', '1.0.0+build', '1.1.0', '2.0.0', 'latest'],
  RubyGems: ['1', '1.0', '1.0.a', '1.1', '2', 'x y'],
};

describe.each(Object.entries(TEXTS))('%s', (ecosystem, texts) => {
  const scheme = schemeFor(ecosystem);
  const version = fc.constantFrom(...texts);
  const event = fc.record({
    kind: fc.constantFrom('introduced' as const, 'fixed' as const, 'last-affected' as const, 'limit' as const),
    version: fc.oneof(version, fc.constantFrom('0', '*')),
  });
  const range: fc.Arbitrary<AffectedRange> = fc.record({
    ranges: fc.array(fc.array(event, { maxLength: 4 }), { maxLength: 2 }),
    versions: fc.uniqueArray(version, { minLength: 1 }),
  });

  test('a list without what the ranges cover gives the same verdicts', () => {
    if (scheme === undefined) throw new Error(`no order of versions for ${ecosystem}`);
    fc.assert(
      fc.property(range, version, (given, installed) => {
        expect(judge(installed, withoutPlaced(given, scheme), scheme)).toEqual(judge(installed, given, scheme));
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  { versions: ['1.0', '1.5'], left: undefined, why: 'the range covers all' },
  { versions: ['1.0', '3.0'], left: ['3.0'], why: 'one is beyond the fix' },
  { versions: ['1.0', 'r2019'], left: ['r2019'], why: 'a text that is no version is compared as text' },
])('of $versions below 2.0 there is left $left: $why', ({ versions, left }) => {
  const events = [
    { kind: 'introduced' as const, version: '0' },
    { kind: 'fixed' as const, version: '2.0' },
  ];
  const scheme = schemeFor('PyPI');
  if (scheme === undefined) throw new Error('no order of versions for PyPI');
  expect(withoutPlaced({ ranges: [events], versions }, scheme).versions).toEqual(left);
});
