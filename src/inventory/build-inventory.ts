/**
 * From merged layers to the inventory: one row per distinct package, with where it was found and who manages it.
 */
import type { Digest } from '#oci/digest.ts';
import { toPurl } from '#purl/purl.ts';
import { pathHash } from './entry-set.ts';
import { FinalTree } from './final-tree.ts';
import type { Distro, Inventory, InventoryImage, Location, Package } from './inventory.ts';
import type { LayerFacts } from './layer-facts.ts';
import { type MergedFile, type MergedLayers, mergeLayers } from './merge-layers.ts';
import { findDistro, type ReleaseFiles } from './os-release/distro.ts';
import { findOwners, type Owner } from './owner-map.ts';
import { type FoundPackage, type Gap, OS_PACKAGE_TYPES } from './package.ts';
import { findRedHatBuild } from './redhat-build/find-build.ts';

/** The inventory of `image`, whose layers told `facts`, in the same order. A folder is one layer of facts and no layers in `image`. */
export function buildInventory(image: InventoryImage, facts: readonly LayerFacts[]): Inventory {
  const merged = mergeLayers(facts);
  const roots = findRoots(merged);
  const distro = roots.get('');
  const tree = new FinalTree(facts);
  const owners = ownersOf(merged, facts, rootFinder(roots));
  const packages = collectRows(merged, roots, image, tree, owners);
  const gaps = collectGaps(merged, facts, image, tree, owners);
  const redHat = findRedHatBuild(merged.files);
  return {
    image,
    ...(distro === undefined ? {} : { distro }),
    ...(redHat === undefined ? {} : { redHat }),
    packages,
    gaps,
  };
}

/** Packages in the order of inventories: by type, name, version, architecture, root, in code point order. */
export function comparePackages(a: Package, b: Package): number {
  return (
    compareText(a.type, b.type) ||
    compareText(a.name, b.name) ||
    compareText(a.version, b.version) ||
    compareText(a.arch ?? '', b.arch ?? '') ||
    compareText(a.root ?? '', b.root ?? '') ||
    compareText(a.purl, b.purl)
  );
}

/** The distribution packages that own what tells of language packages, and what could not be read. */
function ownersOf(
  merged: MergedLayers,
  facts: readonly LayerFacts[],
  rootOf: (path: string) => string,
): ReadonlyMap<string, Owner> {
  const wanted = new Set(merged.files.filter(hasLanguagePackage).map(file => file.path));
  for (const layer of facts) {
    for (const { path } of layer.gaps) if (path !== undefined) wanted.add(merged.links.realFolderPath(path) ?? path);
  }
  return findOwners(merged.files, wanted, merged.links, rootOf);
}

/**
 * The gaps that matter to this image: not those of files that an upper layer removed, nor of files that a distribution package accounts
 * for, whose advisories speak for them.
 */
function collectGaps(
  merged: MergedLayers,
  facts: readonly LayerFacts[],
  image: InventoryImage,
  tree: FinalTree,
  owners: ReadonlyMap<string, Owner>,
): Gap[] {
  const gaps: Gap[] = [];
  facts.forEach((layer, index) => {
    for (const gap of layer.gaps) {
      const { path } = gap;
      const isRemoved = path !== undefined && layer.entries.has(pathHash(path)) && !tree.has(path);
      const owner = path === undefined ? undefined : owners.get(merged.links.realFolderPath(path) ?? path);
      const isOwned = owner !== undefined && owner.introducedIn >= index;
      if (!isRemoved && !isOwned) gaps.push(withLayer(gap, image.layers[index]?.digest));
    }
  });
  for (const { layerIndex, ...gap } of merged.gaps) gaps.push(withLayer(gap, image.layers[layerIndex]?.digest));
  return gaps;
}

interface Row {
  found: FoundPackage;
  readonly root: string;
  purl: string;
  layerIndex: number;
  readonly locations: Map<string, number>;
  /** Owners of its locations; `undefined` among them when one is not owned. */
  readonly owners: Set<Owner | undefined>;
}

function collectRows(
  merged: MergedLayers,
  roots: ReadonlyMap<string, Distro>,
  image: InventoryImage,
  tree: FinalTree,
  owners: ReadonlyMap<string, Owner>,
): Package[] {
  const rootOf = rootFinder(roots);
  const rows = new Map<string, Row>();
  for (const file of merged.files) {
    const root = rootOf(file.path);
    const carriedBy = new Map(file.fact.carriedBy);
    file.fact.packages?.forEach((found, at) => {
      if (carriedBy.get(at)?.some(path => tree.has(path)) === false) return;
      const introducedIn = file.introducedIn[at] ?? file.layerIndex;
      // What a snap was staged from is of no release that the image's distribution speaks for.
      const distro = found.properties?.['snap'] === undefined ? roots.get(root) : undefined;
      addRow(rows, found, { file, root, introducedIn, distro, owner: owners.get(file.path) });
    });
  }
  return [...rows.values()].map(row => toPackage(row, image, roots)).sort(comparePackages);
}

