/** The traps of packages of language registries; numbers are complaints about other scanners. */
import { expect, test } from 'vitest';
import type { Advisory } from '#advisory/advisory.ts';
import type { Package } from '#inventory/inventory.ts';
import { advisory, affects, inShort, match, packageOf } from './testing/sample.ts';

interface Trap {
  readonly why: string;
  readonly packages: readonly Package[];
  readonly advisories: readonly Advisory[];
  readonly result: readonly string[];
}

const npm = (name: string, version: string, properties?: Record<string, string>) =>
  packageOf({ type: 'npm', name, version, ...(properties && { properties }) });
const go = (name: string, version: string, properties: Record<string, string> = {}) =>
  packageOf({ type: 'golang', name, version, properties: { GOOS: 'linux', GOARCH: 'arm64', ...properties } });
const pypi = (name: string, version: string) => packageOf({ type: 'pypi', name, version });
const ghsa = (id: string, cve: string | undefined, ...affected: Advisory['affected']) =>
  advisory({ id, aliases: cve === undefined ? [] : [cve], affected });

const NAMES: readonly Trap[] = [
  {
    why: 'PyPI does not tell capitals, dots and dashes apart',
    packages: [pypi('Zope.Interface', '5.0')],
    advisories: [ghsa('PYSEC-2024-1', undefined, affects('PyPI', 'zope-interface', '<5.1'))],
    result: ['PYSEC-2024-1 Zope.Interface (5.1)'],
  },
  {
    why: 'NuGet and Packagist have no capitals, Go and Maven do',
    packages: [
      packageOf({ type: 'nuget', name: 'Newtonsoft.Json', version: '12.0.1' }),
      packageOf({ type: 'composer', name: 'Symfony/Http-Kernel', version: 'v4.4.0' }),
      go('github.com/Masterminds/goutils', 'v1.1.0'),
      packageOf({ type: 'maven', name: 'org.Yaml:snakeyaml', version: '1.18' }),
    ],
    advisories: [
      ghsa('GHSA-1', undefined, affects('NuGet', 'newtonsoft.json', '<13.0.1')),
      ghsa('GHSA-2', undefined, affects('Packagist', 'symfony/http-kernel', '>=4.0 <4.4.13')),
      ghsa('GO-3', undefined, affects('Go', 'github.com/Masterminds/goutils', '<1.1.1')),
      ghsa('GHSA-4', undefined, affects('Maven', 'org.yaml:snakeyaml', '<2.0')),
    ],
    result: [
      'GHSA-2 Symfony/Http-Kernel (4.4.13)',
      'GO-3 github.com/Masterminds/goutils (1.1.1)',
      'GHSA-1 Newtonsoft.Json (13.0.1)',
    ],
  },
  {
    why: 'a private package was never in the registry: the malicious one of that name there is another',
    packages: [npm('shop-internal', '1.0.0', { private: 'true' })],
    advisories: [advisory({ id: 'MAL-2024-1', kind: 'malware', affected: [affects('npm', 'shop-internal', '*')] })],
    result: [],
  },
  {
    why: 'Bitnami counts its own builds, which advisories do not know',
    packages: [
      packageOf({ type: 'bitnami', name: 'redis', version: '7.2.4-5' }),
      packageOf({ type: 'bitnami', name: 'nginx', version: '1.25.3-9' }),
    ],
    advisories: [
      advisory({
        id: 'BIT-redis-2024-1',
        aliases: ['CVE-2024-0001'],
        affected: [affects('Bitnami', 'redis', '<7.2.4')],
      }),
      advisory({
        id: 'BIT-nginx-2024-2',
        aliases: ['CVE-2024-0002'],
        affected: [affects('Bitnami', 'nginx', '<1.25.4')],
      }),
    ],
    result: ['CVE-2024-0002 nginx (1.25.4)'],
  },
  {
    why: 'a conda package of Python is the one that its metadata shows again',
    packages: [packageOf({ type: 'conda', name: 'jinja2', version: '3.1.2' }), pypi('Jinja2', '3.1.2')],
    advisories: [ghsa('PYSEC-2024-1', undefined, affects('PyPI', 'jinja2', '<3.1.3'))],
    result: ['PYSEC-2024-1 Jinja2 (3.1.3)'],
  },
];

