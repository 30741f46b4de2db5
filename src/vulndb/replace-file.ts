/**
 * Putting a finished file in the place of another, so that whoever looks sees the old one or the new one, whole, even after a power cut.
 */
import { closeSync, fsyncSync, openSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The file that `path` leads to, where it is a link: a file is put there, and the link stays. `path` itself when there is nothing yet. */
export function behindLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** A name beside `path` for a file that is being made: hidden, of this process, and found by `removeLeftovers`. */
export function temporaryName(path: string, purpose: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.${purpose}.partial`);
}

/** Writes `temporary` to the disk, and renames it to `path`. */
export function replaceFile(temporary: string, path: string): void {
  syncToDisk(temporary);
  renameSync(temporary, path);
  syncToDisk(dirname(path));
}

/** Removes what builds that were killed have left beside `path`. Only for who holds the update lock. */
export function removeLeftovers(path: string): void {
  const prefix = `.${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    // SQLite may have put a journal beside it.
    if (name.startsWith(prefix) && /\.partial(?:-journal)?$/.test(name))
      rmSync(join(dirname(path), name), { force: true });
  }
}

function syncToDisk(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } catch (error) {
    // Some file systems cannot sync a folder, and say so.
    if (!(error instanceof Error && 'code' in error && (error.code === 'EINVAL' || error.code === 'EPERM')))
      throw error;
  } finally {
    closeSync(file);
  }
}
