/**
 * `oci:DIR[:REF]`: an OCI image layout in a folder, as skopeo, buildah, crane and BuildKit write it.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { formatReference, type LocalReference } from '#oci/reference.ts';
import type { ContentSource, WaitOptions } from './content.ts';
import { folderTree } from './file-tree.ts';
import { layoutSource } from './layout-source.ts';
import { fileError } from './local-file.ts';

/**
 * Opens the layout. Its blobs must be plain files: a link, a folder or a pipe in the place of one is refused.
 *
 * @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`, and `ARCHIVE_INVALID` when the path is not a layout.
 */
export async function openOciLayout(reference: LocalReference, { signal }: WaitOptions): Promise<ContentSource> {
  signal.throwIfAborted();
  const folder = resolve(reference.path);
  const stats = await stat(folder).catch(cause => {
    throw fileError(cause, folder);
  });
  if (!stats.isDirectory()) {
    throw new PlimsollError(
      'ARCHIVE_INVALID',
      `Cannot open "${printable(reference.path)}": it is a file, an OCI layout is a folder; for a tar use oci-archive: or docker-archive:`,
    );
  }
  return await layoutSource(folderTree(folder), { reference: formatReference(reference), name: reference.name });
}
