/**
 * `dir:ROOTFS`: a root file system that lies unpacked in a folder, such as a mounted image or a build's output.
 */
import { opendir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { formatReference, type LocalReference } from '#oci/reference.ts';
import type { WaitOptions } from './content.ts';
import type { Image } from './image.ts';
import { fileError } from './local-file.ts';

/**
 * An image of one layer, the folder; it has no manifest, config or digest.
 * @throws {PlimsollError} `FILE_UNKNOWN` when there is no such folder, `FILE_DENIED` when it may not be listed.
 */
export async function openRootFolder(reference: LocalReference, { signal }: WaitOptions): Promise<Image> {
  signal.throwIfAborted();
  const path = resolve(reference.path);
  try {
    const stats = await stat(path);
    if (!stats.isDirectory()) {
      throw new PlimsollError('FILE_UNKNOWN', `Cannot open "${printable(path)}": it is not a folder`);
    }
    // A folder that cannot be listed would look like an empty image: better said now.
    await (await opendir(path)).close();
  } catch (error) {
    throw fileError(error, path);
  }
  return {
    reference: formatReference(reference),
    layers: [{ kind: 'folder', path }],
    [Symbol.asyncDispose]: async () => {},
  };
}
