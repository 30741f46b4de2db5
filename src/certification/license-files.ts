/**
 * What lies in `/licenses`, links followed as the image itself would.
 */
import { pathHash } from '#inventory/entry-set.ts';
import type { FinalTree } from '#inventory/final-tree.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { emptyFilesOf } from '#inventory/layer-marks.ts';
import type { LinkMap } from '#inventory/link-map.ts';

/** What was found at `/licenses`. */
export type LicenseFacts =
  | { readonly kind: 'missing' | 'not-a-folder' }
  /** It is there, and where it leads nothing was recorded: it is a link to a folder that is not called for licences. */
  | { readonly kind: 'elsewhere'; readonly path: string }
  | {
      readonly kind: 'folder';
      /** Where it really is. */
      readonly path: string;
      /** Regular files below it, sorted by path; the first `MAX_LISTED` of them. */
      readonly files: readonly LicenseFile[];
      readonly fileCount: number;
      /** Those of them that hold anything. */
      readonly filledCount: number;
    };

/** A file with a licence, by hope. */
export interface LicenseFile {
  readonly path: string;
  /** Missing for links to files elsewhere, of which only is known whether they are empty. */
  readonly sizeBytes?: number;
  readonly isEmpty: boolean;
}

const FOLDER = 'licenses';
const MAX_LISTED = 50;

/** Looks at `/licenses` in the final tree. */
export function findLicenses(layers: readonly LayerFacts[], tree: FinalTree, links: LinkMap): LicenseFacts {
  const real = links.realPath(FOLDER);
  if (real === undefined) return { kind: 'missing' };
  if (tree.has(real)) return { kind: 'not-a-folder' };
  const below = real === '' ? '' : `${real}/`;
  const found = new Map<string, LicenseFile>();
  for (const [path, sizeBytes] of writtenFiles(layers, links)) {
    if (path.startsWith(below) && tree.has(path)) found.set(path, { path, sizeBytes, isEmpty: sizeBytes === 0 });
  }
  const empty = layers.map(layer => emptyFilesOf(layer.marks));
  for (const [path, target] of linkedFiles(layers, links, below)) {
    if (!tree.has(path) || !tree.has(target)) continue;
    const hash = pathHash(target);
    // The uppermost layer that has the file decides whether it is empty.
    const at = layers.findLastIndex(layer => layer.entries.has(hash));
    found.set(path, { path, isEmpty: empty[at]?.has(hash) ?? true });
  }
  const files = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  if (files.length === 0 && !isFolder(layers, real)) return { kind: 'missing' };
  if (files.length === 0 && real !== FOLDER && !/(?:^|\/)licen[cs]es?(?:\/|$)/i.test(real)) {
    return { kind: 'elsewhere', path: real };
  }
  return {
    kind: 'folder',
    path: real,
    files: files.slice(0, MAX_LISTED),
    fileCount: files.length,
    filledCount: files.filter(file => !file.isEmpty).length,
  };
}

/** Regular files by real path; of a path written by several layers the uppermost comes last. */
function* writtenFiles(
  layers: readonly LayerFacts[],
  links: LinkMap,
): Generator<readonly [path: string, sizeBytes: number]> {
  for (const { marks } of layers) {
    for (const [path, sizeBytes] of marks?.licenses ?? []) yield [links.realFolderPath(path) ?? path, sizeBytes];
  }
}

/** Links below the folder that lead to something else: symlinks of the final tree, and hard links. */
function* linkedFiles(
  layers: readonly LayerFacts[],
  links: LinkMap,
  below: string,
): Generator<readonly [path: string, target: string]> {
  for (const path of links.paths()) {
    const target = path.startsWith(below) ? links.realPath(path) : undefined;
    if (target !== undefined) yield [path, target];
  }
  for (const { hardLinks } of layers) {
    for (const [written, target] of hardLinks) {
      const path = links.realFolderPath(written) ?? written;
      if (path.startsWith(below)) yield [path, links.realFolderPath(target) ?? target];
    }
  }
}

/** Whether a folder is there that holds nothing we know of: written, and neither deleted nor replaced since. */
function isFolder(layers: readonly LayerFacts[], path: string): boolean {
  const hash = pathHash(path);
  const at = layers.findLastIndex(layer => layer.folders.has(hash));
  if (at === -1) return false;
  return !layers.slice(at + 1).some(layer => layer.whiteouts.includes(path) || layer.entries.has(hash));
}
