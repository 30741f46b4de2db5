import { expect, test } from 'vitest';
import { range, read, record, verdict } from './testing/osv-record.ts';

test.each([
  {
    ranges: [{ type: 'SEMVER', events: [{ fixed: '1.2.0' }, { introduced: '2.0.0' }, { introduced: '0' }] }],
    affected: ['1.1.0', '2.1.0'],
    fine: ['1.2.0', '1.9.0'],
    why: 'events come unsorted',
  },
  {
    ranges: [
      {
        type: 'SEMVER',
        events: [{ introduced: '1.0.0' }, { fixed: '1.4.0' }, { introduced: '2.0.0' }, { fixed: '2.1.0' }],
      },
    ],
    affected: ['1.3.9', '2.0.0'],
    fine: ['0.9.0', '1.4.0', '2.1.0'],
    why: 'one range for several branches',
  },
  {
    ranges: [{ type: 'SEMVER', events: [{ introduced: '0', fixed: '1.5.0' }] }],
    affected: ['1.4.0'],
    fine: ['1.5.0'],
    why: 'records of before 2021 have both ends in one event',
  },
  {
    ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { last_affected: '1.5.0' }] }],
    affected: ['1.5.0'],
    fine: ['1.5.1'],
    why: 'the last affected version is affected',
  },
  {
    ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { last_affected: '1.5.0' }, { fixed: '1.7.0' }] }],
    affected: ['1.6.0'],
    fine: ['1.7.0'],
    why: 'of both ends the fix is believed',
  },
  {
    ranges: [{ type: 'SEMVER', events: [{ fixed: '1.5.0' }] }],
    affected: ['0.1.0'],
    fine: ['1.5.0'],
    why: 'a range without a beginning begins before everything',
  },
  {
    ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { limit: '3.0.0' }] }],
    affected: ['2.9.0'],
    fine: ['3.0.0'],
    why: 'a limit ends the range',
  },
])('ranges of npm: $why', ({ ranges, affected, fine }) => {
  const [one] = read(record('GHSA-1', 'npm', { ranges })).affected;
  expect(affected.map(version => verdict(version, one))).toEqual(affected.map(() => 'affected'));
  expect(fine.map(version => verdict(version, one))).toEqual(fine.map(() => 'not-affected'));
});

test.each([
  { text: '<= 1.2.3', at: '1.2.3', above: '1.2.4', why: 'the bound itself is affected' },
  { text: '< 1.2.3', at: '1.2.2', above: '1.2.3', why: 'the bound itself is not, and is no fix' },
  { text: '= 1.2.3', at: '1.2.3', above: '1.2.4', why: 'one version' },
])('a flaw without a fix ends where GitHub knows it to end, "$text": $why', ({ text, at, above }) => {
  const { affected } = read(
    record('GHSA-1', 'npm', {
      ranges: [range('0', undefined, 'SEMVER')],
      database_specific: { last_known_affected_version_range: text },
    }),
  );
  expect(verdict(at, affected[0])).toBe('affected');
  expect(verdict(above, affected[0])).toBe('not-affected');
  expect(JSON.stringify(affected)).not.toContain('fixed');
});

test('a last known version is ignored where the range has an end of its own', () => {
  const entry = { database_specific: { last_known_affected_version_range: '<= 1.9.9' } };
  expect(read(record('GHSA-1', 'npm', entry)).affected[0]?.range.ranges[0]).toHaveLength(2);
});

test('what such a text says that we cannot read is counted, and the range stays open', () => {
  const entry = { ranges: [range('0')], database_specific: { last_known_affected_version_range: '< 2 or so' } };
  const { affected, counts } = read(record('GHSA-1', 'npm', entry));
  expect(verdict('99.0.0', affected[0])).toBe('affected');
  expect(counts.lost).toEqual({ 'last known affected range that cannot be read': 1 });
});

test('ranges of commits are left out; with nothing else nobody knows what is affected', () => {
  const git = { type: 'GIT', repo: 'https://example.org', events: [{ introduced: '0' }] };
  const { affected, counts } = read(record('PYSEC-1', 'PyPI', { ranges: [git] }));
  expect(verdict('1.0', affected[0])).toBe('undetermined');
  expect(counts.lost).toEqual({ 'range of commits': 1 });
  const listed = read(record('PYSEC-1', 'PyPI', { ranges: [git], versions: ['1.0'] })).affected[0];
  expect([verdict('1.0', listed), verdict('1.1', listed)]).toEqual(['affected', 'not-affected']);
});

test('a record that means to fill the disk is cut, and says so', () => {
  const versions = Array.from({ length: 60_000 }, (_, at) => `1.${at}`);
  const { affected, counts } = read(
    record('X-1', 'npm', { versions, ranges: [] }, { details: 'x'.repeat(200_000), aliases: versions }),
  );
  expect(affected[0]?.range.versions).toHaveLength(50_000);
  expect(counts.lost).toEqual({ 'listed version beyond the limit': 10_000 });
});
