import { expect, test } from 'vitest';
import type { Advisory } from '#advisory/advisory.ts';
import type { Package } from '#inventory/inventory.ts';
import { memoryLookup } from './testing/memory-lookup.ts';
import { advisory, affects, distro, match, packageOf, rpmOf } from './testing/sample.ts';
import { adviseUpgrades } from './upgrade-advice.ts';

const ALMA = distro('almalinux', '9.1');
const npm = (name: string, version = '1.0.0') => packageOf({ type: 'npm', name, version });
const word = (severity: 'CRITICAL' | 'HIGH' | 'LOW') => ({ kind: 'word', severity, origin: 'ghsa' }) as const;

function advise(packages: readonly Package[], advisories: readonly Advisory[], exploited: readonly string[] = []) {
  const kev = exploited.map(cve => ({ cve, added: '2024-01-01', isRansomware: false }));
  const { findings } = match({ packages, release: ALMA }, advisories, { facts: { kev } });
  return adviseUpgrades(findings, memoryLookup(advisories)).map(
    ({ name, version, fixedCount, knownExploitedCount, unfixedCount }) =>
      `${name} to ${version} fixes ${fixedCount}, ${knownExploitedCount} exploited, ${unfixedCount} left`,
  );
}

test('binary packages of one source are one upgrade, to the version that fixes all that can be fixed', () => {
  const packages = ['openssl', 'openssl-libs'].map(name =>
    rpmOf({ name, version: '1:3.0.1-43.el9_0', source: { name: 'openssl', version: '3.0.1-43.el9_0' } }, ALMA),
  );
  const fix = (id: string, cves: readonly string[], version: string) =>
    advisory({
      id,
      upstream: cves,
      affected: packages.map(({ name }) => affects('AlmaLinux:9', name, `<${version}`, { nameKind: 'binary' })),
    });
  const advisories = [
    fix('ALSA-1', ['CVE-2022-4203', 'CVE-2022-4304'], '1:3.0.1-47.el9_1'),
    fix('ALSA-2', ['CVE-2023-0464'], '1:3.0.7-16.el9_2'),
  ];
  expect(advise(packages, advisories, ['CVE-2022-4304'])).toEqual([
    'openssl to 1:3.0.7-16.el9_2 fixes 3, 1 exploited, 0 left',
  ]);
});

test('a single binary package goes by its own name', () => {
  const packages = [
    rpmOf(
      { name: 'openssl-libs', version: '1:3.0.1-43.el9_0', source: { name: 'openssl', version: '3.0.1-43.el9_0' } },
      ALMA,
    ),
  ];
  const advisories = [
    advisory({
      id: 'ALSA-1',
      affected: [affects('AlmaLinux:9', 'openssl-libs', '<1:3.0.1-47.el9_1', { nameKind: 'binary' })],
    }),
  ];
  expect(advise(packages, advisories)).toEqual(['openssl-libs to 1:3.0.1-47.el9_1 fixes 1, 0 exploited, 0 left']);
});

test('two versions of a library are two upgrades', () => {
  const advisories = [advisory({ id: 'CVE-2024-0001', affected: [affects('npm', 'a', '<1.5.0 | >=2.0.0 <2.5.0')] })];
  expect(advise([npm('a', '1.0.0'), npm('a', '2.0.0')], advisories)).toEqual([
    'a to 1.5.0 fixes 1, 0 exploited, 0 left',
    'a to 2.5.0 fixes 1, 0 exploited, 0 left',
  ]);
});

test('a version that fixes one weakness and lies in the range of another is not the goal', () => {
  const advisories = [
    advisory({ id: 'CVE-2024-0001', affected: [affects('npm', 'a', '<1.5.0 | >=2.0.0 <2.3.0')] }),
    advisory({ id: 'CVE-2024-0002', affected: [affects('npm', 'a', '<2.0.0')] }),
  ];
  expect(advise([npm('a')], advisories)).toEqual(['a to 2.3.0 fixes 2, 0 exploited, 0 left']);
});

test('what nothing fixes is counted, and no advice by itself', () => {
  const advisories = [
    advisory({ id: 'CVE-2024-0001', affected: [affects('npm', 'a', '<2.0.0'), affects('npm', 'b', '*')] }),
    advisory({ id: 'CVE-2024-0002', affected: [affects('npm', 'a', '*')] }),
  ];
  expect(advise([npm('a'), npm('b')], advisories)).toEqual(['a to 2.0.0 fixes 1, 0 exploited, 1 left']);
});

test('exploited ones come first, then the worst, then the most, then the name', () => {
  const one = (id: string, name: string, severity: 'CRITICAL' | 'HIGH' | 'LOW') =>
    advisory({ id, ratings: [word(severity)], affected: [affects('npm', name, '<2.0.0')] });
  const advisories = [
    one('CVE-2024-0001', 'low-but-exploited', 'LOW'),
    one('CVE-2024-0002', 'critical', 'CRITICAL'),
    one('CVE-2024-0003', 'two-high', 'HIGH'),
    one('CVE-2024-0004', 'two-high', 'HIGH'),
    one('CVE-2024-0005', 'b-high', 'HIGH'),
    one('CVE-2024-0006', 'a-high', 'HIGH'),
  ];
  const names = ['a-high', 'b-high', 'critical', 'low-but-exploited', 'two-high'];
  expect(
    advise(
      names.map(name => npm(name)),
      advisories,
      ['CVE-2024-0001'],
    ).map(text => text.split(' ')[0]),
  ).toEqual(['low-but-exploited', 'critical', 'two-high', 'a-high', 'b-high']);
});

test('notices are nothing to upgrade for', () => {
  expect(
    advise([npm('a')], [advisory({ id: 'X-1', kind: 'notice', affected: [affects('npm', 'a', '<2.0.0')] })]),
  ).toEqual([]);
});