const VERSIONS: readonly Trap[] = [
  {
    why: 'the fix of the branch that is installed, not the newest and not that of an older branch',
    packages: [npm('minimist', '0.0.10'), npm('minimist', '1.2.0')],
    advisories: [ghsa('GHSA-xvch', 'CVE-2021-44906', affects('npm', 'minimist', '<0.2.4 | >=1.0.0 <1.2.6'))],
    result: ['CVE-2021-44906 minimist (0.2.4)', 'CVE-2021-44906 minimist (1.2.6)'],
  },
  {
    why: 'several entries about one package are several ranges',
    packages: [npm('qs', '6.5.1')],
    advisories: [
      ghsa('GHSA-hrpp', 'CVE-2022-24999', affects('npm', 'qs', '<6.2.4'), affects('npm', 'qs', '>=6.5.0 <6.5.3')),
    ],
    result: ['CVE-2022-24999 qs (6.5.3)'],
  },
  {
    why: 'a fix that another record calls affected is no fix',
    packages: [npm('tar', '4.4.8')],
    advisories: [
      ghsa('GHSA-1', 'CVE-2021-0001', affects('npm', 'tar', '<4.4.14')),
      ghsa('GHSA-2', 'CVE-2021-0001', affects('npm', 'tar', '<4.4.16')),
    ],
    result: ['CVE-2021-0001 tar (4.4.16)'],
  },
  {
    why: 'the range ends without a fix: later versions are free of it, nobody says from which one on',
    packages: [npm('ip', '1.1.5'), npm('ip', '2.0.2')],
    advisories: [ghsa('GHSA-78xj', 'CVE-2023-42282', affects('npm', 'ip', '<=1.1.8'))],
    result: ['CVE-2023-42282 ip (unknown)'],
  },
  {
    why: 'an unreadable version is a doubt where there is an advisory, and none where there is none',
    packages: [
      packageOf({ type: 'hex', name: 'plug', version: 'v1.0' }),
      packageOf({ type: 'hex', name: 'quiet', version: 'v1.0' }),
    ],
    advisories: [ghsa('GHSA-1', 'CVE-2024-0001', affects('Hex', 'plug', '<1.4.0'))],
    result: ['? plug [CVE-2024-0001]: hex cannot read version "v1.0"'],
  },
  {
    why: 'a nonsense range is a doubt too',
    packages: [npm('left-pad', '1.0.0')],
    advisories: [ghsa('GHSA-1', 'CVE-2024-0001', affects('npm', 'left-pad', '<next-year'))],
    result: ['? left-pad [CVE-2024-0001]: semver cannot read bound "next-year" of the affected range'],
  },
];

const GO: readonly Trap[] = [
  {
    why: 'the standard library is that of the toolchain (osv-scanner#910, trivy#10036)',
    packages: [go('stdlib', '1.21.8')],
    advisories: [ghsa('GO-2024-2687', 'CVE-2023-45288', affects('Go', 'stdlib', '<1.21.9 | >=1.22.0-0 <1.22.2'))],
    result: ['CVE-2023-45288 stdlib (1.21.9)'],
  },
  {
    why: 'a vendor’s toolchain may have the fix without the version',
    packages: [go('stdlib', '1.21.3', { toolchain: 'go1.21.3 (Red Hat 1.21.3-4.el9)', 'vendor-toolchain': 'true' })],
    advisories: [ghsa('GO-2024-2687', 'CVE-2023-45288', affects('Go', 'stdlib', '<1.21.9'))],
    result: [
      '? stdlib [CVE-2023-45288]: it was built with go1.21.3 (Red Hat 1.21.3-4.el9), whose vendor may have fixed it',
    ],
  },
  {
    why: 'a main module without a version is neither affected nor clean (grype#1797, #1863)',
    packages: [
      go('github.com/docker/docker', '(devel)', { 'vcs.revision': 'abc' }),
      go('github.com/opencontainers/runc', 'v0.0.0-20240101000000-0123456789ab', { 'vcs.modified': 'false' }),
      go('example.org/our/app', '(devel)'),
    ],
    advisories: [
      ghsa('GO-1', 'CVE-2024-0001', affects('Go', 'github.com/docker/docker', '<25.0.2')),
      ghsa('GO-2', 'CVE-2024-0002', affects('Go', 'github.com/opencontainers/runc', '<1.1.12')),
    ],
    result: [
      '? github.com/docker/docker [CVE-2024-0001]: it was built from a working copy and has no version',
      '? github.com/opencontainers/runc [CVE-2024-0002]: it was built from a working copy and has no version',
    ],
  },
  {
    why: 'a dependency without tags has pseudo-versions, and advisories count by them',
    packages: [go('golang.org/x/crypto', 'v0.0.0-20210101000000-0123456789ab')],
    advisories: [
      ghsa('GO-1', 'CVE-2022-27191', affects('Go', 'golang.org/x/crypto', '<0.0.0-20220314234659-1baeb1ce4c0b')),
    ],
    result: ['CVE-2022-27191 golang.org/x/crypto (0.0.0-20220314234659-1baeb1ce4c0b)'],
  },
  {
    why: 'what was built in place of a module may have its weaknesses, if the module had them',
    packages: [
      go('github.com/fork/yaml', 'v1.0.0', { replaces: 'gopkg.in/yaml.v3@v3.0.0' }),
      go('github.com/fork/net', 'v1.0.0', { replaces: 'golang.org/x/net@v0.30.0' }),
    ],
    advisories: [
      ghsa('GO-2022-0603', 'CVE-2022-28948', affects('Go', 'gopkg.in/yaml.v3', '<3.0.1')),
      ghsa('GO-2023-1', 'CVE-2023-0001', affects('Go', 'golang.org/x/net', '<0.17.0')),
    ],
    result: [
      '? github.com/fork/yaml [CVE-2022-28948]: github.com/fork/yaml v1.0.0 was built in place of gopkg.in/yaml.v3, which may have the fix',
    ],
  },
  {
    why: 'a module replaced by a folder has no version that means anything',
    packages: [go('golang.org/x/net', '(devel)', { 'replaced-by': './third_party/net' })],
    advisories: [ghsa('GO-2023-1', 'CVE-2023-0001', affects('Go', 'golang.org/x/net', '<0.17.0'))],
    result: [
      '? golang.org/x/net [CVE-2023-0001]: it was built from a folder in place of the module and has no version',
    ],
  },
  {
    why: 'a weakness on another system is none here',
    packages: [go('stdlib', '1.21.0')],
    advisories: [
      ghsa('GO-1', 'CVE-2024-0001', affects('Go', 'stdlib', '<1.21.5', { operatingSystems: ['windows'] })),
      ghsa('GO-2', 'CVE-2024-0002', affects('Go', 'stdlib', '<1.21.5', { operatingSystems: ['darwin', 'linux'] })),
      ghsa('GO-3', 'CVE-2024-0003', affects('Go', 'stdlib', '<1.21.5', { arches: ['s390x'] })),
    ],
    result: ['CVE-2024-0002 stdlib (1.21.5)'],
  },
];

