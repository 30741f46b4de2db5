import { expect, test } from 'vitest';
import { judge } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import type { AffectedPackage, Rating } from '../advisory.ts';
import { ReadTally } from '../read-tally.ts';
import { parseOsvRecord, readOsvRecord } from './parse-record.ts';

type Json = Readonly<Record<string, unknown>>;

/** A record of one entry about `demo`. */
function record(id: string, ecosystem: string, entry: Json = {}, fields: Json = {}): Json {
  return {
    id,
    modified: '2024-05-01T00:00:00Z',
    affected: [{ package: { ecosystem, name: 'demo' }, ranges: [range('0', '2.0.0')], ...entry }],
    ...fields,
  };
}

function range(introduced: string, fixed?: string, type = 'ECOSYSTEM'): Json {
  return { type, events: [{ introduced }, ...(fixed === undefined ? [] : [{ fixed }])] };
}

function read(value: unknown) {
  const tally = new ReadTally();
  const advisory = readOsvRecord(value, tally);
  return { advisory, affected: advisory?.affected ?? [], counts: tally.counts() };
}

function verdict(version: string, affected: AffectedPackage | undefined): string {
  const scheme = affected === undefined ? undefined : schemeFor(affected.ecosystem);
  return affected === undefined || scheme === undefined ? 'no scheme' : judge(version, affected.range, scheme).kind;
}

const words = (ratings: readonly Rating[]) =>
  ratings.map(one => (one.kind === 'word' ? `${one.origin} ${one.severity}` : `${one.origin} ${one.version}`));

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
        versions: ['1.0', '1.1'],
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
          versions: ['1.0', '1.1'],
        },
      },
    ],
  });
  expect(counts).toEqual({ read: 1, kept: 1, skipped: {}, lost: { 'reference that is no link': 1 } });
});

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

const V2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';
const V30 = 'CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N';
const V4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N/E:P';
test.each([
  { id: 'GHSA-1', severity: [{ type: 'CVSS_V4', score: V4 }], want: ['ghsa 4.0'], why: 'CVSS 4' },
  { id: 'GHSA-1', severity: [{ type: 'CVSS_V3', score: V30 }], want: ['ghsa 3.0'], why: 'type 3 holds 3.0 and 3.1' },
  { id: 'CVE-2001-1', severity: [{ type: 'CVSS_V2', score: V2 }], want: ['nvd 2'], why: 'CVSS 2 has no prefix' },
  { id: 'X-1', severity: [{ type: 'CVSS_V3', score: '7.5' }], want: [], why: 'a number is no vector' },
  {
    id: 'UBUNTU-CVE-1',
    severity: [{ type: 'Ubuntu', score: 'negligible' }],
    want: ['ubuntu NEGLIGIBLE'],
    why: 'a word',
  },
  { id: 'UBUNTU-CVE-1', severity: [{ type: 'Ubuntu', score: 'untriaged' }], want: [], why: 'a word that says nothing' },
])('severity of the record: $why', ({ id, severity, want }) => {
  expect(words(read(record(id, 'npm', {}, { severity })).advisory?.ratings ?? [])).toEqual(want);
});

test('severity of an entry belongs to its package alone', () => {
  const { advisory, affected } = read(record('HSEC-1', 'Hackage', { severity: [{ type: 'CVSS_V3', score: V30 }] }));
  expect(advisory?.ratings).toEqual([]);
  expect(words(affected[0]?.ratings ?? [])).toEqual(['haskell 3.0']);
});

test.each([
  { id: 'GHSA-1', at: 'record', word: 'MODERATE', want: 'ghsa MEDIUM', why: 'GitHub’s word' },
  { id: 'BIT-1', at: 'record', word: 'High', want: 'bitnami HIGH', why: 'Bitnami’s' },
  { id: 'OESA-2024-1', at: 'record', word: 'Important', want: 'openeuler HIGH', why: 'openEuler’s' },
  { id: 'GHSA-1', at: 'entry', word: 'CRITICAL', want: 'ghsa CRITICAL', why: 'beside the range' },
])('database_specific.severity of the $at: $why', ({ id, at, word, want }) => {
  const specific = { database_specific: { severity: word } };
  const { advisory, affected } = read(
    record(id, 'npm', at === 'entry' ? specific : {}, at === 'entry' ? {} : specific),
  );
  expect(words([...(advisory?.ratings ?? []), ...(affected[0]?.ratings ?? [])])).toEqual([want]);
});

test.each([
  { specific: { urgency: 'low' }, want: 'debian LOW', why: 'Debian’s urgency' },
  { specific: { urgency: 'unimportant' }, want: 'debian NEGLIGIBLE', why: 'no security impact in what Debian builds' },
  { specific: { urgency: 'medium**' }, want: 'debian MEDIUM', why: 'assessed elsewhere' },
  { specific: { urgency: 'not yet assigned' }, want: undefined, why: 'no rating, so that the next source is asked' },
  { specific: { ubuntu_priority: 'high' }, want: 'ubuntu HIGH', why: 'Ubuntu’s priority' },
])('ecosystem_specific: $why', ({ specific, want }) => {
  const { affected } = read(record('DEBIAN-CVE-1', 'Debian:12', { ecosystem_specific: specific }));
  expect(words(affected[0]?.ratings ?? [])).toEqual(want === undefined ? [] : [want]);
});

