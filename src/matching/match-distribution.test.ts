/** The traps of packages of distributions; numbers are complaints about other scanners. */
import { expect, test } from 'vitest';
import type { Advisory } from '#advisory/advisory.ts';
import type { Distro, Package } from '#inventory/inventory.ts';
import type { MatchOptions } from './match-inventory.ts';
import { advisory, affects, distro, inShort, match, packageOf, rpmOf } from './testing/sample.ts';

interface Trap {
  readonly why: string;
  readonly release: Distro;
  readonly packages: readonly Package[];
  readonly advisories: readonly Advisory[];
  readonly options?: Partial<MatchOptions>;
  readonly result: readonly string[];
}

const DEBIAN = distro('debian', '12');
const UBUNTU = distro('ubuntu', '20.04');
const ALPINE = distro('alpine', '3.19.1');
const ALMA = distro('almalinux', '9.1');
const ALMA_8 = distro('almalinux', '8.8');
const RHEL = distro('rhel', '9.4');
const ORACLE = distro('ol', '8.9');
const AMAZON = distro('amzn', '2');
const OPEN_EULER = distro('openeuler', '22.03');

const deb = (name: string, version: string, source?: { name: string; version?: string }) =>
  packageOf({ type: 'deb', name, version, arch: 'amd64', ...(source && { source }) }, DEBIAN);
const apk = (name: string, version: string, origin = name, release = ALPINE) =>
  packageOf({ type: 'apk', name, version, arch: 'x86_64', source: { name: origin, version } }, release);
const tracker = (id: string, ...affected: Advisory['affected']) => advisory({ id, source: 'debian-tracker', affected });
const secdb = (id: string, ...affected: Advisory['affected']) => advisory({ id, source: 'alpine-secdb', affected });
const redHat = (id: string, ...affected: Advisory['affected']) => advisory({ id, source: 'redhat-vex', affected });
const source = { nameKind: 'source' } as const;
const binary = { nameKind: 'binary' } as const;
const openssl = (version: string) => rpmOf({ name: 'openssl-libs', version, source: { name: 'openssl' } }, ALMA);
const unfixed = (state: NonNullable<Advisory['affected'][number]['state']>) => ({ ...source, state });

