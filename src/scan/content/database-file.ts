/**
 * Files of vulnerability databases in the data folder, named for their bytes; and in pieces in the store, for servers that share it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import type { Db, Store } from '#store/database.ts';
import { type DatabaseVersion, findChunk, listLiveVersions, putChunk } from '#store/database-version.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Of the file, before compression. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The folder of the files below the data folder. */
export function databaseFolder(dataFolder: string): string {
  return join(dataFolder, 'vulndb');
}

/** Where the file of a version is, or would be. */
export function databasePath(folder: string, sha256: string): string {
  return join(folder, `${sha256}.db`);
}

/** A name in `folder` that is nobody else's; `tidyFolder` removes what is left there. */
export function workPath(folder: string): string {
  return join(folder, `work-${randomUUID()}`);
}

/** The SHA-256 of a file and its size. */
export async function describeFile(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Puts a finished file in its place in `folder`; the one that is there already is the same. */
export async function keepFile(path: string, folder: string, sha256: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const target = databasePath(folder, sha256);
  try {
    await rename(path, target);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    const copy = workPath(folder);
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    await rename(copy, target);
  }
}

/** Whether the file of a version is there, as large as it should be. */
export async function hasFile(folder: string, { sha256, sizeBytes }: DatabaseVersion): Promise<boolean> {
  try {
    return (await stat(databasePath(folder, sha256))).size === sizeBytes;
  } catch {
    return false;
  }
}

/** Writes the file of a version into the store, where several servers share it. */
export async function uploadFile(
  store: Store,
  folder: string,
  { id, sha256 }: DatabaseVersion,
  signal: AbortSignal,
): Promise<void> {
  if (store.kind === 'pglite') return;
  await using file = await open(databasePath(folder, sha256));
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; ; position += 1) {
    signal.throwIfAborted();
    const length = await readFull(file, buffer);
    if (length === 0) return;
    await putChunk(store.db, id, position, await compress(buffer.subarray(0, length)));
  }
}

async function readFull(file: Awaited<ReturnType<typeof open>>, buffer: Buffer): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

/**
 * Fetches the file of a version from the store, a piece at a time.
 * @throws {PlimsollError} `DATABASE_UNKNOWN` when it is not in the store, `DATABASE_INVALID` when it is not what its hash says.
 */
export async function downloadFile(
  db: Db,
  folder: string,
  version: DatabaseVersion,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = workPath(folder);
  try {
    const hash = createHash('sha256');
    {
      await using file = await open(path, 'wx', 0o600);
      for (let position = 0; ; position += 1) {
        signal.throwIfAborted();
        const chunk = await findChunk(db, version.id, position);
        if (chunk === undefined) break;
        const bytes = await decompress(chunk, { maxOutputLength: CHUNK_BYTES });
        hash.update(bytes);
        await file.writeFile(bytes);
      }
      await file.sync();
    }
    if (hash.digest('hex') !== version.sha256) throw missing(version);
    await rename(path, databasePath(folder, version.sha256));
  } finally {
    await rm(path, { force: true });
  }
}

function missing({ sha256, builtAt }: DatabaseVersion): PlimsollError {
  return new PlimsollError(
    'DATABASE_UNKNOWN',
    `Cannot open the vulnerability database of ${builtAt}: its file ${sha256}.db is not in the data folder, and not in the store; import or update again`,
  );
}

/** Removes files of versions that are past, and what broken work has left. `isBusy`: a build is under way in this folder. */
export async function tidyFolder(db: Db, folder: string, isBusy: boolean): Promise<void> {
  const live = new Set((await listLiveVersions(db)).map(({ sha256 }) => `${sha256}.db`));
  let names: readonly string[] = [];
  try {
    names = await readdir(folder);
  } catch {
    // Nothing was ever put there.
  }
  for (const name of names) {
    const isOld = /^[0-9a-f]{64}\.db$/.test(name) && !live.has(name);
    const isLeft = name.startsWith('work-') && !isBusy;
    if (isOld || isLeft) await rm(join(folder, name), { recursive: true, force: true });
  }
}
