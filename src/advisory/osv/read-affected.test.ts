import { expect, test } from 'vitest';
import { type Json, range, read, record, words } from './testing/osv-record.ts';

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

test('a distribution’s page of a CVE goes by that CVE too', () => {
  const { advisory } = read(record('UBUNTU-CVE-2021-3782', 'Ubuntu:22.04:LTS', {}, { upstream: ['CVE-2021-3782'] }));
  expect(advisory?.aliases).toEqual(['CVE-2021-3782']);
  expect(read(record('CVE-2021-3782', 'Bitnami')).advisory?.aliases).toEqual([]);
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
