/**
 * Takes the bytes of one claimed file as they stream and offers them for random access: in memory when small, in an unlinked
 * temporary file when not, so that a scan's memory does not grow with the largest file.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileBody } from '#inventory/file-body.ts';
import { toBody } from '#inventory/file-body.ts';
import { readMapFromBody, type SparseMap } from '#oci/tar-sparse.ts';

/** Files up to this size stay in memory. Measured: larger ones are few enough that writing them out costs no time, and each reading thread
 * keeps this much. */
export const MEMORY_BYTES = 4 * 1024 * 1024;
const FIRST_BYTES = 256 * 1024;
const KEPT_IN_MEMORY_BYTES = 1024 * 1024;
const COPY_BYTES = 1024 * 1024;
/** What a sparse file may become when its holes are filled in memory. */
const MAX_FILLED_BYTES = 64 * 1024 * 1024;

/** One spool serves one file after another; its memory is kept for the next. */
export class Spool implements Disposable {
  #memory = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #sizeBytes = 0;
  #file: number | undefined;
  #isTooLarge = false;

  /** Forgets the last file and makes ready for one of `sizeBytes`. */
  start(sizeBytes: number): void {
    this.#closeFile();
    this.#sizeBytes = 0;
    this.#isTooLarge = sizeBytes > MEMORY_BYTES;
    if (this.#isTooLarge) this.#file = openUnlinked();
    else if (sizeBytes > this.#memory.length) {
      this.#memory = Buffer.allocUnsafeSlow(Math.min(MEMORY_BYTES, Math.max(sizeBytes, this.#memory.length * 2)));
    }
  }

  /** Takes the next bytes; they are copied. No more than was said at `start` may come. */
  write(chunk: Buffer): void {
    if (this.#file !== undefined) {
      for (let at = 0; at < chunk.length; )
        at += writeSync(this.#file, chunk, at, chunk.length - at, this.#sizeBytes + at);
    } else {
      chunk.copy(this.#memory, this.#sizeBytes);
    }
    this.#sizeBytes += chunk.length;
  }

  /** The bytes taken so far. Valid until the next `start`. */
  body(): FileBody {
    const file = this.#file;
    if (file === undefined) return toBody(this.#memory.subarray(0, this.#sizeBytes));
    return fileBody(file, this.#sizeBytes);
  }

  [Symbol.dispose](): void {
    this.#closeFile();
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** A copy of a body that outlives it: in memory when small, in an unlinked file when not. Closed by whoever asked for it. */
export function keptBody(body: FileBody): FileBody & Disposable {
  if (body.sizeBytes <= KEPT_IN_MEMORY_BYTES) {
    return { ...toBody(Buffer.from(body.read(0, body.sizeBytes))), [Symbol.dispose]: () => undefined };
  }
  const file = openUnlinked();
  for (let at = 0; at < body.sizeBytes; at += COPY_BYTES) {
    const part = body.read(at, COPY_BYTES);
    for (let done = 0; done < part.length; ) done += writeSync(file, part, done, part.length - done, at + done);
  }
  return { ...fileBody(file, body.sizeBytes), [Symbol.dispose]: () => closeSync(file) };
}

/** A body over an open file, which stays the caller's to close. */
export function fileBody(file: number, sizeBytes: number): FileBody {
  return {
    sizeBytes,
    read(offset, length) {
      const want = Math.max(0, Math.min(length, sizeBytes - offset));
      const buffer = Buffer.allocUnsafe(want);
      let fill = 0;
      while (fill < want) {
        const got = readSync(file, buffer, fill, want - fill, offset + fill);
        if (got === 0) break;
        fill += got;
      }
      return buffer.subarray(0, fill);
    },
  };
}

/** The file behind the stored parts of a sparse one, its holes filled with zeros. `undefined` when that is over 64 MiB. */
export function filledBody(stored: FileBody, sparse: SparseMap): FileBody | undefined {
  if (sparse.realSizeBytes > MAX_FILLED_BYTES) return undefined;
  const { map, dataOffset } =
    sparse.parts === undefined
      ? readMapFromBody((offset, length) => stored.read(offset, length), sparse.realSizeBytes)
      : { map: sparse, dataOffset: 0 };
  const bytes = Buffer.alloc(map.realSizeBytes);
  let at = dataOffset;
  for (const part of map.parts ?? []) {
    stored.read(at, part.length).copy(bytes, part.offset);
    at += part.length;
  }
  return toBody(bytes);
}

/** A file that vanishes with its descriptor, whatever happens to this process. */
function openUnlinked(): number {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-'));
  try {
    return openSync(join(folder, 'spool'), 'w+', 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