function addRow(
  rows: Map<string, Row>,
  found: FoundPackage,
  at: { file: MergedFile; root: string; introducedIn: number; distro: Distro | undefined; owner: Owner | undefined },
): void {
  const { file, root, introducedIn } = at;
  // A file written after its owner was installed is no longer what the owner brought: `pip install -U` over a Debian package.
  const owner = at.owner !== undefined && introducedIn > at.owner.introducedIn ? undefined : at.owner;
  // A program known by its version string alone adds nothing to the package it came with.
  if (owner !== undefined && found.evidence === 'detected') return;
  if (isForeign(found, at.distro)) return;
  const key = [found.type, found.name, found.version, found.arch ?? '', root].join('\0');
  let row = rows.get(key);
  // What a package manager recorded says more than what an SBOM asserts of the same package.
  if (row?.found.evidence !== undefined && found.evidence === undefined) {
    row.found = found;
    row.purl = toPurl(found, at.distro);
  }
  if (row === undefined) {
    row = {
      found,
      root,
      purl: toPurl(found, at.distro),
      layerIndex: introducedIn,
      locations: new Map(),
      owners: new Set(),
    };
    rows.set(key, row);
  }
  row.layerIndex = Math.min(row.layerIndex, introducedIn);
  const path = found.inside === undefined ? file.path : `${file.path}!/${found.inside}`;
  row.locations.set(path, Math.min(introducedIn, row.locations.get(path) ?? introducedIn));
  if (OS_PACKAGE_TYPES.has(found.type)) return;
  row.owners.add(owner);
}

/** A distribution package that an SBOM in the image asserts to be of another distribution than the image's: it is not installed. */
function isForeign(found: FoundPackage, distro: Distro | undefined): boolean {
  if (found.evidence !== 'asserted' || !OS_PACKAGE_TYPES.has(found.type) || distro === undefined) return false;
  const namespace = found.properties?.['namespace'];
  return namespace !== undefined && toPurl(found, distro).split('/')[1] !== namespace;
}

function toPackage(row: Row, image: InventoryImage, roots: ReadonlyMap<string, Distro>): Package {
  const { inside: _, ...found } = row.found;
  const layer = layerDigest(image, row.layerIndex);
  const locations: Location[] = [...row.locations].map(([path, index]) => {
    const digest = layerDigest(image, index);
    return digest === undefined ? { path } : { path, layer: digest };
  });
  const [owner] = row.owners;
  const isManaged = owner !== undefined && !row.owners.has(undefined);
  return {
    ...found,
    purl: row.purl,
    ...(layer === undefined ? {} : { layer }),
    locations: locations.sort((a, b) => compareText(a.path, b.path)),
    ...(isManaged ? { managedBy: toPurl(owner.found, roots.get(owner.root)) } : {}),
    ...(row.root === '' ? {} : { root: row.root }),
  };
}

/** The root file systems of the image: `''` for its own, and every folder with release files of its own. */
function findRoots(merged: MergedLayers): ReadonlyMap<string, Distro> {
  const byPath = new Map<string, MergedFile>();
  for (const file of merged.files) if (file.by === 'os-release') byPath.set(file.path, file);
  const prefixes = new Set(['']);
  for (const [path, file] of byPath) {
    const match = /^(.*?)\/?(?:etc|usr\/lib)\/os-release$/.exec(path);
    if (match?.[1] && file.fact.osRelease !== undefined) prefixes.add(match[1]);
  }
  const roots = new Map<string, Distro>();
  for (const prefix of prefixes) {
    const distro = findDistro(releaseFiles(prefix, byPath, merged));
    if (distro !== undefined) roots.set(prefix, distro);
  }
  return roots;
}

function releaseFiles(prefix: string, byPath: ReadonlyMap<string, MergedFile>, merged: MergedLayers): ReleaseFiles {
  const look = (path: string) => {
    const full = prefix === '' ? path : `${prefix}/${path}`;
    const real = merged.links.realPath(full);
    return byPath.get(full) ?? (real === undefined ? undefined : byPath.get(real));
  };
  return {
    osRelease: path => look(path)?.fact.osRelease,
    text: path => {
      const text = look(path)?.fact.extra?.['text'];
      return typeof text === 'string' ? text : undefined;
    },
  };
}

/** The root a path belongs to: the longest nested root above it, else the image's own. */
function rootFinder(roots: ReadonlyMap<string, Distro>): (path: string) => string {
  const nested = [...roots.keys()].filter(root => root !== '').sort((a, b) => b.length - a.length);
  if (nested.length === 0) return () => '';
  return path => nested.find(root => path.startsWith(`${root}/`)) ?? '';
}

function hasLanguagePackage(file: MergedFile): boolean {
  return file.fact.packages?.some(found => !OS_PACKAGE_TYPES.has(found.type)) ?? false;
}

function layerDigest(image: InventoryImage, index: number): Digest | undefined {
  return image.layers[index]?.digest;
}

function withLayer(gap: { readonly path?: string; readonly reason: string }, layer: Digest | undefined): Gap {
  return layer === undefined ? gap : { layer, ...gap };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