const NAMES_AND_VERSIONS: readonly Trap[] = [
  {
    why: 'Debian’s advisories name the source, and its version is what counts',
    release: DEBIAN,
    packages: [deb('libssl3', '3.0.15-1', { name: 'openssl', version: '3.0.15-1' })],
    advisories: [tracker('CVE-2024-0001', affects('Debian:12', 'openssl', '<3.0.16-1', source))],
    result: ['CVE-2024-0001 libssl3 (3.0.16-1)'],
  },
  {
    why: 'a rebuild without a change (+b1) has the fix of its source',
    release: DEBIAN,
    packages: [deb('login', '1:4.13+dfsg1-1+b1', { name: 'shadow', version: '1:4.13+dfsg1-1' })],
    advisories: [tracker('CVE-2024-0001', affects('Debian:12', 'shadow', '<1:4.13+dfsg1-1', source))],
    result: [],
  },
  {
    why: 'an SBOM says nothing of the source: the rebuild’s mark is taken off, though it sorts above the fix anyway',
    release: DEBIAN,
    packages: [deb('bash', '5.2.15-2+b7')],
    advisories: [tracker('CVE-2024-0001', affects('Debian:12', 'bash', '<5.2.15-2+b1', source))],
    result: ['CVE-2024-0001 bash (5.2.15-2+b1)'],
  },
  {
    why: 'a binary package that is called like another source is not that source',
    release: DEBIAN,
    packages: [deb('git', '1:2.39.5-0', { name: 'git-annex-bundle', version: '1:2.39.5-0' })],
    advisories: [tracker('CVE-2024-0001', affects('Debian:12', 'git', '<1:2.40-1', source))],
    result: [],
  },
  {
    why: 'Alpine names the origin',
    release: ALPINE,
    packages: [apk('libcrypto3', '3.1.4-r0', 'openssl')],
    advisories: [secdb('CVE-2024-0001', affects('Alpine:v3.19', 'openssl', '<3.1.4-r1', source))],
    result: ['CVE-2024-0001 libcrypto3 (3.1.4-r1)'],
  },
  {
    why: 'AlmaLinux names binary packages, whose epoch counts: 1:3.0.1 is newer than 3.0.7 of no epoch',
    release: ALMA,
    packages: [openssl('1:3.0.1-47.el9_1')],
    advisories: [
      advisory({ id: 'ALSA-2023:0946', affected: [affects('AlmaLinux:9', 'openssl-libs', '<3.0.7-1.el9', binary)] }),
    ],
    result: [],
  },
  {
    why: 'an rpm without an epoch is of epoch 0',
    release: ALMA,
    packages: [openssl('3.0.1-47.el9_1')],
    advisories: [
      advisory({
        id: 'ALSA-2023:0946',
        affected: [affects('AlmaLinux:9', 'openssl-libs', '<1:3.0.1-47.el9_1', binary)],
      }),
    ],
    result: ['ALSA-2023:0946 openssl-libs (1:3.0.1-47.el9_1)'],
  },
  {
    why: 'perl-Errno has another version than the perl it comes from: like is compared with like',
    release: RHEL,
    packages: [
      rpmOf({ name: 'perl-Errno', version: '1.30-481.el9', source: { name: 'perl', version: '5.32.1-481.el9' } }, RHEL),
    ],
    advisories: [
      redHat('CVE-2024-0001', affects('Red Hat:enterprise_linux:9::appstream', 'perl-Errno', '<1.30-480.el9', binary)),
      redHat('CVE-2024-0002', affects('Red Hat:enterprise_linux:9', 'perl', '<4:5.32.1-482.el9', source)),
    ],
    result: ['CVE-2024-0002 perl-Errno (4:5.32.1-482.el9)'],
  },
  {
    why: 'the fix of a binary package decides, not the release-wide word about its source',
    release: RHEL,
    packages: [
      rpmOf({ name: 'openssl', version: '1:3.0.7-27.el9', source: { name: 'openssl', version: '3.0.7-27.el9' } }, RHEL),
    ],
    advisories: [
      redHat(
        'CVE-2024-0001',
        affects('Red Hat:enterprise_linux:9::baseos', 'openssl', '<1:3.0.7-27.el9', binary),
        affects('Red Hat:enterprise_linux:9', 'openssl', '*', unfixed({ kind: 'not-fixed' })),
      ),
    ],
    result: [],
  },
  {
    why: 'packages of a kind the release does not use have nobody to speak for them',
    release: ALMA,
    packages: [packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, ALMA)],
    advisories: [advisory({ id: 'ALSA-2023:1', affected: [affects('AlmaLinux:9', 'curl', '<9', binary)] })],
    result: ['? curl: no advisories known for deb packages of almalinux 9.1'],
  },
  {
    why: 'a key of rpm’s is no software',
    release: ALMA,
    packages: [packageOf({ type: 'rpm', name: 'gpg-pubkey', version: 'b86b3716-61e69f29' }, ALMA)],
    advisories: [advisory({ id: 'ALSA-2023:1', affected: [affects('AlmaLinux:9', 'curl', '<9', binary)] })],
    result: [],
  },
];