const RECORDS: readonly Trap[] = [
  {
    why: 'one weakness is one finding, whatever databases call it (grype#1202, #204, #1401, #973)',
    packages: [pypi('urllib3', '1.26.5')],
    advisories: [
      ghsa('GHSA-v845', 'CVE-2023-43804', affects('PyPI', 'urllib3', '<1.26.17')),
      advisory({ id: 'PYSEC-2023-192', aliases: ['GHSA-v845'], affected: [affects('PyPI', 'urllib3', '<1.26.17')] }),
    ],
    result: ['CVE-2023-43804 urllib3 (1.26.17)'],
  },
  {
    why: 'related weaknesses are not the same, though one record may derive from both',
    packages: [npm('a', '1.0.0')],
    advisories: [
      advisory({ id: 'X-1', upstream: ['CVE-2024-0001', 'CVE-2024-0002'], affected: [affects('npm', 'a', '<2.0.0')] }),
      ghsa('GHSA-1', 'CVE-2024-0001', affects('npm', 'a', '<2.0.0')),
      ghsa('GHSA-2', 'CVE-2024-0002', affects('npm', 'a', '<2.0.0')),
    ],
    result: ['CVE-2024-0001 a (2.0.0)', 'CVE-2024-0002 a (2.0.0)'],
  },
  {
    why: 'a withdrawn record does not take a live one of the same weakness with it',
    packages: [npm('a', '1.0.0')],
    advisories: [
      { ...ghsa('GHSA-1', 'CVE-2024-0001', affects('npm', 'a', '*')), withdrawn: '2024-01-01T00:00:00Z' },
      ghsa('GHSA-2', 'CVE-2024-0001', affects('npm', 'a', '<2.0.0')),
    ],
    result: ['CVE-2024-0001 a (2.0.0)'],
  },
  {
    why: 'programs are looked up by their products, and those without any are told',
    packages: [
      packageOf({
        type: 'generic',
        name: 'redis',
        version: '7.0.0',
        evidence: 'detected',
        properties: { cpe: 'cpe:2.3:a:redis:redis:7.0.0:*:*:*:*:*:*:* cpe:2.3:a:redislabs:redis:7.0.0:*:*:*:*:*:*:*' },
      }),
      packageOf({ type: 'generic', name: 'mystery', version: '1', evidence: 'detected' }),
    ],
    advisories: [
      advisory({ id: 'CVE-2023-0001', source: 'nvd', affected: [affects('generic', 'redislabs:redis', '<7.0.5')] }),
    ],
    result: [
      'CVE-2023-0001 redis (7.0.5)',
      '? mystery: no name is known under which programs that no package manager installed have advisories',
    ],
  },
];

test.each([...NAMES, ...VERSIONS, ...GO, ...RECORDS])('$why', ({ packages, advisories, result }) => {
  expect(inShort(match({ packages }, advisories))).toEqual(result);
});

