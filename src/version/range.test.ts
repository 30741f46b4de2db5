import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deb } from './deb.ts';
import { pep440 } from './pep440.ts';
import {
  type AffectedRange,
  fixesFor,
  judge,
  judgePrepared,
  prepareRange,
  type RangeEvent,
  readInstalled,
  type Verdict,
} from './range.ts';
import { rpm } from './rpm.ts';
import type { VersionScheme } from './scheme.ts';
import { semver } from './semver.ts';

/** `introduced 0, fixed 1.2` as events. */
function events(text: string): RangeEvent[] {
  return text
    .split(', ')
    .filter(part => part !== '')
    .map(part => {
      const [kind = '', version = ''] = part.split(' ');
      return { kind: kind as RangeEvent['kind'], version };
    });
}

function verdict(
  installed: string,
  ranges: readonly string[],
  scheme: VersionScheme,
  versions?: readonly string[],
): string {
  return judge(installed, { ranges: ranges.map(events), ...(versions && { versions }) }, scheme).kind;
}

describe('one range', () => {
  test.each([
    ['introduced 0, fixed 1.2.0', '1.1.9', 'affected', 'below the fix'],
    ['introduced 0, fixed 1.2.0', '1.2.0', 'not-affected', 'the fix itself'],
    ['introduced 0, fixed 1.2.0', '0.0.0-alpha', 'affected', '0 is before all versions, pre-releases too'],
    ['introduced 1.0.0, fixed 1.2.0', '0.9.0', 'not-affected', 'before the bug came'],
    ['introduced 1.0.0, fixed 1.2.0', '1.0.0', 'affected', 'the version that brought it'],
    ['introduced 1.0.0, last-affected 1.2.0', '1.2.0', 'affected', 'the last affected one is affected'],
    ['introduced 1.0.0, last-affected 1.2.0', '1.2.1', 'not-affected', 'the one after is not'],
    ['introduced 1.0.0, last-affected 1.0.0', '1.0.0', 'affected', 'a range of one version'],
    ['introduced 1.0.0, last-affected 1.0.0', '1.0.1', 'not-affected', 'and no more'],
    ['last-affected 1.0.0, introduced 1.0.0', '1.0.1', 'not-affected', 'also when written backwards'],
    ['introduced 1.0.0', '99.0.0', 'affected', 'no end'],
    ['introduced 0', '99.0.0', 'affected', 'no bounds at all'],
    ['fixed 1.2.0, introduced 1.0.0', '1.1.0', 'affected', 'events come in any order'],
    ['introduced 2.0.0, fixed 2.3.0, introduced 1.0.0, fixed 1.5.0', '1.4.0', 'affected', 'two branches, the first'],
    ['introduced 2.0.0, fixed 2.3.0, introduced 1.0.0, fixed 1.5.0', '1.6.0', 'not-affected', 'between them'],
    ['introduced 2.0.0, fixed 2.3.0, introduced 1.0.0, fixed 1.5.0', '2.0.0', 'affected', 'the second'],
    ['introduced 2.0.0, fixed 2.3.0, introduced 1.0.0, fixed 1.5.0', '2.3.0', 'not-affected', 'after both'],
    ['introduced 0, fixed 1.0.0, introduced 1.0.0, fixed 2.0.0', '1.0.0', 'affected', 'ranges that touch'],
    ['introduced 1.0.0, fixed 1.0.0', '1.0.0', 'not-affected', 'an empty range'],
    ['introduced 1.0.0, fixed 1.0.0', '1.0.1', 'not-affected', 'stays empty'],
    ['introduced 0, fixed 0', '1.0.0', 'not-affected', 'never affected, as Alpine and Debian say it'],
    ['fixed 0, introduced 0', '1.0.0', 'not-affected', 'in any order'],
    ['introduced 0, introduced 1.0.0, fixed 1.2.0', '0.5.0', 'affected', 'a second beginning changes nothing'],
    ['introduced 0, last-affected 1.1.0, fixed 1.2.0', '1.1.5', 'affected', 'both ends: the fix knows better'],
    ['introduced 0, fixed 1.2.0, last-affected 1.3.0', '1.2.5', 'not-affected', 'in this order too'],
    [
      'introduced 0, last-affected 1.1.0, introduced 2.0.0, fixed 2.1.0',
      '1.5.0',
      'not-affected',
      'each beginning has its own end',
    ],
    ['introduced 0, limit 2.0.0', '1.9.0', 'affected', 'below the limit'],
    ['introduced 0, limit 2.0.0', '2.0.0', 'not-affected', 'at the limit'],
    ['introduced 0, limit 2.0.0, limit 3.0.0', '2.5.0', 'affected', 'below one limit of two is enough'],
    ['introduced 0, limit *', '99.0.0', 'affected', 'a star is no limit'],
    ['introduced 0, fixed 1.2.0, limit 1.0.0', '1.1.0', 'not-affected', 'a limit below the fix'],
    ['fixed 1.2.0', '1.1.0', 'affected', 'without a beginning it begins at 0'],
  ])('%s: %s is %s: %s', (range, installed, expected) => {
    expect(verdict(installed, [range], semver)).toBe(expected);
  });
});