const RELEASES: readonly Trap[] = [
  {
    why: 'fixes of another release say nothing: versions are numbered by release',
    release: DEBIAN,
    packages: [deb('openssl', '3.0.15-1')],
    advisories: [
      tracker('CVE-2024-0001', affects('Debian:13', 'openssl', '<3.5.0-1', source)),
      tracker('CVE-2024-0002', affects('Debian:12', 'curl', '<8', source)),
    ],
    result: [],
  },
  {
    why: 'both repositories of an Alpine branch speak',
    release: ALPINE,
    packages: [apk('go', '1.21.3-r0'), apk('zlib', '1.3-r0')],
    advisories: [
      secdb('CVE-2024-0001', affects('Alpine:v3.19', 'go', '<1.21.5-r0', { ...source, repository: 'community' })),
      secdb('CVE-2024-0002', affects('Alpine:v3.19', 'zlib', '<1.3.1-r0', { ...source, repository: 'main' })),
    ],
    result: ['CVE-2024-0001 go (1.21.5-r0)', 'CVE-2024-0002 zlib (1.3.1-r0)'],
  },
  {
    why: 'a package of edge on a stable Alpine is judged by the stable branch, which it is ahead of',
    release: ALPINE,
    packages: [apk('curl', '8.11.0-r2')],
    advisories: [
      secdb('CVE-2024-0001', affects('Alpine:v3.19', 'curl', '<8.5.0-r1', source)),
      secdb('CVE-2024-0009', affects('Alpine:edge', 'curl', '<8.11.1-r0', source)),
    ],
    result: [],
  },
  {
    why: 'what needs a subscription is no fix for who has none',
    release: UBUNTU,
    packages: [packageOf({ type: 'deb', name: 'curl', version: '7.68.0-1ubuntu2.22' }, UBUNTU)],
    advisories: [
      advisory({
        id: 'UBUNTU-CVE-2024-0001',
        upstream: ['CVE-2024-0001'],
        affected: [
          affects('Ubuntu:20.04:LTS', 'curl', '*', source),
          affects('Ubuntu:Pro:20.04:LTS', 'curl', '<7.68.0-1ubuntu2.25+esm1', source),
        ],
      }),
    ],
    result: ['CVE-2024-0001 curl (will-not-fix)'],
  },
  {
    why: 'who takes updates from Ubuntu Pro has its fixes, as the mark +esm shows',
    release: UBUNTU,
    packages: [packageOf({ type: 'deb', name: 'curl', version: '7.68.0-1ubuntu2.25+esm1' }, UBUNTU)],
    advisories: [
      advisory({
        id: 'UBUNTU-CVE-2024-0001',
        upstream: ['CVE-2024-0001'],
        affected: [
          affects('Ubuntu:20.04:LTS', 'curl', '*', source),
          affects('Ubuntu:Pro:20.04:LTS', 'curl', '<7.68.0-1ubuntu2.25+esm1', source),
        ],
      }),
    ],
    result: [],
  },
  {
    why: 'a fix built for the minor release of the package is a fix, though the next one needed another (ALSA-2024:2722, ALSA-2024:3269)',
    release: ALMA_8,
    packages: [
      rpmOf({ name: 'glibc', version: '2.28-236.el8_9.13' }, ALMA_8),
      rpmOf({ name: 'glibc-common', version: '2.28-236.el8_9.12' }, ALMA_8),
      rpmOf({ name: 'glibc-devel', version: '2.28-251.el8' }, ALMA_8),
    ],
    advisories: ['glibc', 'glibc-common', 'glibc-devel'].flatMap(name => [
      advisory({
        id: `ALSA-2024:2722 ${name}`,
        upstream: ['CVE-2024-2961'],
        affected: [affects('AlmaLinux:8', name, '<2.28-236.el8_9.13', binary)],
      }),
      advisory({
        id: `ALSA-2024:3269 ${name}`,
        upstream: ['CVE-2024-2961'],
        affected: [affects('AlmaLinux:8', name, '<2.28-251.el8_10.1', binary)],
      }),
    ]),
    result: ['CVE-2024-2961 glibc-common (2.28-236.el8_9.13)', 'CVE-2024-2961 glibc-devel (2.28-251.el8_10.1)'],
  },
  {
    why: 'a second fix for the same minor release means that the first was not whole',
    release: ALMA,
    packages: [rpmOf({ name: 'curl', version: '7.76.1-26.el9_3.2' }, ALMA)],
    advisories: [
      advisory({
        id: 'ALSA-1',
        upstream: ['CVE-2024-0001'],
        affected: [affects('AlmaLinux:9', 'curl', '<7.76.1-26.el9_3.2', binary)],
      }),
      advisory({
        id: 'ALSA-2',
        upstream: ['CVE-2024-0001'],
        affected: [affects('AlmaLinux:9', 'curl', '<7.76.1-26.el9_3.3', binary)],
      }),
    ],
    result: ['CVE-2024-0001 curl (7.76.1-26.el9_3.3)'],
  },
];

