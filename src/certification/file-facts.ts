/**
 * What the checks ask of the files of an image, made of the facts of its layers: no file is read for it again.
 *
 * It is small and plain data, so that it can be kept beside an inventory.
 */
import { FinalTree } from '#inventory/final-tree.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { mergeLayers } from '#inventory/merge-layers.ts';
import { findLicenses, type LicenseFacts } from './license-files.ts';
import { findRpmChanges, type RpmChanges } from './rpm-changes.ts';
import { RPM_DATABASES } from './rpm-view.ts';

/** Facts about files of one image. */
export interface FileFacts {
  readonly licenses: LicenseFacts;
  /** Paths of rpm databases that could be read, in the final tree. */
  readonly rpmDatabases: readonly string[];
  /** `platform:el9`, as PLATFORM_ID of os-release says. */
  readonly platformId?: string;
  /** Whether there is an os-release file that names a system. */
  readonly hasOsRelease: boolean;
  /** Users besides `root` whose number is 0; missing when there are none. */
  readonly rootUsers?: readonly string[];
  readonly changes: RpmChanges;
  /** Layers and databases that could not be read in whole, as sentences without full stop: nothing that depends on them is certain. */
  readonly unread: readonly string[];
  /** Files that are too many to tell of each, in the same way. */
  readonly gaps: readonly string[];
}

const OS_RELEASE = ['etc/os-release', 'usr/lib/os-release'];

/** The facts of an image of these layers, lowest first. */
export function toFileFacts(layers: readonly LayerFacts[]): FileFacts {
  const { files, links } = mergeLayers(layers);
  const tree = new FinalTree(layers);
  const releases = OS_RELEASE.map(path => links.realPath(path) ?? path);
  const release = files
    .filter(file => file.fact.osRelease !== undefined && releases.includes(file.path))
    .sort((a, b) => releases.indexOf(a.path) - releases.indexOf(b.path))[0];
  const platformId = release?.fact.extra?.['platform'];
  const rootUsers = files.flatMap(file => textsOf(file.fact.extra?.['rootUsers']));
  const databases = files.filter(
    file => file.fact.content !== undefined && RPM_DATABASES.some(one => one.test(file.path)),
  );
  const unread = layers.flatMap((layer, at) => {
    const reasons = layer.gaps.filter(({ path }) => path === undefined || RPM_DATABASES.some(one => one.test(path)));
    if (layer.marks === undefined && reasons.length === 0) return [`Layer ${at + 1} was not read`];
    return reasons.map(({ path, reason }) => `Layer ${at + 1}${path === undefined ? '' : `, /${path}`}: ${reason}`);
  });
  const gaps = layers.flatMap((layer, at) => (layer.marks?.gaps ?? []).map(gap => `Layer ${at + 1}: ${gap}`));
  return {
    licenses: findLicenses(layers, tree, links),
    rpmDatabases: databases.map(file => file.path).sort(),
    ...(typeof platformId === 'string' ? { platformId } : {}),
    hasOsRelease: release !== undefined,
    ...(rootUsers.length === 0 ? {} : { rootUsers }),
    changes: findRpmChanges(layers),
    unread,
    gaps,
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : [];
}