describe('ranges and lists together', () => {
  const cases: readonly (readonly [string[], string[] | undefined, string, Verdict['kind'], string])[] = [
    [
      ['introduced 1.0.0, fixed 1.1.0', 'introduced 2.0.0, fixed 2.1.0'],
      undefined,
      '2.0.5',
      'affected',
      'any range will do',
    ],
    [['introduced 1.0.0, fixed 1.1.0'], ['1.5.0'], '1.5.0', 'affected', 'or the list'],
    [['introduced 1.0.0, fixed 1.1.0'], ['1.5.0'], '1.6.0', 'not-affected', 'neither'],
    [[], ['v1.5.0+b'], '1.5.0', 'affected', 'a list compares by order'],
    [[], ['weird'], 'weird', 'affected', 'and by text, where there is no order'],
    [[], ['1.0.0', '3.0.0', '2.0.0'], '2.0.0', 'affected', 'in any order'],
    [[], ['1.0.0', '3.0.0', '2.0.0'], '2.0.1', 'not-affected', 'nothing between'],
    [[], ['1.0.0'], 'weird', 'undetermined', 'an unreadable version may be any of the list'],
    [[], undefined, '1.0.0', 'undetermined', 'an advisory that names nothing says nothing'],
    [[''], [], '1.0.0', 'undetermined', 'neither does an empty range'],
  ];

  test.each(cases)('%j and %j: %s is %s: %s', (ranges, versions, installed, expected) => {
    expect(verdict(installed, ranges, semver, versions)).toBe(expected);
  });
});

describe('what cannot be read', () => {
  test('an unreadable installed version is undetermined and says so', () => {
    const range = { ranges: [events('introduced 0, fixed 1.2.0')] };
    expect(judge('(devel)', range, semver)).toEqual({
      kind: 'undetermined',
      why: 'semver cannot read version "(devel)"',
    });
  });

  test('an unreadable bound is undetermined and says so', () => {
    const range = { ranges: [events('introduced 0, fixed someday')] };
    expect(judge('1.0.0', range, semver)).toEqual({
      kind: 'undetermined',
      why: 'semver cannot read bound "someday" of the affected range',
    });
  });

  const cases: readonly (readonly [string[], string, Verdict['kind'], string])[] = [
    [['introduced 0'], '(devel)', 'affected', 'every version is affected, so this one is'],
    [['introduced 0, fixed 0'], '(devel)', 'not-affected', 'none is, so this one is not'],
    [['introduced 0, fixed x', 'introduced 1.0.0, fixed 2.0.0'], '1.5.0', 'affected', 'another range decides'],
    [['introduced 0, fixed x', 'introduced 1.0.0, fixed 2.0.0'], '3.0.0', 'undetermined', 'none decides'],
  ];

  test.each(cases)('%j: %s is %s: %s', (ranges, installed, expected) => {
    expect(verdict(installed, ranges, semver)).toBe(expected);
  });
});