const MODULES: readonly Trap[] = [
  {
    why: 'a package of no module has no fix of a module, nor a lack of it (grype#820, trivy#741)',
    release: ALMA_8,
    packages: [rpmOf({ name: 'nodejs', version: '1:10.24.0-1.el8' }, ALMA_8)],
    advisories: [
      advisory({
        id: 'ALSA-1',
        affected: [
          affects('AlmaLinux:8', 'nodejs', '<1:14.18.0-1.module_el8.5.0+1', { ...binary, module: 'nodejs:14' }),
        ],
      }),
    ],
    result: [],
  },
  {
    why: 'streams have fixes of their own (grype#231, trivy#771)',
    release: ALMA_8,
    packages: [rpmOf({ name: 'nodejs', version: '1:12.22.0-1.module_el8.4.0+1', module: 'nodejs:12' }, ALMA_8)],
    advisories: [
      advisory({
        id: 'ALSA-14',
        affected: [
          affects('AlmaLinux:8', 'nodejs', '<1:14.18.0-1.module_el8.5.0+1', { ...binary, module: 'nodejs:14' }),
        ],
      }),
      advisory({
        id: 'ALSA-12',
        affected: [
          affects('AlmaLinux:8', 'nodejs', '<1:12.22.5-1.module_el8.4.0+9', { ...binary, module: 'nodejs:12' }),
        ],
      }),
    ],
    result: ['ALSA-12 nodejs (1:12.22.5-1.module_el8.4.0+9)'],
  },
  {
    why: 'a package of a stream is none of the plain packages',
    release: ALMA_8,
    packages: [rpmOf({ name: 'perl', version: '4:5.26.3-416.module_el8.3.0+1', module: 'perl:5.26' }, ALMA_8)],
    advisories: [advisory({ id: 'ALSA-1', affected: [affects('AlmaLinux:8', 'perl', '<4:5.26.3-419.el8', binary)] })],
    result: [],
  },
  {
    why: 'an advisory that does not say which stream it means leaves a doubt, not a finding',
    release: ALMA_8,
    packages: [rpmOf({ name: 'ruby', version: '2.5.5-1.module_el8.1.0+1', module: 'ruby:2.5' }, ALMA_8)],
    advisories: [
      advisory({
        id: 'ALSA-1',
        affected: [affects('AlmaLinux:8', 'ruby', '<2.5.9-1.module_el8.4.0+1', { ...binary, module: 'ruby:*' })],
      }),
    ],
    result: ['? ruby [ALSA-1]: the advisory does not say which stream of ruby it is about'],
  },
  {
    why: 'nor does one that does not even say which module, and it is not about plain packages',
    release: RHEL,
    packages: [
      rpmOf({ name: 'nodejs', version: '1:18.1.0-1.module+el9.1.0+1', module: 'nodejs:18' }, RHEL),
      rpmOf({ name: 'nodejs', version: '1:16.1.0-1.el9' }, RHEL),
    ],
    advisories: [
      redHat(
        'CVE-2024-0001',
        affects('Red Hat:enterprise_linux:9::appstream', 'nodejs', '<1:18.2.0-1.module+el9.2.0+1', {
          ...binary,
          module: '*:*',
        }),
      ),
    ],
    result: ['? nodejs [CVE-2024-0001]: the advisory does not say which stream it is about'],
  },
  {
    why: 'SBOMs drop labels: the release tells of a module, nothing tells of which stream',
    release: ALMA_8,
    packages: [rpmOf({ name: 'nodejs', version: '1:12.22.0-1.module_el8.4.0+1' }, ALMA_8)],
    advisories: [
      advisory({
        id: 'ALSA-1',
        affected: [
          affects('AlmaLinux:8', 'nodejs', '<1:14.18.0-1.module_el8.5.0+1', { ...binary, module: 'nodejs:14' }),
        ],
      }),
    ],
    result: ['? nodejs [ALSA-1]: it is a build for a module, and nothing says of which stream'],
  },
  {
    why: 'Oracle labels no default streams, so that the release has to do',
    release: ORACLE,
    packages: [rpmOf({ name: 'perl-DBI', version: '1.641-3.module+el8.1.0+1' }, ORACLE)],
    advisories: [
      advisory({
        id: 'ELSA-1',
        source: 'oracle',
        affected: [
          affects('Oracle Linux:8', 'perl-DBI', '<1.641-4.module+el8.9.0+1', { ...binary, module: 'perl-DBI:1.641' }),
        ],
      }),
    ],
    result: ['ELSA-1 perl-DBI (1.641-4.module+el8.9.0+1)'],
  },
];

