/**
 * Changes that layers make to files which rpm vouches for, without telling rpm.
 *
 * A layer above the first is held against the packages as of that layer: a file of theirs that it writes or deletes, though the package
 * was there before and was not installed again, was changed behind rpm's back. What of that is a fault is for the check to say.
 *
 * Source: preflight's check HasModifiedFiles, with its known mistakes put right: owners are told apart by name, version and architecture
 * and not by splitting a text; a second architecture of the same build takes no file away; both places of the database count.
 */
import { pathHash } from '#inventory/entry-set.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { LinkMap } from '#inventory/link-map.ts';
import { linkTarget } from '#oci/layer-path.ts';
import { RpmView, type ViewPackage, viewOf } from './rpm-view.ts';

/** A package as it is told of: `bash-5.1.8-6.el9.x86_64`. */
export interface ChangedOwner {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly arch?: string;
  readonly vendor?: string;
}

/** One file of a package that a layer changed. */
export interface RpmChange {
  readonly path: string;
  /**
   * `written`, `removed`: its package is the same as in the layer below. `updated`: its package is another build, not all of which are
   * updates: one of another architecture, or one from elsewhere.
   */
  readonly kind: 'written' | 'removed' | 'updated';
  /** Place of the layer, 1 being the lowest. */
  readonly layer: number;
  readonly owner: ChangedOwner;
  /** The owner in the layer below. */
  readonly before: ChangedOwner;
  /** The file lost a setuid or setgid bit in this layer: that is hardening. */
  readonly isHardened: boolean;
}

/** A folder that a layer deletes, with files of packages in it. */
export interface RemovedFolder {
  readonly path: string;
  readonly layer: number;
  readonly fileCount: number;
}

/** All changes of an image. */
export interface RpmChanges {
  /** In the order of layers and packages; the first `MAX_CHANGES`. */
  readonly changes: readonly RpmChange[];
  /** Whether these are all of them. */
  readonly isComplete: boolean;
  readonly removedFolders: readonly RemovedFolder[];
  /** Files written again by a package that was installed again. */
  readonly reinstalledCount: number;
}

const MAX_CHANGES = 5000;
const MAX_FOLDERS = 50;
const NOTHING = new RpmView([], { installTimes: [], folders: [] });

/** The changes that `layers`, lowest first, make to files of packages of the layers below them. */
export function findRpmChanges(layers: readonly LayerFacts[]): RpmChanges {
  const changes: RpmChange[] = [];
  const removedFolders: RemovedFolder[] = [];
  const counts = { changes: 0, reinstalled: 0 };
  const links = new LinkMap();
  let below = NOTHING;
  for (const [at, layer] of layers.entries()) {
    const own = viewOf(layer);
    const view = own ?? below;
    if (at > 0) {
      for (const change of judgeLayer(layers, at, { view, below, links }, counts)) {
        counts.changes += 1;
        if (changes.length < MAX_CHANGES) changes.push(change);
      }
      for (const folder of foldersRemoved(layer, at, view)) {
        if (removedFolders.length < MAX_FOLDERS) removedFolders.push(folder);
      }
    }
    followLinks(links, layer);
    below = view;
  }
  return {
    changes,
    isComplete: counts.changes === changes.length,
    removedFolders,
    reinstalledCount: counts.reinstalled,
  };
}

interface Surroundings {
  readonly view: RpmView;
  readonly below: RpmView;
  readonly links: LinkMap;
}

function* judgeLayer(
  layers: readonly LayerFacts[],
  at: number,
  { view, below, links }: Surroundings,
  counts: { reinstalled: number },
): Generator<RpmChange> {
  const layer = layers[at];
  if (layer === undefined) return;
  const touched = ownersOfTouched(layer, view, links);
  if (touched.size === 0) return;
  const before =
    view === below ? new Map([...touched].map(([path, { owners }]) => [path, owners])) : ownersOf(below, touched);
  const hardened = hardenedFiles(layers, at);
  for (const [path, { owners, isRemoved }] of touched) {
    const [first] = owners;
    const earlier = before.get(path) ?? [];
    const [earliest] = earlier;
    // A file that no package had before came with its package.
    if (first === undefined || earliest === undefined) continue;
    const installed = owners.find(owner => below.find(owner.found) === undefined);
    const shape = { path, layer: at + 1, isHardened: hardened.has(path) };
    if (installed !== undefined) {
      const replaced = earlier.find(one => one.found.name === installed.found.name) ?? earliest;
      // A second architecture of a build that stays shares its files with the first.
      if (isSameBuild(installed, replaced)) continue;
      yield { ...shape, kind: 'updated', owner: toOwner(installed), before: toOwner(replaced) };
      continue;
    }
    const again = owners.find(owner => owner.installTime > (below.find(owner.found)?.installTime ?? 0));
    if (again !== undefined && view !== below) {
      counts.reinstalled += 1;
      continue;
    }
    yield { ...shape, kind: isRemoved ? 'removed' : 'written', owner: toOwner(first), before: toOwner(earliest) };
  }
}

