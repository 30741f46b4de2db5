import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseOsvRecord } from './parse-record.ts';
import { range, read, record, verdict, words } from './testing/osv-record.ts';

test('a whole record: every field arrives as the contract has it', () => {
  const { advisory, counts } = read({
    schema_version: '1.7.3',
    id: 'GHSA-aaaa-bbbb-cccc',
    published: '2024-01-02T03:04:05Z',
    modified: '2024-05-01T00:00:00Z',
    aliases: ['CVE-2024-1', 'GHSA-aaaa-bbbb-cccc', 'CVE-2024-1'],
    upstream: ['CVE-2024-0009'],
    related: ['CGA-zzzz'],
    summary: 'Demo reads too much\nand more',
    details: '### Impact\nBad.',
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' }],
    references: [
      { type: 'FIX', url: 'https://example.org/fix' },
      { type: 'NEW_TYPE', url: 'https://example.org/new' },
      { type: 'WEB', url: 'javascript:alert(1)' },
    ],
    affected: [
      {
        package: { ecosystem: 'PyPI', name: 'Demo_Package', purl: 'pkg:pypi/demo-package' },
        ranges: [range('1.0', '1.2')],
        // What the range covers is not kept twice.
        versions: ['1.0', '1.1', '2012-beta'],
      },
    ],
    database_specific: { severity: 'HIGH', cwe_ids: ['CWE-125', 'bad'] },
    something_new: { nobody: 'knows' },
  });
  expect(advisory).toEqual({
    id: 'GHSA-aaaa-bbbb-cccc',
    source: 'osv',
    kind: 'weakness',
    aliases: ['CVE-2024-1'],
    upstream: ['CVE-2024-0009'],
    title: 'Demo reads too much',
    details: '### Impact\nBad.',
    published: '2024-01-02T03:04:05Z',
    modified: '2024-05-01T00:00:00Z',
    ratings: [
      { kind: 'word', severity: 'HIGH', origin: 'ghsa' },
      { kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', origin: 'ghsa' },
    ],
    references: [
      { type: 'FIX', url: 'https://example.org/fix' },
      { type: 'WEB', url: 'https://example.org/new' },
    ],
    cwes: ['CWE-125'],
    affected: [
      {
        ecosystem: 'PyPI',
        name: 'demo-package',
        range: {
          ranges: [
            [
              { kind: 'introduced', version: '1.0' },
              { kind: 'fixed', version: '1.2' },
            ],
          ],
          versions: ['2012-beta'],
        },
      },
    ],
  });
  expect(counts).toEqual({ read: 1, kept: 1, skipped: {}, lost: { 'reference that is no link': 1 } });
});

test.each([
  { value: [1], reason: 'record that is no object', why: 'a list' },
  { value: { affected: [] }, reason: 'record without an id', why: 'nothing to call it by' },
  { value: { id: 'two words', affected: [] }, reason: 'record without an id', why: 'an id with a space' },
  { value: { id: 'X-1' }, reason: 'record that names no package', why: 'nothing is affected' },
  { value: record('X-1', ''), reason: 'record that names no package', why: 'a package of no ecosystem' },
  {
    value: record('CVE-2020-1', '', { package: undefined }),
    reason: 'record that names no package',
    why: 'commits of a C program',
  },
  {
    value: { ...record('X-1', 'npm'), schema_version: '2.0.0' },
    reason: 'record of an unknown schema',
    why: 'the future',
  },
  {
    value: { ...record('X-1', 'npm'), withdrawn: 'yes', modified: 'no' },
    reason: 'record withdrawn at no readable time',
    why: 'it must not come back to life',
  },
  {
    value: record('ALBA-2021:1', 'AlmaLinux:8', {}, { related: ['RHBA-2021:1'] }),
    reason: 'bug fix or enhancement that names no weakness',
    why: 'an update of no CVE is no weakness',
  },
  {
    value: record('USN-5614-1', 'Ubuntu:22.04:LTS', {}, { upstream: ['UBUNTU-CVE-2021-3782'] }),
    reason: 'notice of what other records tell by CVE',
    why: 'Ubuntu has a record for each CVE, with priority and unfixed releases',
  },
])('skipped and counted: $why', ({ value, reason }) => {
  const { advisory, counts } = read(value);
  expect(advisory).toBeUndefined();
  expect([counts.read, counts.kept, counts.skipped]).toEqual([1, 0, { [reason]: 1 }]);
});

test('text that is no JSON is one record skipped; a byte order mark is not in the way', () => {
  const tally = new ReadTally();
  expect(parseOsvRecord(Buffer.from('{"id":'), tally)).toBeUndefined();
  expect(parseOsvRecord(`\ufeff${JSON.stringify(record('X-1', 'npm'))}`, tally)?.id).toBe('X-1');
  expect(tally.counts()).toMatchObject({ read: 2, kept: 1, skipped: { 'not JSON': 1 } });
});

test.each([
  { schema_version: null, why: 'RustSec writes null' },
  { schema_version: undefined, why: 'AlmaLinux writes nothing' },
  { schema_version: '1.3.1', why: 'Go is years behind' },
])('the version of the schema may be $schema_version: $why', ({ schema_version }) => {
  expect(read({ ...record('X-1', 'npm'), schema_version }).advisory?.id).toBe('X-1');
});

test('a withdrawn record is kept and says so, also when it names no package any more', () => {
  expect(read({ id: 'GO-1', withdrawn: '2024-04-17T18:06:23Z' }).advisory?.withdrawn).toBe('2024-04-17T18:06:23Z');
  expect(read(record('X-1', 'npm', {}, { withdrawn: 'once' })).advisory?.withdrawn).toBe('2024-05-01T00:00:00Z');
});

test('a date that stands for "none" is none', () => {
  expect(read(record('X-1', 'npm', {}, { published: '0001-01-01T00:00:00Z' })).advisory).not.toHaveProperty(
    'published',
  );
});

test.each([
  { of: record('MAL-2025-1', 'npm', { ranges: [], versions: ['1.0.1'] }), hit: '1.0.1', miss: '1.0.2', why: 'a list' },
  { of: record('MAL-2025-1', 'npm', { ranges: [range('0')] }), hit: '9.9.9', miss: undefined, why: 'every version' },
  { of: record('MAL-2025-1', 'npm', { ranges: [] }), hit: '1.0.0', miss: undefined, why: 'nothing said is everything' },
])('malicious packages are critical whatever else is said: $why', ({ of, hit, miss }) => {
  const { advisory, affected } = read({ ...of, database_specific: { severity: 'LOW' } });
  expect(advisory?.kind).toBe('malware');
  expect(words(advisory?.ratings ?? [])).toEqual(['ossf CRITICAL']);
  expect(verdict(hit, affected[0])).toBe('affected');
  if (miss !== undefined) expect(verdict(miss, affected[0])).toBe('not-affected');
});

test.each([
  { word: 'unmaintained', kind: 'notice', why: 'nobody looks after it: no weakness' },
  { word: 'unsound', kind: 'notice', why: 'only a caller can make it one' },
  { word: null, kind: 'weakness', why: 'RustSec writes null for everything else' },
])('RustSec, informational $word is a $kind: $why', ({ word, kind }) => {
  const entry = { database_specific: { informational: word } };
  expect(read(record('RUSTSEC-2020-1', 'crates.io', entry)).advisory?.kind).toBe(kind);
});
