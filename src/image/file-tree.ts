/**
 * The files of a layout or archive by their path in it: a folder of this machine, or a tar.
 */
import { join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { type FileSlice, openPlainFile } from './local-file.ts';

/** Plain files under relative paths such as `blobs/sha256/…`. Held with `await using`. */
export interface FileTree extends AsyncDisposable {
  /**
   * Opens the file at `path`; `undefined` when there is none. The slice is held with `await using`, and only while it is read.
   * @throws {PlimsollError} `ARCHIVE_INVALID` when something other than a plain file is there, `FILE_DENIED`.
   */
  open(path: string): Promise<(FileSlice & AsyncDisposable) | undefined>;
}

/** The files below `folder`; links are not followed. Paths come from digests and constants, never from an image. */
export function folderTree(folder: string): FileTree {
  return {
    open: path => openBelow(folder, path),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function openBelow(folder: string, path: string): Promise<(FileSlice & AsyncDisposable) | undefined> {
  try {
    const slice = await openPlainFile(join(folder, path));
    return { ...slice, [Symbol.asyncDispose]: () => slice.file.close() };
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'FILE_UNKNOWN') return undefined;
    throw error;
  }
}