const BUILDS: readonly Trap[] = [
  {
    why: 'an advisory for another architecture is about another build; names differ by tool',
    release: RHEL,
    packages: [
      rpmOf({ name: 'curl', version: '7-1', arch: 'aarch64' }, RHEL),
      rpmOf({ name: 'tzdata', version: '1-1', arch: 'noarch' }, RHEL),
    ],
    advisories: [
      redHat('CVE-2024-0001', affects('Red Hat:enterprise_linux:9', 'curl', '<8-1', { ...binary, arches: ['x86_64'] })),
      redHat(
        'CVE-2024-0002',
        affects('Red Hat:enterprise_linux:9', 'curl', '<8-1', { ...binary, arches: ['arm64', 'amd64'] }),
      ),
      redHat(
        'CVE-2024-0003',
        affects('Red Hat:enterprise_linux:9', 'tzdata', '<2-1', { ...binary, arches: ['x86_64'] }),
      ),
      redHat('CVE-2024-0004', affects('Red Hat:enterprise_linux:9', 'curl', '<8-1', { ...binary, arches: ['noarch'] })),
    ],
    result: ['CVE-2024-0002 curl (8-1)', 'CVE-2024-0004 curl (8-1)', 'CVE-2024-0003 tzdata (2-1)'],
  },
  {
    why: 'builds for live patching and for FIPS have fixes of their own (trivy#1967)',
    release: ORACLE,
    packages: [
      rpmOf({ name: 'glibc', version: '2:2.28-225.0.4.ksplice1.el8_8.6' }, ORACLE),
      rpmOf({ name: 'gnutls', version: '3.6.16-7.el8_8.1' }, ORACLE),
    ],
    advisories: [
      advisory({
        id: 'ELSA-1',
        source: 'oracle',
        affected: [affects('Oracle Linux:8', 'glibc', '<2:2.28-300.el8', binary)],
      }),
      advisory({
        id: 'ELSA-2',
        source: 'oracle',
        affected: [affects('Oracle Linux:8', 'gnutls', '<10:3.6.16-8.el8_fips', { ...binary, repository: 'fips' })],
      }),
      advisory({
        id: 'ELSA-3',
        source: 'oracle',
        affected: [
          affects('Oracle Linux:8', 'glibc', '<2:2.28-300.ksplice1.el8', { ...binary, repository: 'ksplice' }),
        ],
      }),
    ],
    result: ['ELSA-3 glibc (2:2.28-300.ksplice1.el8)'],
  },
  {
    why: 'a topic of Amazon’s extras is about its own line of versions',
    release: AMAZON,
    packages: [
      rpmOf({ name: 'php', version: '5.4.16-46.amzn2' }, AMAZON),
      rpmOf({ name: 'php-cli', version: '8.2.1-1.amzn2' }, AMAZON),
      rpmOf({ name: 'docker', version: '20.10.1-1.amzn2' }, AMAZON),
    ],
    advisories: [
      advisory({
        id: 'ALAS2PHP8.2-2024-001',
        source: 'amazon',
        affected: [
          affects('Amazon Linux:2', 'php', '<8.2.9-1.amzn2', { ...binary, repository: 'php8.2' }),
          affects('Amazon Linux:2', 'php-cli', '<8.2.9-1.amzn2', { ...binary, repository: 'php8.2' }),
        ],
      }),
      advisory({
        id: 'ALASDOCKER-2024-001',
        source: 'amazon',
        affected: [affects('Amazon Linux:2', 'docker', '<24.0.5-1.amzn2', { ...binary, repository: 'docker' })],
      }),
    ],
    result: ['ALASDOCKER-2024-001 docker (24.0.5-1.amzn2)', 'ALAS2PHP8.2-2024-001 php-cli (8.2.9-1.amzn2)'],
  },
  {
    why: 'what others built is not the distribution’s, though it is called alike (trivy#649, #403, #1886)',
    release: ALMA,
    packages: [
      rpmOf({ name: 'nginx', version: '1:1.20.0-1.el9.ngx' }, ALMA, 'NGINX Packaging <nginx-packaging@f5.com>'),
      rpmOf({ name: 'htop', version: '3.2.1-1.el9' }, ALMA, 'Fedora Project'),
    ],
    advisories: [advisory({ id: 'ALSA-1', affected: [affects('AlmaLinux:9', 'nginx', '<1:1.22.1-3.el9', binary)] })],
    result: ['? htop nginx: somebody else than almalinux built it, so advisories of almalinux say nothing of it'],
  },
  {
    why: 'some distributions sign as a web page, and an SBOM’s packages have no vendor at all',
    release: OPEN_EULER,
    packages: [
      rpmOf({ name: 'curl', version: '7-1.oe2203' }, OPEN_EULER, 'http://openeuler.org'),
      packageOf({ type: 'rpm', name: 'zlib', version: '1-1.oe2203', evidence: 'asserted' }, OPEN_EULER),
    ],
    advisories: [
      advisory({
        id: 'OESA-1',
        affected: [affects('openEuler:22.03', 'curl', '<8'), affects('openEuler:22.03', 'zlib', '<2')],
      }),
    ],
    result: ['OESA-1 curl (8)', 'OESA-1 zlib (2)'],
  },
  {
    why: 'Docker’s own packages for Debian follow nobody’s advisories',
    release: DEBIAN,
    packages: [
      packageOf(
        {
          type: 'deb',
          name: 'containerd.io',
          version: '1.6.1-1',
          vendor: 'Containerd team <help@containerd.io>, Docker Inc.',
          source: { name: 'containerd' },
        },
        DEBIAN,
      ),
    ],
    advisories: [tracker('CVE-2024-0001', affects('Debian:12', 'containerd', '<1.6.20~ds1-1', source))],
    result: ['? containerd.io: somebody else than debian built it, so advisories of debian say nothing of it'],
  },
  {
    why: 'kernel headers run nothing, and one image would have hundreds of findings (trivy#1596, grype#942, #1326)',
    release: DEBIAN,
    packages: [
      deb('linux-libc-dev', '6.1.128-1', { name: 'linux', version: '6.1.128-1' }),
      deb('linux-perf', '6.1.128-1', { name: 'linux', version: '6.1.128-1' }),
    ],
    advisories: [tracker('CVE-2024-0001', affects('Debian:12', 'linux', '<6.1.129-1', source))],
    result: [
      'CVE-2024-0001 linux-perf (6.1.129-1)',
      '- CVE-2024-0001 linux-libc-dev: it installs headers of the kernel, which run nothing',
    ],
  },
  {
    why: 'the kernel of a machine’s image does run',
    release: ALMA,
    packages: [rpmOf({ name: 'kernel-core', version: '5.14.0-1.el9' }, ALMA)],
    advisories: [
      advisory({ id: 'ALSA-1', affected: [affects('AlmaLinux:9', 'kernel-core', '<5.14.0-2.el9', binary)] }),
    ],
    options: { bootsKernel: true },
    result: ['ALSA-1 kernel-core (5.14.0-2.el9)'],
  },
  {
    why: 'a language package that a distribution’s package brought has its backports (trivy#4067, #4257, #9916)',
    release: DEBIAN,
    packages: [
      deb('python3-requests', '2.28.1+dfsg-1', { name: 'requests', version: '2.28.1+dfsg-1' }),
      packageOf({
        type: 'pypi',
        name: 'requests',
        version: '2.28.1',
        managedBy: 'pkg:deb/debian/python3-requests@2.28.1%2Bdfsg-1',
      }),
    ],
    advisories: [
      tracker('CVE-2023-32681', affects('Debian:12', 'requests', '<2.28.1+dfsg-1', source)),
      advisory({
        id: 'PYSEC-2023-74',
        aliases: ['CVE-2023-32681'],
        affected: [affects('PyPI', 'requests', '<2.31.0')],
      }),
    ],
    result: [],
  },
];

