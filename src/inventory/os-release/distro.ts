/**
 * Which distribution a root file system is, from the release files it has, best first.
 *
 * Source: os-release(5) for the order of the first two; the rest as distributions used them before.
 */
import type { Distro } from '../inventory.ts';
import type { OsRelease } from '../package.ts';
import { endOfLifeOf } from './end-of-life.ts';
import { parseAssignments } from './parse-os-release.ts';

/** What the release files of one root say: os-release by path, the text of the others by path. */
export interface ReleaseFiles {
  /** Looks a path up through links, relative to the root in question. */
  osRelease(path: string): OsRelease | undefined;
  text(path: string): string | undefined;
}

/** `Name release X.Y (Codename)` files and the distribution each belongs to; `redhat-release` says it in its text. */
const NAMED_RELEASES: readonly (readonly [path: string, id: string | undefined])[] = [
  ['etc/almalinux-release', 'almalinux'],
  ['etc/rocky-release', 'rocky'],
  ['etc/oracle-release', 'ol'],
  ['etc/fedora-release', 'fedora'],
  ['etc/centos-release', 'centos'],
  ['etc/photon-release', 'photon'],
  ['etc/mariner-release', 'mariner'],
  ['etc/SuSE-release', undefined],
  ['etc/redhat-release', undefined],
  ['etc/system-release', undefined],
  ['usr/lib/system-release', undefined],
];

const ID_BY_WORDS: readonly (readonly [words: RegExp, id: string])[] = [
  [/^alma/i, 'almalinux'],
  [/^rocky/i, 'rocky'],
  [/^centos/i, 'centos'],
  [/^red hat enterprise/i, 'rhel'],
  [/^oracle/i, 'ol'],
  [/^fedora/i, 'fedora'],
  [/^amazon/i, 'amzn'],
  [/^scientific/i, 'scientific'],
  [/^opensuse/i, 'opensuse'],
  [/^suse/i, 'sles'],
  [/^photon/i, 'photon'],
  [/mariner/i, 'mariner'],
];

/** The distribution, with its end of life when known; `undefined` when no file names one. */
export function findDistro(files: ReleaseFiles): Distro | undefined {
  const release = files.osRelease('etc/os-release') ?? files.osRelease('usr/lib/os-release') ?? fromOlderFiles(files);
  if (release === undefined) return undefined;
  const detailed = withDetail(release, files);
  const endOfLife = detailed.supportEnd ?? endOfLifeOf(detailed);
  return endOfLife === undefined ? detailed : { ...detailed, endOfLife };
}

/** Alpine and Debian keep the point release in files of their own. */
function withDetail(release: OsRelease, files: ReleaseFiles): OsRelease {
  if (release.id === 'alpine' && release.versionId === undefined) {
    const version = files.text('etc/alpine-release')?.trim();
    if (version) return { ...release, versionId: version };
  }
  return release;
}

function fromOlderFiles(files: ReleaseFiles): OsRelease | undefined {
  const alpine = files.text('etc/alpine-release')?.trim();
  if (alpine)
    return {
      id: 'alpine',
      idLike: [],
      versionId: alpine,
      name: `Alpine Linux v${alpine.split('.').slice(0, 2).join('.')}`,
    };
  const lsb = parseAssignments(files.text('etc/lsb-release') ?? '');
  const lsbId = lsb.get('DISTRIB_ID')?.toLowerCase();
  if (lsbId && /^[a-z0-9._-]+$/.test(lsbId)) {
    const version = lsb.get('DISTRIB_RELEASE');
    const codename = lsb.get('DISTRIB_CODENAME');
    return {
      id: lsbId,
      idLike: [],
      name: lsb.get('DISTRIB_DESCRIPTION') || `${lsb.get('DISTRIB_ID')} ${version ?? ''}`.trim(),
      ...(version ? { versionId: version } : {}),
      ...(codename ? { codename } : {}),
    };
  }
  return fromNamedRelease(files) ?? fromDebianVersion(files.text('etc/debian_version')?.trim()) ?? fromMarker(files);
}

function fromNamedRelease(files: ReleaseFiles): OsRelease | undefined {
  for (const [path, knownId] of NAMED_RELEASES) {
    const [line = ''] = (files.text(path) ?? '').split('\n');
    const id = knownId ?? ID_BY_WORDS.find(([words]) => words.test(line))?.[1];
    if (line.trim() === '' || id === undefined) continue;
    const version = /(?:release |Linux |VERSION = )v?(\d+(?:\.\d+)*)/i.exec(line)?.[1];
    return { id, idLike: [], name: line.trim(), ...(version ? { versionId: version } : {}) };
  }
  return undefined;
}

function fromDebianVersion(text: string | undefined): OsRelease | undefined {
  if (!text) return undefined;
  const major = /^(\d+)/.exec(text)?.[1];
  if (major !== undefined) return { id: 'debian', idLike: [], versionId: major, name: `Debian GNU/Linux ${text}` };
  const codename = /^([a-z]+)(?:\/sid)?$/.exec(text)?.[1];
  return codename === undefined ? undefined : { id: 'debian', idLike: [], codename, name: `Debian GNU/Linux ${text}` };
}

function fromMarker(files: ReleaseFiles): OsRelease | undefined {
  if (files.text('etc/arch-release') !== undefined) return { id: 'arch', idLike: [], name: 'Arch Linux' };
  if (files.text('etc/gentoo-release') !== undefined) return { id: 'gentoo', idLike: [], name: 'Gentoo' };
  return undefined;
}
