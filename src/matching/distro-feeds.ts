/**
 * Which feeds speak of a distribution's packages: always those of its own release, never of another one.
 *
 * Source: OSV schema 1.7, "Defined ecosystems", and how the feeds of our own name theirs; IDs as in os-release(5). A derivative is not
 * judged by its parent's advisories: versions, patches and dates differ.
 */
import type { PackageType } from '#inventory/package.ts';
import type { DistroName, Feed } from './feed.ts';
import { leapFeeds, suseFeeds } from './suse-feeds.ts';

export interface DistroFeedOptions {
  /** Whether the image takes updates from Ubuntu Pro; its fixes are out of reach otherwise. */
  readonly hasUbuntuPro?: boolean;
  /**
   * Red Hat's names of the repositories an image takes packages from, CPEs without `cpe:/o:redhat:` (`enterprise_linux:9::baseos`,
   * `rhel_eus:9.2::appstream`); the main stream of the release if missing.
   */
  readonly redHatPlatforms?: readonly string[];
  /** Whether rebuilds of Red Hat Enterprise Linux that have no feed of their own are judged by Red Hat's; default false. */
  readonly allowsParent?: boolean;
}

/** The feeds of one release of a distribution. */
export interface DistroFeeds {
  /** For people: `fedora 43`, `centos 7 (derived from rhel fedora)`. */
  readonly label: string;
  /** The type of the packages that the feeds are about; `undefined` when the distribution is not known. */
  readonly packageType: PackageType | undefined;
  /** Empty when none is known. */
  readonly feeds: readonly Feed[];
  /** How the `Vendor` of the distribution's own rpms begins; missing where any vendor will do. */
  readonly builders?: readonly string[];
}

/** One family of distributions. */
interface Family {
  readonly type: PackageType;
  readonly builders?: readonly string[];
  feeds(distro: DistroName, options: DistroFeedOptions): readonly Feed[];
}

/** The feeds of `distro`. Whether the database has them is not asked here. */
export function findDistroFeeds(distro: DistroName, options: DistroFeedOptions = {}): DistroFeeds {
  const own = FAMILIES.get(distro.id);
  if (own !== undefined) return toDistroFeeds(distro, own, options);
  const release = releaseLabel(distro);
  const parents = distro.idLike.filter(id => id !== distro.id);
  const redHat = FAMILIES.get('rhel');
  if (options.allowsParent && redHat !== undefined && parents.includes('rhel')) {
    return { label: release, packageType: 'rpm', feeds: redHat.feeds(distro, options) };
  }
  const label = parents.length === 0 ? release : `${release} (derived from ${parents.join(' ')})`;
  return { label, packageType: undefined, feeds: [] };
}

function toDistroFeeds(distro: DistroName, family: Family, options: DistroFeedOptions): DistroFeeds {
  const { type, builders } = family;
  return {
    label: releaseLabel(distro),
    packageType: type,
    feeds: family.feeds(distro, options),
    ...(builders === undefined ? {} : { builders }),
  };
}

function releaseLabel({ id, versionId, codename }: DistroName): string {
  const release = versionId ?? codename;
  return release === undefined ? id : `${id} ${release}`;
}

const major = (distro: DistroName) => distro.versionId?.split('.')[0];
const majorMinor = (distro: DistroName) => distro.versionId?.split('.').slice(0, 2).join('.');

function toFeed(ecosystem: string, names: Feed['names']): Feed {
  return { kind: 'distribution', ecosystem, names, rank: 0 };
}

/** One ecosystem, named for the release; no feed when the image does not say which release it is. */
function released(ecosystem: string, names: Feed['names'], release: (distro: DistroName) => string | undefined) {
  return (distro: DistroName): readonly Feed[] => {
    const suffix = release(distro);
    return suffix === undefined ? [] : [toFeed(`${ecosystem}:${suffix}`, names)];
  };
}

/** Ecosystems of a distribution without releases, best first. */
function rolling(names: Feed['names'], ...ecosystems: readonly string[]) {
  const feeds = ecosystems.map((ecosystem, rank) => ({ ...toFeed(ecosystem, names), rank }));
  return (): readonly Feed[] => feeds;
}

/** Debian's releases by codename, for images of testing, whose os-release has no number. Source: debian.csv of distro-info-data. */
const DEBIAN_NUMBERS: Readonly<Record<string, string>> = {
  jessie: '8',
  stretch: '9',
  buster: '10',
  bullseye: '11',
  bookworm: '12',
  trixie: '13',
  forky: '14',
  duke: '15',
};

function debianRelease({ versionId, codename }: DistroName): string {
  // Images of testing and of sid both carry the codename of testing; one without any is sid.
  return versionId?.split('.')[0] ?? DEBIAN_NUMBERS[codename ?? ''] ?? codename ?? 'sid';
}

function ubuntuFeeds({ versionId }: DistroName, { hasUbuntuPro = false }: DistroFeedOptions): readonly Feed[] {
  if (versionId === undefined) return [];
  const [year = '', month = ''] = versionId.split('.');
  const release = Number(year) % 2 === 0 && month === '04' ? `${versionId}:LTS` : versionId;
  const subscription = hasUbuntuPro ? {} : { subscription: 'Ubuntu Pro' };
  return [
    { ...toFeed(`Ubuntu:${release}`, 'both'), rank: hasUbuntuPro ? 1 : 0 },
    { ...toFeed(`Ubuntu:Pro:${release}`, 'both'), rank: hasUbuntuPro ? 0 : 1, ...subscription },
  ];
}