const EVIDENCE: readonly Trap[] = [
  {
    why: 'the tracker says that Debian never had it, whatever the OSV export says',
    release: DEBIAN,
    packages: [deb('xz-utils', '5.4.1-0.2')],
    advisories: [
      tracker('CVE-2024-3094', affects('Debian:12', 'xz-utils', '*', { ...source, isNotAffected: true })),
      advisory({
        id: 'DEBIAN-CVE-2024-3094',
        upstream: ['CVE-2024-3094'],
        affected: [affects('Debian:12', 'xz-utils', '*', source)],
      }),
    ],
    result: [],
  },
  {
    why: 'what Debian could not find out is undetermined, though the OSV export calls it affected',
    release: DEBIAN,
    packages: [deb('zlib', '1:1.2.13')],
    advisories: [
      tracker('CVE-2024-0001', affects('Debian:12', 'zlib', '*', unfixed({ kind: 'under-investigation' }))),
      advisory({
        id: 'DEBIAN-CVE-2024-0001',
        upstream: ['CVE-2024-0001'],
        affected: [affects('Debian:12', 'zlib', '*', source)],
      }),
    ],
    result: ['? zlib [CVE-2024-0001]: debian-tracker is still investigating whether it is affected'],
  },
  {
    why: 'version 0 of a secdb entry is evidence that the package never had it',
    release: ALPINE,
    packages: [apk('curl', '8.5.0-r0')],
    advisories: [
      secdb('CVE-2024-0001', affects('Alpine:v3.19', 'curl', '*', { ...source, isNotAffected: true })),
      advisory({
        id: 'ALPINE-CVE-2024-0001',
        aliases: ['CVE-2024-0001'],
        affected: [affects('Alpine:v3.19', 'curl', '<8.6', source)],
      }),
    ],
    result: [],
  },
  {
    why: 'why there is no fix is told in the distribution’s words',
    release: DEBIAN,
    packages: [deb('curl', '7.88.1-10')],
    advisories: [
      tracker(
        'CVE-2024-0001',
        affects('Debian:12', 'curl', '*', unfixed({ kind: 'will-not-fix', reason: 'Minor issue' })),
      ),
      tracker('CVE-2024-0002', affects('Debian:12', 'curl', '*', unfixed({ kind: 'end-of-life' }))),
      tracker('CVE-2024-0003', affects('Debian:12', 'curl', '*', source)),
    ],
    result: ['CVE-2024-0001 curl (will-not-fix)', 'CVE-2024-0002 curl (end-of-life)', 'CVE-2024-0003 curl (not-fixed)'],
  },
  {
    why: 'a withdrawn advisory says nothing',
    release: DEBIAN,
    packages: [deb('curl', '7.88.1-10')],
    advisories: [
      { ...tracker('CVE-2024-0001', affects('Debian:12', 'curl', '*', source)), withdrawn: '2024-05-01T00:00:00Z' },
    ],
    result: [],
  },
  {
    why: 'an erratum is taken apart by the weaknesses it fixes, and joins none of them',
    release: ALMA,
    packages: [openssl('1:3.0.1-43.el9_0')],
    advisories: [
      advisory({
        id: 'ALSA-2023:0946',
        upstream: ['CVE-2022-4203', 'CVE-2022-4304'],
        affected: [affects('AlmaLinux:9', 'openssl-libs', '<1:3.0.1-47.el9_1', binary)],
      }),
    ],
    result: ['CVE-2022-4203 openssl-libs (1:3.0.1-47.el9_1)', 'CVE-2022-4304 openssl-libs (1:3.0.1-47.el9_1)'],
  },
  {
    why: 'Chainguard’s word about its own build comes before Wolfi’s',
    release: distro('chainguard'),
    packages: [apk('curl', '8.5.0-r0', 'curl', distro('chainguard')), apk('jq', '1.7-r0', 'jq', distro('chainguard'))],
    advisories: [
      secdb('CVE-2024-0001', affects('Chainguard', 'curl', '*', { ...source, isNotAffected: true })),
      secdb('CVE-2024-0001', affects('Wolfi', 'curl', '<8.6.0-r0', source)),
      secdb('CVE-2024-0002', affects('Wolfi', 'jq', '<1.7.1-r0', source)),
    ],
    result: ['CVE-2024-0002 jq (1.7.1-r0)'],
  },
];

