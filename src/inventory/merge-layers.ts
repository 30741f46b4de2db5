/**
 * Lays layers over each other: which files with facts are left in the end, and since which layer each package is there.
 *
 * Source: OCI image-spec, layer.md, "Applying Changesets", and what container runtimes do where that is silent: folders on the way of
 * an entry are resolved through the links of the tree at that moment, the last component is not.
 */

import { printable } from '#base/text.ts';
import { type EntrySet, pathHash } from './entry-set.ts';
import type { LayerFacts, LayerFile, LayerGap } from './layer-facts.ts';
import { LinkMap } from './link-map.ts';
import type { FoundPackage } from './package.ts';

/** A file with a fact in the final tree. */
export interface MergedFile {
  /** Real path. */
  readonly path: string;
  readonly by: string;
  readonly fact: LayerFile['fact'];
  /** The layer that wrote the file, by position. */
  readonly layerIndex: number;
  /** Since which layer the package at the same position of `fact.packages` is present here, without interruption. */
  readonly introducedIn: readonly number[];
}

export interface MergedLayers {
  /** In no particular order. */
  readonly files: readonly MergedFile[];
  readonly links: LinkMap;
  /** Gaps that arise from layers meeting, by layer position. */
  readonly gaps: readonly (LayerGap & { readonly layerIndex: number })[];
}

interface Node {
  readonly facts: readonly MergedFile[];
}

/** The identity by which a package in one file is the same as in the file's older copy. */
function packageKey(found: Pick<FoundPackage, 'type' | 'name' | 'version' | 'arch' | 'inside'>): string {
  return [found.type, found.name, found.version, found.arch ?? '', found.inside ?? ''].join('\0');
}

/** Merges `layers`, lowest first. Linear in files with facts times layers; deterministic. */
export function mergeLayers(layers: readonly LayerFacts[]): MergedLayers {
  const tree = new Map<string, Node>();
  const links = new LinkMap();
  const gaps: (LayerGap & { layerIndex: number })[] = [];
  layers.forEach((layer, layerIndex) => {
    const replaced = new Map<string, Node>();
    hideLower(tree, links, layer, replaced);
    for (const [path, target] of layer.symlinks) {
      const real = links.realFolderPath(path);
      if (real !== undefined) links.set(real, target);
    }
    for (const path of addFiles(tree, links, layer, layerIndex, replaced)) {
      gaps.push({ path: printable(path), reason: LOOP, layerIndex });
    }
    addHardLinks(tree, links, layer, layerIndex);
  });
  const files = [...tree.values()].flatMap(node => node.facts);
  return { files, links, gaps };
}

/** Takes out of the tree what this layer deletes or replaces; `replaced` keeps it, to see which packages merely moved copies. */
function hideLower(tree: Map<string, Node>, links: LinkMap, layer: LayerFacts, replaced: Map<string, Node>): void {
  if (tree.size === 0 && links.size === 0) return;
  const hidden = new HiddenPaths(layer, links);
  for (const [path, node] of tree) {
    if (!hidden.hides(path)) continue;
    tree.delete(path);
    replaced.set(path, node);
  }
  for (const path of [...links.paths()]) if (hidden.hides(path)) links.delete(path);
}

/** What is said of a file below a folder that links never resolve to. */
const LOOP = 'The symlinks on its way lead in a circle; it was left out';

/** Puts the files of a layer into the tree; gives the paths of those that have no place in it. */
function addFiles(
  tree: Map<string, Node>,
  links: LinkMap,
  layer: LayerFacts,
  layerIndex: number,
  replaced: ReadonlyMap<string, Node>,
): string[] {
  const unplaced: string[] = [];
  const byPath = Map.groupBy(layer.files, file => file.path);
  for (const [written, files] of byPath) {
    const path = links.realFolderPath(written);
    if (path === undefined) {
      unplaced.push(written);
      continue;
    }
    // The layer may have written it through a link, so that what it replaces was not yet taken out.
    const older = replaced.get(path) ?? tree.get(path);
    const since = new Map<string, number>();
    for (const fact of older?.facts ?? []) {
      for (const [at, found] of (fact.fact.packages ?? []).entries()) {
        since.set(packageKey(found), fact.introducedIn[at] ?? fact.layerIndex);
      }
    }
    const facts = files.map(file => ({
      path,
      by: file.by,
      fact: file.fact,
      layerIndex,
      introducedIn: (file.fact.packages ?? []).map(found => since.get(packageKey(found)) ?? layerIndex),
    }));
    tree.set(path, { facts });
  }
  return unplaced;
}

