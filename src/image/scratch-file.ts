/**
 * Temporary files without a name: the system removes them when they are closed, also when the process is killed.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { WaitOptions } from './content.ts';
import { type FileSlice, fileError } from './local-file.ts';

/** Where temporary files go, and how large they may become. */
export interface ScratchOptions extends WaitOptions {
  /** Folder for the file; the system's temporary folder (`TMPDIR`) unless told. */
  readonly scratchFolder?: string | undefined;
  /** Most bytes the file may have; 64 GiB unless told. */
  readonly maxScratchBytes?: number | undefined;
}

const MAX_SCRATCH_BYTES = 64 * 1024 ** 3;

/**
 * Writes all of `source` to a file that has no name; `what` says in messages what is being kept.
 * @throws {PlimsollError} `LIMIT_EXCEEDED` when it grows over the limit or the disk is full; what `source` throws.
 */
export async function toScratchFile(
  source: AsyncIterable<Uint8Array>,
  what: string,
  options: ScratchOptions,
): Promise<FileSlice> {
  const { signal, scratchFolder = tmpdir(), maxScratchBytes = MAX_SCRATCH_BYTES } = options;
  const file = await openNameless(scratchFolder);
  try {
    let sizeBytes = 0;
    for await (const chunk of source) {
      signal.throwIfAborted();
      if (sizeBytes + chunk.length > maxScratchBytes) {
        throw new PlimsollError('LIMIT_EXCEEDED', `Cannot keep ${what}: over ${maxScratchBytes} bytes when inflated`);
      }
      await writeAll(file, chunk, sizeBytes);
      sizeBytes += chunk.length;
    }
    return { file, offset: 0, sizeBytes };
  } catch (error) {
    await file.close();
    throw diskFull(error, what, scratchFolder);
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  // A folder of our own first: nobody else can place a link where the file is about to be.
  const own = await mkdtemp(join(folder, 'plimsoll-')).catch(cause => {
    throw fileError(cause, folder);
  });
  try {
    return await open(join(own, 'scratch'), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

function diskFull(error: unknown, what: string, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new PlimsollError(
    'LIMIT_EXCEEDED',
    `Cannot keep ${what}: no space left in "${printable(folder)}"; set TMPDIR to a folder with more`,
    { cause: error },
  );
}
