/**
 * Inflates a layer as it streams, whatever it is compressed with, within bounds.
 *
 * The compression is told by the first bytes, not by the media type, which is often wrong. gzip may have several members and zstd
 * several frames, skippable ones included; bytes after the last are ignored, as by runtimes.
 */
import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Bounds on what a layer may become. */
export interface InflateLimits {
  /** Most bytes it may inflate to. */
  readonly maxBytes: number;
  /** Most output per byte of input, once the output is over 100 MB: DEFLATE cannot exceed 1032, honest layers stay below 100. */
  readonly maxRatio: number;
}

const INFLATE_LIMITS: InflateLimits = { maxBytes: 256 * 1024 ** 3, maxRatio: 400 };

const RATIO_COUNTS_FROM = 100 * 1024 ** 2;
/** Measured: smaller costs a tenth more time in calls, larger costs memory for nothing. */
const CHUNK_BYTES = 256 * 1024;

export type Compression = 'gzip' | 'zstd' | 'none';

/**
 * The tar inside `source`; each chunk is valid until the next is asked for, and a chunk of the source is done with when its next is
 * asked for. The source is read to its end even when the compressed stream ends before, so that whoever hashes it
 * sees every byte. @throws {PlimsollError} `LAYER_INVALID` for damaged or unknown compression, `LIMIT_EXCEEDED` for bombs.
 */
export async function* inflated(
  source: AsyncIterable<Uint8Array>,
  limits: InflateLimits = INFLATE_LIMITS,
): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]();
  const input = { bytes: 0 };
  try {
    const head = await readHead(iterator, input);
    const compression = compressionOf(head);
    let outputBytes = 0;
    const output =
      compression === 'none' ? passThrough(head, iterator, input) : inflate(compression, head, iterator, input);
    for await (const chunk of output) {
      outputBytes += chunk.length;
      if (outputBytes > limits.maxBytes) {
        throw new PlimsollError('LIMIT_EXCEEDED', `The layer inflates to over ${limits.maxBytes} bytes`);
      }
      if (outputBytes > RATIO_COUNTS_FROM && outputBytes > input.bytes * limits.maxRatio) {
        throw new PlimsollError(
          'LIMIT_EXCEEDED',
          `The layer inflates over ${limits.maxRatio} times: it looks like a bomb`,
        );
      }
      yield chunk;
      if (compression !== 'none') release(chunk);
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * Gives the memory of an inflated chunk back at once. Left to the garbage collector, chunks pile up to hundreds of megabytes, and
 * collecting them takes a fifth of the time of a scan.
 *
 * A decompressor fills one buffer in several steps and takes a new one when it is full: only the step that filled it may release it.
 */
function release(chunk: Buffer): void {
  const { buffer, byteOffset, byteLength } = chunk;
  const isFull = buffer.byteLength === CHUNK_BYTES && byteOffset + byteLength === CHUNK_BYTES;
  if (isFull && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** What `head`, the first bytes of a layer, is compressed with. @throws {PlimsollError} `LAYER_INVALID` for xz and bzip2. */
export function compressionOf(head: Uint8Array): Compression {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  const isZstd = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  const isSkippable = a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;
  if (isZstd || isSkippable) return 'zstd';
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58) throw unsupported('xz');
  if (a === 0x42 && b === 0x5a && c === 0x68 && head.length > 4 && head[4] === 0x31) throw unsupported('bzip2');
  return 'none';
}

type Input = { bytes: number };

async function readHead(iterator: AsyncIterator<Uint8Array>, input: Input): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 8) {
    const next = await iterator.next();
    if (next.done) break;
    input.bytes += next.value.length;
    const chunk = toBuffer(next.value);
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
  }
  return head;
}

async function* passThrough(head: Buffer, iterator: AsyncIterator<Uint8Array>, input: Input): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (;;) {
    const next = await iterator.next();
    if (next.done) return;
    input.bytes += next.value.length;
    yield toBuffer(next.value);
  }
}

async function* inflate(
  compression: 'gzip' | 'zstd',
  head: Buffer,
  iterator: AsyncIterator<Uint8Array>,
  input: Input,
): AsyncGenerator<Buffer> {
  // A window of 128 MiB is what zstd's own tool accepts without being asked.
  const transform =
    compression === 'gzip'
      ? createGunzip({ chunkSize: CHUNK_BYTES })
      : createZstdDecompress({ chunkSize: CHUNK_BYTES, params: { [constants.ZSTD_d_windowLogMax]: 27 } });
  const feeding = feed(transform, compression, head, iterator, input);
  // Its failure is awaited below; until then it must not count as unhandled.
  feeding.catch(error => transform.destroy(error));
  try {
    for await (const chunk of transform) yield chunk;
  } catch (cause) {
    if (cause instanceof PlimsollError || !isZlibError(cause)) throw cause;
    const why = cause.code === 'Z_BUF_ERROR' ? 'it breaks off' : cause.message;
    throw new PlimsollError('LAYER_INVALID', `The layer is not valid ${compression}: ${why}`, { cause });
  } finally {
    transform.destroy();
  }
  await feeding;
}

async function feed(
  transform: Transform,
  compression: 'gzip' | 'zstd',
  head: Buffer,
  iterator: AsyncIterator<Uint8Array>,
  input: Input,
): Promise<void> {
  const frames = compression === 'zstd' ? new ZstdFrames() : undefined;
  let chunk = head;
  for (;;) {
    for (const part of frames?.split(chunk) ?? [chunk]) if (!transform.readableEnded) await written(transform, part);
    // A stream that failed or was left is left at once; one that ended has its trailing bytes read, for the hash.
    if (transform.errored !== null || (transform.destroyed && !transform.readableEnded)) return;
    const next = await iterator.next();
    if (next.done) break;
    input.bytes += next.value.length;
    chunk = toBuffer(next.value);
  }
  if (frames?.isBetweenFrames === false)
    throw new PlimsollError('LAYER_INVALID', 'The layer is not valid zstd: it breaks off');
  if (!transform.readableEnded) transform.end();
}

/** Waits until the part is inflated, or the stream is over: only then may whoever gave it use its memory again. */
function written(transform: Transform, part: Buffer): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      transform.off('end', done).off('close', done);
      resolve();
    };
    transform.once('end', done).once('close', done);
    transform.write(part, done);
  });
}

function isZlibError(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(Z_|ZSTD_|ERR_)/.test(error.code)
  );
}

function toBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function unsupported(name: string): PlimsollError {
  return new PlimsollError('LAYER_INVALID', `The layer is compressed with ${name}, which no image format allows`);
}