/** A hard link to a file of a lower layer carries that file's facts; within a layer the reader has seen to it. */
function addHardLinks(tree: Map<string, Node>, links: LinkMap, layer: LayerFacts, layerIndex: number): void {
  for (const [written, target] of layer.hardLinks) {
    const path = links.realFolderPath(written);
    const from = links.realFolderPath(target);
    if (path === undefined || from === undefined || tree.has(path)) continue;
    const node = tree.get(from);
    if (node === undefined || !node.facts.some(fact => isWorthCopying(fact, path))) continue;
    tree.set(path, {
      facts: node.facts.map(fact => ({
        ...fact,
        path,
        layerIndex,
        introducedIn: fact.introducedIn.map(() => layerIndex),
      })),
    });
  }
}

/** Programs are often linked under many names (busybox has 300): one location says enough. Package databases are not. */
function isWorthCopying(fact: MergedFile, path: string): boolean {
  return (
    fact.fact.osRelease !== undefined || path.endsWith('.jar') || path.includes('lib/dpkg/') || path.includes('/rpm/')
  );
}

/** Which paths of lower layers a layer hides: deleted, below a deletion, in an opaque folder, or replaced. */
class HiddenPaths {
  readonly #whiteouts: ReadonlySet<string>;
  readonly #opaque: ReadonlySet<string>;
  readonly #entries: EntrySet;
  readonly #folders: EntrySet;
  readonly #aliases: readonly (readonly [real: string, written: string])[];
  /** Whether everything below a folder is hidden, by the folder's path. */
  readonly #below = new Map<string, boolean>();

  constructor(layer: LayerFacts, links: LinkMap) {
    const real = (path: string) => links.realFolderPath(path) ?? path;
    this.#whiteouts = new Set(layer.whiteouts.flatMap(path => [path, real(path)]));
    this.#opaque = new Set(layer.opaque.flatMap(path => [path, links.realPath(path) ?? path]));
    this.#entries = layer.entries;
    this.#folders = layer.folders;
    this.#aliases = folderAliases(links);
  }

  hides(path: string): boolean {
    if (this.#whiteouts.has(path) || this.#holds(path, true)) return true;
    const slash = path.lastIndexOf('/');
    return this.#hidesBelow(slash === -1 ? '' : path.slice(0, slash));
  }

  /** Iterative, since a hostile path may be deep. */
  #hidesBelow(folder: string): boolean {
    const chain: string[] = [];
    let at = folder;
    let isHidden: boolean | undefined;
    for (;;) {
      isHidden = this.#below.get(at);
      if (isHidden !== undefined) break;
      chain.push(at);
      if (at === '') break;
      const slash = at.lastIndexOf('/');
      at = slash === -1 ? '' : at.slice(0, slash);
    }
    let above = isHidden ?? false;
    for (const one of chain.reverse()) {
      above = above || this.#opaque.has(one) || (one !== '' && (this.#whiteouts.has(one) || this.#holds(one, false)));
      this.#below.set(one, above);
    }
    return above;
  }

  /** Whether the layer holds something at `path` that replaces what lower layers have there. */
  #holds(path: string, orFolder: boolean): boolean {
    const hash = pathHash(path);
    if (this.#entries.has(hash) || (orFolder && this.#folders.has(hash))) return true;
    for (const [real, written] of this.#aliases) {
      if (path.startsWith(real) && path.charCodeAt(real.length) === 0x2f) {
        const alias = pathHash(written + path.slice(real.length));
        if (this.#entries.has(alias)) return true;
      }
    }
    return false;
  }
}

/** The folder links at the top of the tree (`lib` for `usr/lib`), by which a layer may name files of lower layers. */
function folderAliases(links: LinkMap): (readonly [real: string, written: string])[] {
  const aliases: (readonly [string, string])[] = [];
  for (const path of links.paths()) {
    if (path.includes('/') || aliases.length >= 16) continue;
    const real = links.realPath(path);
    if (real !== undefined && real !== '' && real !== path) aliases.push([real, path]);
  }
  return aliases;
}
