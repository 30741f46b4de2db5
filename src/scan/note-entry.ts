/**
 * Records what one entry of a layer does to the tree: the same for tars and for tables of contents.
 */
import { markOf, normalisePath } from '#oci/layer-path.ts';
import type { TarEntry } from '#oci/tar-reader.ts';
import type { LayerCollector } from './layer-collector.ts';

/** The parts of an entry that matter to the tree. */
export type NotedEntry = Pick<TarEntry, 'name' | 'type' | 'linkName' | 'isDevice00' | 'sizeBytes' | 'mode'> & {
  readonly isOpaque: boolean;
  readonly hasCapabilities: boolean;
};

/** Records the entry; gives the path when it is a file whose bytes somebody may want. */
export function noteEntry(entry: NotedEntry, collector: LayerCollector): string | undefined {
  const path = normalisePath(entry.name);
  if (path === undefined) {
    collector.addGap({ path: entry.name, reason: 'Its name leads out of the image, or is too long; it was left out' });
    return undefined;
  }
  if (path === '') {
    if (entry.isOpaque) collector.addOpaque('');
    return undefined;
  }
  const mark = markOf(path);
  if (mark !== undefined) {
    if (mark.kind === 'whiteout') collector.addWhiteout(mark.path);
    else if (mark.kind === 'opaque') collector.addOpaque(mark.folder);
    return undefined;
  }
  if (entry.type === 'folder') {
    if (entry.isOpaque) collector.addOpaque(path);
    collector.addFolder(path);
    return undefined;
  }
  // A whiteout as overlayfs keeps it, in layers exported without translation.
  if (entry.type === 'character-device' && entry.isDevice00) {
    collector.addWhiteout(path);
    return undefined;
  }
  collector.addEntry(path);
  if (entry.type === 'symlink') collector.addSymlink(path, entry.linkName);
  else if (entry.type === 'hardlink') addHardLink(path, entry.linkName, collector);
  if (entry.type !== 'file') return undefined;
  const { sizeBytes, mode, hasCapabilities } = entry;
  collector.addFile({ path, sizeBytes, mode, hasCapabilities });
  return path;
}

function addHardLink(path: string, linkName: string, collector: LayerCollector): void {
  const target = normalisePath(linkName);
  if (target !== undefined && target !== '') collector.addHardLink(path, target);
}
