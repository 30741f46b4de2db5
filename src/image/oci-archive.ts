/**
 * `oci-archive:FILE[:REF]`: an OCI image layout in a tar, plain or compressed with gzip or zstd.
 */
import { resolve } from 'node:path';
import { formatReference, type LocalReference } from '#oci/reference.ts';
import { openArchive } from './archive-tree.ts';
import type { ContentSource } from './content.ts';
import { layoutSource } from './layout-source.ts';
import type { ScratchOptions } from './scratch-file.ts';

/**
 * Opens the archive; the file stays open until the source is closed.
 * @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`, `LIMIT_EXCEEDED`, and `ARCHIVE_INVALID` when it is not such an archive.
 */
export async function openOciArchive(reference: LocalReference, options: ScratchOptions): Promise<ContentSource> {
  const tree = await openArchive(resolve(reference.path), options);
  return await layoutSource(tree, { reference: formatReference(reference), name: reference.name });
}