test.each([
  { urgency: 'not yet assigned', state: 'unknown', why: 'OSV exports "undetermined" as affected and drops the word' },
  { urgency: 'end-of-life', state: 'end-of-life', why: 'the release is out of support' },
])('an unfixed record of Debian in OSV is $state: $why', ({ urgency, state }) => {
  const open = { ranges: [range('0')], ecosystem_specific: { urgency } };
  expect(read(record('DEBIAN-CVE-1', 'Debian:12', open)).affected[0]?.state).toEqual({ kind: state });
  const fixed = { ecosystem_specific: { urgency } };
  expect(read(record('DEBIAN-CVE-1', 'Debian:12', fixed)).affected[0]).not.toHaveProperty('state');
});

const build = (name: string, fixed: string, ecosystem = 'AlmaLinux:8') => ({
  package: { ecosystem, name },
  ranges: [range('0', fixed)],
});
const erratum = (summary: string, affected: readonly Json[], id = 'ALSA-2023:1') =>
  read({ id, summary, affected, related: ['CVE-2023-0001', 'CVE-2023-0002'] });

test.each([
  { summary: 'Moderate: cockpit security update', want: ['almalinux MEDIUM'], why: 'the first word' },
  { summary: 'ALSA-2022:5468: php:8.0 security update (Important)', want: ['almalinux HIGH'], why: 'one has it last' },
  { summary: 'cockpit security update', want: [], why: 'none' },
  { summary: 'cockpit: security update', want: [], why: 'a colon after something else' },
])('AlmaLinux has its severity in the summary: $why', ({ summary, want }) => {
  expect(words(erratum(summary, [build('demo', '1-1.el8')]).advisory?.ratings ?? [])).toEqual(want);
});

test('an erratum fixes the CVEs that it calls related, and is no alias of them', () => {
  const { advisory } = erratum('Low: demo', [build('demo', '1-1.el8')]);
  expect([advisory?.aliases, advisory?.upstream]).toEqual([[], ['CVE-2023-0001', 'CVE-2023-0002']]);
});

test('a bug fix that names a CVE is a weakness after all', () => {
  expect(erratum('demo bug fix update', [build('demo', '1-1.el8')], 'ALBA-2023:1').advisory?.id).toBe('ALBA-2023:1');
});

const MODULAR = '4.15-7.module_el8.6.0+2741+01592ae8';
test.each([
  { summary: 'Important: squid:4 security update', fixed: MODULAR, modules: ['squid:4'], why: 'the stream' },
  {
    summary: 'Moderate: virt:rhel and virt-devel:rhel security update',
    fixed: MODULAR,
    modules: ['virt:rhel', 'virt-devel:rhel'],
    why: 'of two streams nothing says which build is of which',
  },
  {
    summary: 'Moderate: 389-ds:1.4 security update',
    fixed: MODULAR,
    modules: ['389-ds:1.4'],
    why: 'a name with digits',
  },
  {
    summary: 'Moderate: ruby security update',
    fixed: MODULAR,
    modules: ['ruby:*'],
    why: 'a module of an untold stream',
  },
  {
    summary: 'ALSA-2022:5468: php:8.0 security update (Important)',
    fixed: MODULAR,
    modules: ['php:8.0'],
    why: 'an id is no stream',
  },
  {
    summary: 'Important: pam:1.5.1 security update',
    fixed: '1.5.1-22.el9_5',
    modules: [undefined],
    why: 'a version after a colon, and a plain build',
  },
])('module streams of AlmaLinux, "$summary": $why', ({ summary, fixed, modules }) => {
  const { affected } = erratum(summary, [build('demo', fixed)]);
  expect(affected.map(one => one.module)).toEqual(modules);
});

test.each([
  { ecosystem: 'AlmaLinux:9', kind: 'binary', why: 'lists binaries, against the specification' },
  { ecosystem: 'Rocky Linux:9', kind: 'either', why: 'lists what was built' },
  { ecosystem: 'Red Hat:enterprise_linux:9::baseos', kind: 'either', why: 'binary or source' },
  { ecosystem: 'SUSE:Linux Enterprise Server 15 SP5', kind: 'source', why: 'as specified' },
  { ecosystem: 'Ubuntu:22.04:LTS', kind: 'source', why: 'as specified' },
  { ecosystem: 'Root:Alpine:3.18', kind: 'source', why: 'a rebuild of Alpine' },
  { ecosystem: 'npm', kind: undefined, why: 'languages have one name' },
])('names of $ecosystem are $kind: $why', ({ ecosystem, kind }) => {
  const [one] = read(record('X-1', ecosystem)).affected;
  expect([one?.ecosystem, one?.nameKind]).toEqual([ecosystem, kind]);
});