const TRAPS = [...NAMES_AND_VERSIONS, ...RELEASES, ...MODULES, ...BUILDS, ...EVIDENCE];

test.each(TRAPS)('$why', ({ release, packages, advisories, options, result }) => {
  expect(inShort(match({ packages, release }, advisories, options))).toEqual(result);
});

test('errata that fix a weakness are among its ids, and only those the package still lacks', () => {
  const fix = (id: string, version: string) =>
    advisory({
      id,
      upstream: ['CVE-2024-0001', 'CVE-2024-0002'],
      affected: [affects('AlmaLinux:9', 'curl', `<${version}`, binary)],
    });
  const packages = [rpmOf({ name: 'curl', version: '7.76.1-20.el9' }, ALMA)];
  const { findings } = match({ packages, release: ALMA }, [
    fix('ALSA-2024:1', '7.76.1-10.el9'),
    fix('ALSA-2024:2', '7.76.1-30.el9'),
  ]);
  expect(findings.map(({ id, aliases }) => [id, aliases])).toEqual([
    ['CVE-2024-0001', ['ALSA-2024:2']],
    ['CVE-2024-0002', ['ALSA-2024:2']],
  ]);
});

test('the reason for no fix without a subscription says which version it would be', () => {
  const packages = [packageOf({ type: 'deb', name: 'curl', version: '7.68.0-1ubuntu2.22' }, UBUNTU)];
  const affected = [affects('Ubuntu:Pro:20.04:LTS', 'curl', '<7.68.0-1ubuntu2.25+esm1', source)];
  const { findings } = match({ packages, release: UBUNTU }, [
    advisory({ id: 'UBUNTU-CVE-2024-0001', upstream: ['CVE-2024-0001'], affected }),
  ]);
  expect(findings[0]?.fix).toEqual({
    kind: 'will-not-fix',
    reason: '7.68.0-1ubuntu2.25+esm1 is only for those with Ubuntu Pro',
  });
});

test('a root file system inside the image follows the advisories of its own distribution', () => {
  const nested = { ...apk('zlib', '1.2.11-r0', 'zlib', distro('alpine', '3.9.4')), root: 'srv/chroot' };
  const advisories = [
    secdb('CVE-2024-0001', affects('Alpine:v3.9', 'zlib', '<1.2.11-r1', source)),
    tracker('CVE-2024-0002', affects('Debian:12', 'curl', '<9', source)),
  ];
  expect(inShort(match({ packages: [nested], release: DEBIAN }, advisories))).toEqual([
    'CVE-2024-0001 zlib (1.2.11-r1)',
  ]);
});
