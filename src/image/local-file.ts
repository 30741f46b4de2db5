/**
 * Plain files of this machine, opened so that nothing odd in their place can stall or mislead us, and parts of them.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ByteRange, WaitOptions } from './content.ts';

/** A part of an open file, or all of it: a blob in a layout, an entry of an archive. Whoever opened the file closes it. */
export interface FileSlice {
  readonly file: FileHandle;
  /** Where the slice starts in the file, in bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Measured best for speed and memory on local disks: smaller costs calls, larger only memory. */
const CHUNK_BYTES = 128 * 1024;

/**
 * Opens a plain file for reading; a slice of its whole length. Folders, devices and FIFOs are refused without waiting for them;
 * a symbolic link too, unless `followLink`.
 *
 * @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`, and `ARCHIVE_INVALID` when it is not a plain file.
 */
export async function openPlainFile(path: string, options: { readonly followLink?: boolean } = {}): Promise<FileSlice> {
  const { followLink = false } = options;
  // Without O_NONBLOCK, opening a FIFO waits for a writer, for ever if need be.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (followLink ? 0 : constants.O_NOFOLLOW);
  const file = await open(path, flags).catch(cause => {
    throw fileError(cause, path);
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notPlain(path, stats.isDirectory() ? 'a folder' : 'a device, socket or pipe');
    return { file, offset: 0, sizeBytes: stats.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The bytes of `slice` as a stream of chunks of at most 128 KiB; fewer than promised when the file was cut meanwhile. */
export async function* streamSlice(slice: FileSlice, { signal }: WaitOptions): AsyncGenerator<Buffer> {
  const end = slice.offset + slice.sizeBytes;
  let position = slice.offset;
  while (position < end) {
    signal.throwIfAborted();
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
    const bytesRead = await readAt(slice.file, buffer, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * Exactly the bytes of `range` within `slice`; `what` names it in messages. The caller bounds `range.length`.
 * @throws {PlimsollError} `DIGEST_MISMATCH` when the range is not within the slice.
 */
export async function readSlice(slice: FileSlice, range: ByteRange, what: string): Promise<Buffer> {
  const { offset, length } = range;
  const isWithin = offset >= 0 && length >= 0 && offset + length <= slice.sizeBytes;
  const buffer = Buffer.allocUnsafe(isWithin ? length : 0);
  let fill = isWithin ? 0 : -1;
  while (fill >= 0 && fill < length) {
    const bytesRead = await readAt(slice.file, buffer.subarray(fill), slice.offset + offset + fill);
    fill = bytesRead === 0 ? -1 : fill + bytesRead;
  }
  if (fill < 0) {
    throw new PlimsollError(
      'DIGEST_MISMATCH',
      `Cannot read ${length} bytes at ${offset} of ${what}: it has ${slice.sizeBytes} bytes`,
    );
  }
  return buffer;
}

async function readAt(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  try {
    return (await file.read(buffer, 0, buffer.length, position)).bytesRead;
  } catch (cause) {
    const isClosed = cause instanceof Error && 'code' in cause && cause.code === 'EBADF';
    throw isClosed ? new PlimsollError('CANCELLED', 'The image was closed while it was being read', { cause }) : cause;
  }
}

/** The error of a system call on `path`, in our words; other errors as they are. */
export function fileError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const cannot = `Cannot read "${printable(path)}"`;
  switch (code) {
    case 'ENOENT':
      return new PlimsollError('FILE_UNKNOWN', `${cannot}: no such file or folder`, { cause: error });
    case 'ENOTDIR':
      return new PlimsollError('FILE_UNKNOWN', `${cannot}: a part of the path is not a folder`, { cause: error });
    case 'ENAMETOOLONG':
      return new PlimsollError('FILE_UNKNOWN', `${cannot}: no such file: the name is too long`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new PlimsollError('FILE_DENIED', `${cannot}: permission denied`, { cause: error });
    case 'ELOOP':
      return notPlain(path, 'a symbolic link');
    case 'EISDIR':
      return notPlain(path, 'a folder');
    case 'ENXIO':
      return notPlain(path, 'a device, socket or pipe');
    default:
      return error;
  }
}

function notPlain(path: string, kind: string): PlimsollError {
  return new PlimsollError('ARCHIVE_INVALID', `Cannot read "${printable(path)}": it is ${kind}, not a plain file`);
}
