/**
 * Which operating system package owns which file, as its package manager recorded it.
 *
 * Two records for one thing are the commonest false positive there is: Debian's `python3-requests` has its fixes backported, and the
 * `requests` metadata inside it looks old. What a distribution package owns follows the distribution.
 */
import type { LinkMap } from './link-map.ts';
import type { MergedFile } from './merge-layers.ts';
import { type FoundPackage, OS_PACKAGE_TYPES } from './package.ts';
import { isThirdParty } from './third-party.ts';

/** An owner and the layer since which this version of it is installed. */
export interface Owner {
  readonly found: FoundPackage;
  /** Root file system it belongs to, `''` for the image's own. */
  readonly root: string;
  readonly introducedIn: number;
}

/**
 * The owners of `wanted` paths (real paths), for those that a distribution's own package owns. Paths of other owners, and of files that
 * nobody owns, are missing.
 */
export function findOwners(
  files: readonly MergedFile[],
  wanted: ReadonlySet<string>,
  links: LinkMap,
  rootOf: (path: string) => string,
): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  if (wanted.size === 0) return owners;
  const named = new Map<string, Owner>();
  const claim = (written: string, owner: Owner) => {
    const path = owner.root === '' ? written : `${owner.root}/${written}`;
    const real = wanted.has(path) ? path : links.realFolderPath(path);
    if (real !== undefined && wanted.has(real)) owners.set(real, owner);
  };
  for (const { path, fact, introducedIn, layerIndex } of files) {
    const packages = fact.packages ?? [];
    if (!packages.some(found => OS_PACKAGE_TYPES.has(found.type))) continue;
    const root = rootOf(path);
    const list = packages.map((found, at) => ({ found, root, introducedIn: introducedIn[at] ?? layerIndex }));
    for (const owner of list) {
      if (owner.found.evidence === 'asserted') continue;
      named.set(nameKey(root, owner.found.type, owner.found.name, owner.found.arch), owner);
      named.set(nameKey(root, owner.found.type, owner.found.name, undefined), owner);
    }
    for (const [index, paths] of fact.owned ?? []) {
      const owner = list[index];
      if (owner === undefined || owner.found.evidence === 'asserted' || isThirdParty(owner.found)) continue;
      for (const written of paths) claim(written, owner);
    }
  }
  for (const { path, fact } of files) {
    const { ownedBy } = fact;
    if (ownedBy === undefined) continue;
    const owner = named.get(nameKey(rootOf(path), ownedBy.type, ownedBy.name, ownedBy.arch));
    if (owner === undefined || isThirdParty(owner.found)) continue;
    for (const written of ownedBy.paths) claim(written, owner);
  }
  return owners;
}

function nameKey(root: string, type: string, name: string, arch: string | undefined): string {
  return [root, type, name, arch ?? ''].join('\0');
}
