/**
 * Where a distribution's packages come from: its public repositories, by what an image says of itself.
 *
 * Sources: the distributions' own default configurations, 2026-11. A repository that a vendor added to an image is not known here, so packages
 * from it never cause a rebuild.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { OsRelease } from '#inventory/package.ts';
import type { IndexKind } from './package-index.ts';

/** One repository. */
export interface PackageRepository {
  readonly kind: IndexKind;
  /** The folder that its index is found below: with `dists/` for Debian's kind, the APKINDEX or `repodata/` for the others. */
  readonly url: URL;
  /** For Debian's kind: `bookworm-security`; else empty. */
  readonly suite: string;
  /** As the repository writes it: `amd64`, `x86_64`. */
  readonly arch: string;
}

/** Base addresses that stand in for public ones, for sites that mirror them: `https://deb.debian.org/debian` by its mirror. */
export type RepositoryMirrors = ReadonlyMap<string, string>;

/** What is known of an image. */
export interface ImagePlace {
  readonly distro: Pick<OsRelease, 'id' | 'versionId' | 'codename'>;
  /** As OCI writes it: `amd64`, `arm64`. */
  readonly architecture: string;
}

/** OCI's architectures as Debian and as everybody else writes them. */
const ARCHITECTURES: Readonly<Record<string, readonly [deb: string, other: string]>> = {
  amd64: ['amd64', 'x86_64'],
  arm64: ['arm64', 'aarch64'],
  arm: ['armhf', 'armv7'],
  '386': ['i386', 'x86'],
  ppc64le: ['ppc64el', 'ppc64le'],
  s390x: ['s390x', 's390x'],
  riscv64: ['riscv64', 'riscv64'],
};

const DEBIAN = 'https://deb.debian.org/debian';
const DEBIAN_SECURITY = 'https://deb.debian.org/debian-security';
const UBUNTU = 'http://archive.ubuntu.com/ubuntu';
const UBUNTU_PORTS = 'http://ports.ubuntu.com/ubuntu-ports';
const ALPINE = 'https://dl-cdn.alpinelinux.org/alpine';

/** RPM repositories: `{major}`, `{release}` and `{arch}` are filled in. */
const RPM: Readonly<Record<string, readonly string[]>> = {
  almalinux: ['BaseOS', 'AppStream'].map(part => `https://repo.almalinux.org/almalinux/{major}/${part}/{arch}/os`),
  rocky: ['BaseOS', 'AppStream'].map(part => `https://dl.rockylinux.org/pub/rocky/{major}/${part}/{arch}/os`),
  centos: ['BaseOS', 'AppStream'].map(part => `https://mirror.stream.centos.org/{major}-stream/${part}/{arch}/os`),
  // Of RHEL only what is free to all: that is what UBI images are made of.
  rhel: ['baseos', 'appstream'].map(
    part => `https://cdn-ubi.redhat.com/content/public/ubi/dist/ubi{major}/{major}/{arch}/${part}/os`,
  ),
  ol: ['baseos/latest', 'appstream'].map(part => `https://yum.oracle.com/repo/OracleLinux/OL{major}/${part}/{arch}`),
  fedora: ['https://dl.fedoraproject.org/pub/fedora/linux/updates/{release}/Everything/{arch}'],
  'opensuse-leap': ['oss', 'sle'].map(part => `https://download.opensuse.org/update/leap/{release}/${part}`),
};

/**
 * Reads mirrors, `PUBLIC=OWN` each, separated by white space or commas: `https://deb.debian.org/debian=http://mirror.example/debian`. Of RPM
 * repositories the public part is the scheme and host alone. @throws {PlimsollError} `CONFIGURATION_INVALID`.
 */
export function parseRepositoryMirrors(text: string): RepositoryMirrors {
  const mirrors = new Map<string, string>();
  for (const entry of text.split(/[\s,]+/).filter(word => word !== '')) {
    const [, from = '', to = ''] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
    if (!isWebAddress(from) || !isWebAddress(to)) {
      throw new PlimsollError(
        'CONFIGURATION_INVALID',
        `Cannot read the mirror "${printable(entry, 200)}": expected PUBLIC=OWN, such as https://deb.debian.org/debian=https://mirror.example/debian`,
      );
    }
    mirrors.set(from.replace(/\/+$/, ''), to);
  }
  return mirrors;
}

const isWebAddress = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? '');

/** The repositories of an image's distribution; empty when none is known for it. */
export function repositoriesOf(
  { distro, architecture }: ImagePlace,
  mirrors: RepositoryMirrors = new Map(),
): readonly PackageRepository[] {
  const [deb, other] = ARCHITECTURES[architecture] ?? [];
  if (deb === undefined || other === undefined) return [];
  const { id, versionId = '', codename = '' } = distro;
  const at = (base: string, path: string) => new URL(`${(mirrors.get(base) ?? base).replace(/\/+$/, '')}/${path}`);
  const debian = (base: string, suite: string) => ({ kind: 'deb' as const, url: at(base, ''), suite, arch: deb });
  const word = /^[a-z]+$/;
  if (id === 'debian' && word.test(codename)) {
    return [
      debian(DEBIAN, codename),
      debian(DEBIAN, `${codename}-updates`),
      debian(DEBIAN_SECURITY, `${codename}-security`),
    ];
  }
  if (id === 'ubuntu' && word.test(codename)) {
    const base = deb === 'amd64' || deb === 'i386' ? UBUNTU : UBUNTU_PORTS;
    return ['', '-updates', '-security'].map(suffix => debian(base, `${codename}${suffix}`));
  }
  const apk = (base: string, path: string) => ({ kind: 'apk' as const, url: at(base, path), suite: '', arch: other });
  if (id === 'alpine') {
    const [, release] = /^(\d+\.\d+)\.\d+$/.exec(versionId) ?? [];
    const branch = release === undefined ? 'edge' : `v${release}`;
    return ['main', 'community'].map(part => apk(ALPINE, `${branch}/${part}/${other}/`));
  }
  if (id === 'wolfi') return [apk('https://packages.wolfi.dev/os', `${other}/`)];
  const [major = ''] = versionId.split('.');
  if (!/^\d{1,3}$/.test(major)) return [];
  return (RPM[id] ?? []).map(template => {
    const words: Readonly<Record<string, string>> = { major, release: versionId, arch: other };
    const [origin = ''] = /^https:\/\/[^/]+/.exec(template) ?? [];
    const path = template.slice(origin.length + 1).replace(/\{([a-z]+)\}/g, (_, name: string) => words[name] ?? '');
    return { kind: 'rpm' as const, url: at(origin, `${path}/`), suite: '', arch: other };
  });
}