describe('parts that a bound leaves out', () => {
  const cases: readonly (readonly [VersionScheme, string, string, Verdict['kind'], string])[] = [
    [rpm, 'introduced 0, last-affected 1.0', '1.0-5.el9', 'affected', 'a bound without release means every build'],
    [rpm, 'introduced 0, fixed 1.0', '1.0-5.el9', 'not-affected', 'also as a fix'],
    [rpm, 'introduced 0, fixed 1.0-6.el9', '1.0-5.el9', 'affected', 'with a release the release counts'],
    [pep440, 'introduced 0, last-affected 2.1.0', '2.1.0+cu118', 'affected', 'a local build is the version it builds'],
    [pep440, 'introduced 0, fixed 2.1.0', '2.1.0+cu118', 'not-affected', 'with its fixes'],
    [pep440, 'introduced 0, fixed 2.1.0+cu118', '2.1.0', 'affected', 'unless the label itself is the fix'],
    [deb, 'introduced 0, last-affected 1.0', '1.0-1', 'not-affected', 'Debian leaves nothing out'],
  ];

  test.each(cases)('$0.id: $1: $2 is $3: $4', (scheme, range, installed, expected) => {
    expect(verdict(installed, [range], scheme)).toBe(expected);
  });

  test('a listed version includes its local builds', () => {
    expect(verdict('2.1.0+cu118', [], pep440, ['2.0', '2.1.0', '2.1.0+cpu'])).toBe('affected');
    expect(verdict('2.1.0', [], pep440, ['2.1.0+cpu'])).toBe('not-affected');
  });
});

test('the fixes for an installed version are those of the ranges it lies in, lowest first', () => {
  const range = prepareRange(
    {
      ranges: [
        events('introduced 2.0.0, fixed 2.3.0, introduced 0, fixed 1.5.0'),
        events('introduced 0, fixed 1.4.0'),
        events('introduced 0, last-affected 9.0.0'),
      ],
    },
    semver,
  );
  expect(fixesFor(readInstalled('1.0.0', semver), range)).toEqual(['1.4.0', '1.5.0']);
  expect(fixesFor(readInstalled('2.1.0', semver), range)).toEqual(['2.3.0']);
  expect(fixesFor(readInstalled('1.7.0', semver), range)).toEqual([]);
  expect(fixesFor(readInstalled('weird', semver), range)).toEqual([]);
});

const versionText = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map(numbers => numbers.join('.'));
const eventList = fc.array(
  fc.record({ kind: fc.constantFrom('introduced', 'fixed', 'last-affected', 'limit'), version: versionText }),
  { maxLength: 6 },
);
const anyRange: fc.Arbitrary<AffectedRange> = fc.record({
  ranges: fc.array(eventList, { maxLength: 3 }),
  versions: fc.array(versionText, { maxLength: 4 }),
});

test('the order of ranges, and of events with different versions, does not matter', () => {
  fc.assert(
    fc.property(anyRange, versionText, ({ ranges, versions = [] }, installed) => {
      const distinct = ranges.map(list =>
        list.filter((event, at) => list.findIndex(e => e.version === event.version) === at),
      );
      const turned = distinct.map(list => list.toReversed()).toReversed();
      expect(judge(installed, { ranges: turned, versions: versions.toReversed() }, semver)).toEqual(
        judge(installed, { ranges: distinct, versions }, semver),
      );
    }),
  );
});

test('one more range or listed version never makes a version less affected', () => {
  fc.assert(
    fc.property(anyRange, eventList, versionText, versionText, ({ ranges, versions = [] }, more, listed, installed) => {
      fc.pre(judge(installed, { ranges, versions }, semver).kind === 'affected');
      const wider = { ranges: [...ranges, more], versions: [...versions, listed] };
      expect(judge(installed, wider, semver).kind).toBe('affected');
    }),
  );
});

test('no text in a range or an installed version makes judging throw, and a prepared range answers the same', () => {
  const text = fc.oneof(versionText, fc.string({ maxLength: 8 }), fc.constantFrom('0', '*', ''));
  const list = fc.array(
    fc.record({ kind: fc.constantFrom('introduced', 'fixed', 'last-affected', 'limit'), version: text }),
    { maxLength: 5 },
  );
  const range: fc.Arbitrary<AffectedRange> = fc.record({
    ranges: fc.array(list, { maxLength: 3 }),
    versions: fc.array(text),
  });
  fc.assert(
    fc.property(
      range,
      text,
      fc.constantFrom<VersionScheme>(semver, deb, pep440, rpm),
      (affected, installed, scheme) => {
        const prepared = prepareRange(affected, scheme);
        expect(judgePrepared(readInstalled(installed, scheme), prepared)).toEqual(judge(installed, affected, scheme));
      },
    ),
  );
});