test('what only another database says is kept, with the record that disputes it', () => {
  const packages = [go('github.com/a/b', 'v1.5.0')];
  const curated = ghsa('GO-2024-1', 'CVE-2024-0001', affects('Go', 'github.com/a/b', '<1.4.0'));
  const other = ghsa('GHSA-1', 'CVE-2024-0001', affects('Go', 'github.com/a/b', '<2.0.0'));
  const { findings } = match({ packages }, [curated, other]);
  expect(findings[0]).toMatchObject({ id: 'CVE-2024-0001', fix: { kind: 'fixed', version: '2.0.0' } });
  expect(findings[0]?.evidence).toMatchObject({ advisory: 'GHSA-1', disputedBy: 'GO-2024-1' });
});

test('a record with the wrong major version is disputed by Go’s own, which names another module (osv-scanner#1754)', () => {
  const packages = [go('github.com/a/b', 'v1.5.0')];
  const curated = ghsa('GO-2024-1', 'CVE-2024-0001', affects('Go', 'github.com/a/b/v2', '<2.4.0'));
  const wrong = ghsa('GHSA-1', 'CVE-2024-0001', affects('Go', 'github.com/a/b', '<2.4.0'));
  const [finding] = match({ packages }, [curated, wrong]).findings;
  expect(finding?.evidence.disputedBy).toBe('GO-2024-1');
});

test('where both agree nothing is disputed and the curated record decides', () => {
  const packages = [go('github.com/a/b', 'v1.3.0')];
  const curated = ghsa('GO-2024-1', 'CVE-2024-0001', affects('Go', 'github.com/a/b', '<1.4.0'));
  const other = ghsa('GHSA-1', 'CVE-2024-0001', affects('Go', 'github.com/a/b', '<2.0.0'));
  const [finding] = match({ packages }, [other, curated]).findings;
  expect(finding?.evidence).toEqual({
    advisory: 'GO-2024-1',
    source: 'osv',
    ecosystem: 'Go',
    name: 'github.com/a/b',
    why: 'version v1.3.0 is older than 1.4.0, which has the fix',
  });
});

test('notices and malware are told apart from weaknesses', () => {
  const packages = [packageOf({ type: 'cargo', name: 'ansi_term', version: '0.12.1' }), npm('evil', '1.0.0')];
  const { findings } = match({ packages }, [
    advisory({ id: 'RUSTSEC-2021-0139', kind: 'notice', affected: [affects('crates.io', 'ansi-term', '*')] }),
    advisory({ id: 'MAL-2024-1', kind: 'malware', affected: [affects('npm', 'evil', '*')] }),
  ]);
  expect(findings.map(({ id, kind, severity }) => [id, kind, severity])).toEqual([
    ['RUSTSEC-2021-0139', 'notice', 'UNKNOWN'],
    ['MAL-2024-1', 'malware', 'CRITICAL'],
  ]);
});

test('exploitation is attached by any CVE among the ids, the worst score of several', () => {
  const packages = [npm('a', '1.0.0')];
  const record = advisory({
    id: 'GHSA-1',
    aliases: ['CVE-2024-0001', 'CVE-2024-0002'],
    affected: [affects('npm', 'a', '<2.0.0')],
  });
  const facts = {
    epss: [
      { cve: 'CVE-2024-0001', score: 0.1, percentile: 0.5 },
      { cve: 'CVE-2024-0002', score: 0.7, percentile: 0.9 },
    ],
    kev: [{ cve: 'CVE-2024-0002', added: '2024-03-01', isRansomware: true, action: 'Update' }],
  };
  const [finding] = match({ packages }, [record], { facts }).findings;
  expect(finding).toMatchObject({
    epss: { score: 0.7, percentile: 0.9 },
    kev: { added: '2024-03-01', isRansomware: true, action: 'Update' },
  });
});

test('rating and title come from records of the same weakness elsewhere, where the deciding one has none', () => {
  const packages = [
    packageOf(
      { type: 'apk', name: 'zlib', version: '1.2-r0' },
      { id: 'alpine', idLike: [], versionId: '3.19', name: 'Alpine' },
    ),
  ];
  const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
  const nvd = advisory({
    id: 'CVE-2024-0001',
    source: 'nvd',
    title: 'Overflow in zlib',
    ratings: [{ kind: 'cvss', version: '3.1', vector, origin: 'nvd' }],
  });
  const secdb = advisory({
    id: 'CVE-2024-0001',
    source: 'alpine-secdb',
    affected: [affects('Alpine:v3.19', 'zlib', '<1.3-r0', { nameKind: 'source' })],
  });
  const [finding] = match({ packages }, [secdb, nvd]).findings;
  expect(finding).toMatchObject({ severity: 'CRITICAL', severitySource: 'cvss:3.1 nvd', title: 'Overflow in zlib' });
});