interface Touched {
  readonly owners: ViewPackage[];
  readonly isRemoved: boolean;
}

/** Files of packages that the layer writes or deletes, by path. */
function ownersOfTouched(layer: LayerFacts, view: RpmView, links: LinkMap): Map<string, Touched> {
  const touched = new Map<string, Touched>();
  const whiteouts = new Set(layer.whiteouts);
  // A package manager writes such files again to set their capabilities; a hard link makes overlayfs copy the file it is made of.
  const excused = new Set([...(layer.marks?.capabilities ?? []), ...layer.hardLinks.map(([, target]) => target)]);
  for (const { owner, folder, names } of view.folders()) {
    const real = folder === '' ? '' : (links.realPath(folder) ?? folder);
    for (const name of names) {
      const written = join(folder, name);
      const candidates = real === folder ? [written] : [written, join(real, name)];
      for (const path of candidates) {
        const isRemoved = whiteouts.has(path);
        if ((!isRemoved && !layer.entries.has(pathHash(path))) || excused.has(path)) continue;
        const known = touched.get(written);
        if (known === undefined) touched.set(written, { owners: [owner], isRemoved });
        else if (!known.owners.includes(owner)) known.owners.push(owner);
      }
    }
  }
  return touched;
}

function ownersOf(view: RpmView, paths: ReadonlyMap<string, unknown>): ReadonlyMap<string, ViewPackage[]> {
  const owners = new Map<string, ViewPackage[]>();
  for (const { owner, folder, names } of view.folders()) {
    for (const name of names) {
      const path = join(folder, name);
      if (!paths.has(path)) continue;
      const known = owners.get(path);
      if (known === undefined) owners.set(path, [owner]);
      else known.push(owner);
    }
  }
  return owners;
}

/** Files that have fewer of the setuid and setgid bits in this layer than in the nearest one below that has them. */
function hardenedFiles(layers: readonly LayerFacts[], at: number): ReadonlySet<string> {
  const now = new Map(layers[at]?.marks?.setIds ?? []);
  const hardened = new Set<string>();
  const seen = new Set<string>();
  for (let lower = at - 1; lower >= 0; lower -= 1) {
    for (const [path, bits] of layers[lower]?.marks?.setIds ?? []) {
      // A layer between the two may have taken the bits away already.
      const isNearest = !seen.has(path) && !layers.slice(lower + 1, at).some(one => one.entries.has(pathHash(path)));
      seen.add(path);
      if (isNearest && (bits & ~(now.get(path) ?? 0)) !== 0) hardened.add(path);
    }
  }
  return hardened;
}

/** Deleted folders that hold files of packages which are still installed. Preflight looks at the deleted path alone. */
function* foldersRemoved(layer: LayerFacts, at: number, view: RpmView): Generator<RemovedFolder> {
  const removed = new Map([...layer.whiteouts, ...layer.opaque].map(path => [path, 0]));
  if (removed.size === 0) return;
  for (const { folder, names } of view.folders()) {
    const above = ancestors(folder).find(one => removed.has(one));
    if (above === undefined) continue;
    const lost = names.filter(name => !layer.entries.has(pathHash(join(folder, name)))).length;
    removed.set(above, (removed.get(above) ?? 0) + lost);
  }
  for (const [path, fileCount] of removed) if (fileCount > 0) yield { path, layer: at + 1, fileCount };
}

/** Links of the tree as far as folders of packages may lead through them. */
function followLinks(links: LinkMap, layer: LayerFacts): void {
  const own = new Set(layer.symlinks.map(([path]) => path));
  const whiteouts = new Set(layer.whiteouts);
  for (const path of [...links.paths()]) {
    const isReplaced = !own.has(path) && layer.entries.has(pathHash(path));
    if (isReplaced || whiteouts.has(path)) links.delete(path);
  }
  for (const [path, target] of layer.symlinks) {
    const real = links.realFolderPath(path);
    if (real !== undefined && linkTarget(real, target) !== undefined) links.set(real, target);
  }
}

function isSameBuild(a: ViewPackage, b: ViewPackage): boolean {
  return a.found.name === b.found.name && a.found.version === b.found.version;
}

function toOwner({ found: { name, version, arch, vendor } }: ViewPackage): ChangedOwner {
  return { name, version, ...(arch === undefined ? {} : { arch }), ...(vendor === undefined ? {} : { vendor }) };
}

/** The folder itself and those above it, the root not among them. */
function ancestors(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; at !== ''; ) {
    found.push(at);
    const slash = at.lastIndexOf('/');
    at = slash === -1 ? '' : at.slice(0, slash);
  }
  return found;
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