test('a package listed with several rebuilds is fixed by the lowest', () => {
  const { affected } = erratum('Moderate: container-tools:rhel8 security update', [
    build('crit', '3.15-3.module_el8.6.0+3137+d33c3efb'),
    build('crit', '3.15-3.module_el8.6.0+2877+8e437bf5'),
    build('crit', '3.15-3.module_el8.6.0+3137+d33c3efb', 'AlmaLinux:9'),
  ]);
  expect(affected.map(one => [one.ecosystem, one.range.ranges[0]?.[1]?.version])).toEqual([
    ['AlmaLinux:8', '3.15-3.module_el8.6.0+2877+8e437bf5'],
    ['AlmaLinux:9', '3.15-3.module_el8.6.0+3137+d33c3efb'],
  ]);
});

test.each([
  {
    binaries: [{ binary_name: 'perl-base', binary_version: '5.34.0-3ubuntu1.3' }],
    own: [],
    why: 'binaries of the source’s version add nothing',
  },
  {
    binaries: [{ 'perl-base': '5.34.0-3ubuntu1.3', 'perl-errno': '1.30-3ubuntu1' }],
    own: [['perl-errno', '1.30-3ubuntu1']],
    why: 'a binary with a version of its own is held against that',
  },
  { binaries: [{ binary_name: 'perl-base' }, 7, null], own: [], why: 'binaries without a version' },
])('binary packages of Ubuntu and SUSE: $why', ({ binaries, own }) => {
  const { affected } = read(
    record('UBUNTU-CVE-1', 'Ubuntu:22.04:LTS', {
      ranges: [range('0', '5.34.0-3ubuntu1.3')],
      ecosystem_specific: { binaries },
    }),
  );
  expect(affected[0]?.nameKind).toBe('source');
  expect(affected.slice(1).map(one => [one.name, one.range.ranges[0]?.[1]?.version])).toEqual(own);
  expect(affected.slice(1).every(one => one.nameKind === 'binary')).toBe(true);
});

test('Rocky says which repository a build is in, Red Hat which module', () => {
  const rocky = { ranges: [{ ...range('0', '1-1.el9'), database_specific: { yum_repository: 'AppStream' } }] };
  expect(read(record('RLSA-2023:1', 'Rocky Linux:9', rocky)).affected[0]?.repository).toBe('AppStream');
  const purl = 'pkg:rpm/redhat/demo?arch=src&rpmmod=nodejs:18:8080020231012';
  const redhat = { package: { ecosystem: 'Red Hat:enterprise_linux:8::appstream', name: 'demo', purl } };
  expect(read(record('RHSA-2023:1', '', redhat)).affected[0]?.module).toBe('nodejs:18');
});

test('Go imports become symbols by path; an import without symbols is affected as a whole', () => {
  const imports = [
    { path: 'crypto/x509', symbols: ['Verify', 'Verify', 'Parse'], goos: ['windows'] },
    { path: 'net/http', goos: ['windows', 'darwin'] },
  ];
  const [one] = read(record('GO-1', 'Go', { ecosystem_specific: { imports } })).affected;
  expect(one?.symbols).toEqual({ 'crypto/x509': ['Verify', 'Parse'], 'net/http': [] });
  expect(one?.operatingSystems).toEqual(['windows', 'darwin']);
});

test('systems limit an entry only when every import has some', () => {
  const imports = [{ path: 'a', goos: ['windows'] }, { path: 'b' }];
  expect(read(record('GO-1', 'Go', { ecosystem_specific: { imports } })).affected[0]).not.toHaveProperty(
    'operatingSystems',
  );
  const affects = { os: ['macos', 'windows'], arch: ['x86'], functions: ['demo::f'] };
  const [rust] = read(record('RUSTSEC-1', 'crates.io', { ecosystem_specific: { affects } })).affected;
  expect([rust?.operatingSystems, rust?.arches, rust?.symbols]).toEqual([['darwin', 'windows'], ['x86'], undefined]);
});

test('a Go module whose releases are no versions of Go has a fix that cannot be told', () => {
  const entry = {
    ranges: [range('0', undefined, 'SEMVER')],
    ecosystem_specific: { custom_ranges: [range('2.0.0', '2.9.12')] },
  };
  expect(read(record('GO-1', 'Go', entry)).affected[0]?.state).toEqual({ kind: 'unknown' });
});

test('an npm name in capitals is stored in small letters too: GHSA-8hc4-vh64-cxmj says "Axios"', () => {
  const named = (ecosystem: string) => read(record('GHSA-1', '', { package: { ecosystem, name: 'Axios' } })).affected;
  expect(named('npm').map(one => one.name)).toEqual(['Axios', 'axios']);
  expect(named('Maven').map(one => one.name)).toEqual(['Axios']);
});

test('a record that means to fill the disk is cut, and says so', () => {
  const versions = Array.from({ length: 60_000 }, (_, at) => `1.${at}`);
  const { affected, counts } = read(
    record('X-1', 'npm', { versions }, { details: 'x'.repeat(200_000), aliases: versions }),
  );
  expect(affected[0]?.range.versions).toHaveLength(50_000);
  expect(counts.lost).toEqual({ 'listed version beyond the limit': 10_000 });
});