function alpineRelease(distro: DistroName): string | undefined {
  // The next release calls itself `3.23_alpha20250612` on edge.
  if (distro.versionId?.includes('_alpha') || distro.versionId === 'edge') return 'edge';
  const release = majorMinor(distro);
  return release === undefined ? undefined : `v${release}`;
}

/** Repositories that an image of Red Hat Enterprise Linux uses unless it says otherwise, by major release. */
const RED_HAT_STREAMS: Readonly<Record<string, readonly string[]>> = {
  5: ['server', 'client', 'client_workstation'],
  6: ['server', 'client', 'computenode', 'workstation'],
  7: ['server', 'client', 'computenode', 'workstation'],
};
const NEWER_RED_HAT_STREAMS = ['baseos', 'appstream', 'crb'];

function redHatFeeds(distro: DistroName, { redHatPlatforms }: DistroFeedOptions): readonly Feed[] {
  const release = major(distro);
  if (release === undefined) return [];
  const releases = new Set([release, majorMinor(distro) ?? release]);
  const streams = RED_HAT_STREAMS[release] ?? NEWER_RED_HAT_STREAMS;
  // Flaws without a fix are told of the release as a whole; since 10 the minor release may be in the name.
  const platforms = redHatPlatforms ?? [
    ...[...releases].map(one => `enterprise_linux:${one}`),
    ...[...releases].flatMap(one => streams.map(stream => `enterprise_linux:${one}::${stream}`)),
  ];
  return platforms.map(platform => toFeed(`Red Hat:${platform}`, 'both'));
}

/** `2018.03` is the last release of the first Amazon Linux. */
function amazonRelease({ versionId }: DistroName): string | undefined {
  return versionId?.includes('.') ? '1' : versionId;
}

/** `openEuler 22.03 (LTS-SP3)` is `22.03-LTS-SP3`. */
function openEulerRelease({ versionId, name }: DistroName): string | undefined {
  const level = /\((LTS(?:-[A-Z0-9]{1,10}){0,2})\)/.exec(name)?.[1];
  return versionId === undefined ? undefined : level === undefined ? versionId : `${versionId}-${level}`;
}

const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['debian', { type: 'deb', feeds: released('Debian', 'source', debianRelease) }],
  ['raspbian', { type: 'deb', feeds: released('Debian', 'source', debianRelease) }],
  ['ubuntu', { type: 'deb', feeds: ubuntuFeeds }],
  ['echo', { type: 'deb', feeds: rolling('both', 'Echo') }],
  ['alpine', { type: 'apk', feeds: released('Alpine', 'source', alpineRelease) }],
  ['wolfi', { type: 'apk', feeds: rolling('both', 'Wolfi') }],
  // Its images take packages from Wolfi too.
  ['chainguard', { type: 'apk', feeds: rolling('both', 'Chainguard', 'Wolfi') }],
  ['minimos', { type: 'apk', feeds: rolling('both', 'MinimOS') }],
  ['cleanstart', { type: 'apk', feeds: rolling('both', 'CleanStart') }],
  ['alpaquita', { type: 'apk', feeds: released('Alpaquita', 'both', ({ versionId }) => versionId ?? 'stream') }],
  ['rhel', { type: 'rpm', builders: ['Red Hat'], feeds: redHatFeeds }],
  ['almalinux', { type: 'rpm', builders: ['AlmaLinux', 'CloudLinux'], feeds: released('AlmaLinux', 'both', major) }],
  ['rocky', { type: 'rpm', builders: ['Rocky'], feeds: released('Rocky Linux', 'both', major) }],
  ['ol', { type: 'rpm', builders: ['Oracle America'], feeds: released('Oracle Linux', 'both', major) }],
  ['amzn', { type: 'rpm', builders: ['Amazon'], feeds: released('Amazon Linux', 'both', amazonRelease) }],
  [
    'fedora',
    { type: 'rpm', builders: ['Fedora Project'], feeds: released('Fedora', 'both', ({ versionId }) => versionId) },
  ],
  ['sles', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: suseFeeds }],
  ['sled', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: suseFeeds }],
  ['sles_sap', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: suseFeeds }],
  ['sle_hpc', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: suseFeeds }],
  ['sle-micro', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: suseFeeds }],
  ['sl-micro', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: suseFeeds }],
  ['opensuse-leap', { type: 'rpm', builders: ['SUSE', 'openSUSE'], feeds: leapFeeds }],
  [
    'opensuse-tumbleweed',
    { type: 'rpm', builders: ['openSUSE', 'SUSE'], feeds: rolling('both', 'openSUSE:Tumbleweed') },
  ],
  ['azurelinux', { type: 'rpm', builders: ['Microsoft Corporation'], feeds: released('Azure Linux', 'both', major) }],
  ['mariner', { type: 'rpm', builders: ['Microsoft Corporation'], feeds: released('Azure Linux', 'both', major) }],
  ['photon', { type: 'rpm', builders: ['VMware', 'Broadcom'], feeds: released('Photon OS', 'both', majorMinor) }],
  ['mageia', { type: 'rpm', builders: ['Mageia'], feeds: released('Mageia', 'both', major) }],
  [
    'openeuler',
    {
      type: 'rpm',
      builders: ['openEuler', 'http://openeuler.org'],
      feeds: released('openEuler', 'both', openEulerRelease),
    },
  ],
  ['arch', { type: 'alpm', feeds: rolling('both', 'Arch Linux') }],
  ['gentoo', { type: 'ebuild', feeds: rolling('own', 'Gentoo') }],
]);
