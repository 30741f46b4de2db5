/**
 * Removes what a killed process left in the temporary folder. Files of scans have no names but for an instant after they are made, so there is
 * next to nothing: a folder with at most an empty file in it.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** As spool.ts and scratch-file.ts make them. */
const FOLDER = /^plimsoll-[A-Za-z0-9]{6}$/;
const CONTENT: ReadonlySet<string> = new Set(['spool', 'scratch']);
/** A living process needs the name for much less. */
const AGE_MS = 10 * 60_000;

/** Removes orphans of this user from `folder`; returns how many. Never fails: whatever cannot be removed stays. */
export async function sweepTemporaryFiles(folder: string, now: Date): Promise<number> {
  const own = process.getuid?.();
  let removed = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!FOLDER.test(name)) continue;
    const path = join(folder, name);
    try {
      const { uid, mtimeMs } = await stat(path);
      if ((own !== undefined && uid !== own) || now.getTime() - mtimeMs < AGE_MS) continue;
      if (!(await readdir(path)).every(file => CONTENT.has(file))) continue;
      await rm(path, { recursive: true, force: true });
      removed += 1;
    } catch {
      // Another process was faster, or it is not ours to remove.
    }
  }
  return removed;
}
