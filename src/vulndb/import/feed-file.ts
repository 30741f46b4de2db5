/**
 * A file of a feed on disk: its beginning to tell what it is, its bytes as a stream or in parts, inflated where it is compressed.
 */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { FileBody } from '#inventory/file-body.ts';
import { inflated } from '#oci/inflate.ts';
import { bunzip2 } from './bunzip2.ts';
import { fileFailure } from './file-failure.ts';

/** What the first bytes say a file is compressed with. */
export type FeedCompression = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'none';

/** An open file. Held with `using`. */
export interface FeedFile extends Disposable {
  readonly path: string;
  /** Bytes on disk. */
  readonly sizeBytes: number;
  /** When it was last written. */
  readonly modifiedAt: Date;
  readonly compression: FeedCompression;
  /** Random access to the bytes as they are on disk. */
  readonly stored: FileBody;
  /** The first bytes, inflated, up to `HEAD_BYTES`; `isWhole` when there are no more. */
  head(): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }>;
  /** All bytes, inflated. `onBytes` is told how many were read from disk. */
  chunks(onBytes?: (bytes: number) => void): AsyncGenerator<Buffer>;
  /** All bytes in memory, inflated. @throws {PlimsollError} `LIMIT_EXCEEDED` over `limitBytes`. */
  whole(limitBytes: number): Promise<Buffer>;
}

/** An OSV record of usual length is in it whole; of larger documents, all their first keys. */
export const HEAD_BYTES = 256 * 1024;

/** What a feed may inflate to, and how much at most for a byte: advisories repeat themselves more than layers do. */
const LIMITS = { maxBytes: 256 * 1024 ** 3, maxRatio: 2000 };

/** Opens a file. @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`. */
export function openFeedFile(path: string): FeedFile {
  const file = openFile(path);
  const stats = fstatSync(file);
  const stored: FileBody = {
    sizeBytes: stats.size,
    read: (offset, length) => readAt(file, offset, Math.max(0, Math.min(length, stats.size - offset)), path),
  };
  const compression = compressionOf(stored.read(0, 6));

  async function* chunks(onBytes?: (bytes: number) => void): AsyncGenerator<Buffer> {
    const raw = counted(createReadStream(path, { highWaterMark: 256 * 1024 }), onBytes);
    if (compression === 'none') return yield* raw;
    if (compression === 'xz') throw unsupported(path);
    try {
      yield* compression === 'bzip2' ? bunzip2(raw) : inflated(raw, LIMITS);
    } catch (error) {
      throw fileFailure(error, path);
    }
  }

  return {
    path,
    sizeBytes: stats.size,
    modifiedAt: stats.mtime,
    compression,
    stored,
    chunks,
    head: async () => {
      if (compression === 'none') {
        return { bytes: stored.read(0, HEAD_BYTES), isWhole: stats.size <= HEAD_BYTES };
      }
      const parts: Buffer[] = [];
      let length = 0;
      for await (const chunk of chunks()) {
        // The inflater uses its buffers again.
        parts.push(Buffer.from(chunk));
        length += chunk.length;
        if (length > HEAD_BYTES) break;
      }
      return { bytes: Buffer.concat(parts).subarray(0, HEAD_BYTES), isWhole: length <= HEAD_BYTES };
    },
    whole: async limitBytes => {
      if (compression === 'none') {
        if (stats.size > limitBytes) throw tooLarge(path, limitBytes);
        return stored.read(0, stats.size);
      }
      const parts: Buffer[] = [];
      let length = 0;
      for await (const chunk of chunks()) {
        length += chunk.length;
        if (length > limitBytes) throw tooLarge(path, limitBytes);
        parts.push(Buffer.from(chunk));
      }
      return Buffer.concat(parts, length);
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw fileFailure(error, path);
  }
}

function readAt(file: number, offset: number, length: number, path: string): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let fill = 0;
  try {
    while (fill < length) {
      const count = readSync(file, buffer, fill, length - fill, offset + fill);
      if (count === 0) break;
      fill += count;
    }
  } catch (error) {
    throw fileFailure(error, path);
  }
  return buffer.subarray(0, fill);
}

async function* counted(source: AsyncIterable<Buffer>, onBytes?: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}

function compressionOf(magic: Buffer): FeedCompression {
  const hex = magic.toString('hex');
  if (hex.startsWith('1f8b')) return 'gzip';
  if (hex.startsWith('28b52ffd')) return 'zstd';
  if (hex.startsWith('fd377a585a00')) return 'xz';
  // "BZh" and the size of its blocks.
  return /^425a683[1-9]/.test(hex) ? 'bzip2' : 'none';
}

function unsupported(path: string): PlimsollError {
  return new PlimsollError(
    'ADVISORY_INVALID',
    `Cannot read "${printable(path)}": it is compressed with xz, which Plimsoll cannot inflate; run unxz on it first`,
  );
}

function tooLarge(path: string, limitBytes: number): PlimsollError {
  return new PlimsollError(
    'LIMIT_EXCEEDED',
    `Cannot read "${printable(path)}": over ${limitBytes} bytes when inflated`,
  );
}
