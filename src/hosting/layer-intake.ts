/**
 * Reads layers while they are being pushed, so that their facts are there when the manifest comes.
 *
 * The bytes of an upload are shown to a thread as they are kept. A thread that falls behind does not hold the push up: it reads the rest
 * from the blob store once the upload is committed. Facts count only then, when the store has checked the digest. Whatever goes wrong here is
 * made up for by the scan, which reads layers without facts from the blob store.
 */

import { PlimsollError } from '#base/errors.ts';
import type { BlobReader } from '#blob/blob-store.ts';
import type { Digest } from '#oci/digest.ts';
import type { CachedFacts } from '#scan/layer-cache.ts';
import type { LayerPool } from '#scan/layer-pool.ts';
import type { HostingLog, UploadWatcher } from './context.ts';

/** What the intake works with. */
export interface IntakeOptions {
  readonly blobs: BlobReader;
  readonly pool: LayerPool;
  /** Keeps the facts of a layer. */
  readonly keep: (layer: Digest, entry: CachedFacts) => Promise<void>;
  /** Layers read at the same time; of further ones nothing is read before the manifest. */
  readonly maxReaders: number;
  readonly log: HostingLog;
  /** Bytes that may wait for one thread. */
  readonly maxWaitingBytes?: number | undefined;
}

interface Committed {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** One upload that is being read. */
interface Reading {
  readonly waiting: Uint8Array[];
  waitingBytes: number;
  /** Where the next chunk must begin. */
  seenBytes: number;
  /** Where reading goes on from the blob store; missing: the thread has kept up. */
  lateFrom: number | undefined;
  wake: () => void;
  readonly committed: PromiseWithResolvers<Committed>;
  readonly stop: AbortController;
  readonly done: Promise<CachedFacts | undefined>;
}

const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Where a tar says what it is: POSIX pax, "ustar Interchange Format". */
const TAR_MAGIC_AT = 257;

/** See above. */
export class LayerIntake implements UploadWatcher, AsyncDisposable {
  readonly #options: IntakeOptions;
  readonly #readings = new Map<string, Reading>();
  readonly #pending = new Map<string, Promise<CachedFacts | undefined>>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** The facts of a layer that was pushed a moment ago, when it has been read; `undefined` when it is not being read, or that failed. */
  async find(layer: Digest): Promise<CachedFacts | undefined> {
    return await this.#pending.get(layer);
  }

  saw(uploadId: string, offset: number, chunk: Uint8Array): void {
    let reading = this.#readings.get(uploadId);
    if (reading === undefined) {
      if (offset !== 0 || this.#readings.size >= this.#options.maxReaders || !looksLikeLayer(chunk)) return;
      reading = this.#start();
      this.#readings.set(uploadId, reading);
    }
    if (reading.seenBytes !== offset) {
      // Another server has taken a part of the upload.
      this.ended(uploadId);
      return;
    }
    reading.seenBytes += chunk.byteLength;
    if (reading.lateFrom !== undefined) return;
    if (reading.waitingBytes + chunk.byteLength > (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES)) {
      reading.lateFrom = offset;
    } else {
      reading.waiting.push(chunk);
      reading.waitingBytes += chunk.byteLength;
    }
    reading.wake();
  }

  committed(uploadId: string, digest: string, sizeBytes: number): void {
    const reading = this.#readings.get(uploadId);
    this.#readings.delete(uploadId);
    if (reading === undefined) return;
    if (reading.seenBytes !== sizeBytes) {
      reading.stop.abort();
      reading.wake();
      return;
    }
    const layer = digest as Digest;
    const kept = this.#keep(layer, reading);
    this.#pending.set(layer, kept);
    void kept.then(() => {
      if (this.#pending.get(layer) === kept) this.#pending.delete(layer);
    });
    reading.committed.resolve({ digest: layer, sizeBytes });
    reading.wake();
  }

  ended(uploadId: string): void {
    const reading = this.#readings.get(uploadId);
    this.#readings.delete(uploadId);
    reading?.stop.abort();
    reading?.wake();
  }

  /** Waits until everything that was pushed has been read. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of [...this.#readings.keys()]) this.ended(id);
    await this.settled();
  }

  async #keep(layer: Digest, reading: Reading): Promise<CachedFacts | undefined> {
    const entry = await reading.done;
    if (entry === undefined) return undefined;
    try {
      await this.#options.keep(layer, entry);
    } catch (err) {
      this.#options.log.warn({ err, layer }, 'layer facts not kept');
    }
    return entry;
  }

  #start(): Reading {
    const committed = Promise.withResolvers<Committed>();
    const reading: Omit<Reading, 'done'> = {
      waiting: [],
      waitingBytes: 0,
      seenBytes: 0,
      lateFrom: undefined,
      wake: () => {},
      committed,
      stop: new AbortController(),
    };
    const whole = reading as Reading;
    return Object.assign(whole, { done: this.#read(whole) });
  }

  async #read(reading: Reading): Promise<CachedFacts | undefined> {
    const { pool, log } = this.#options;
    try {
      const { facts, linksToRead } = await pool.read({ chunks: this.#chunks(reading) }, undefined, undefined);
      // A link wants a second look, for which the bytes must be at hand: the scan will do it.
      return linksToRead.size === 0 ? { facts, verifiedBy: 'layer' } : undefined;
    } catch (err) {
      if (!reading.stop.signal.aborted) log.warn({ err }, 'layer not read while it was pushed');
      return undefined;
    }
  }

  async *#chunks(reading: Reading): AsyncGenerator<Uint8Array> {
    const { signal } = reading.stop;
    let isCommitted: Committed | undefined;
    void reading.committed.promise.then(value => {
      isCommitted = value;
    });
    for (;;) {
      if (signal.aborted) throw new PlimsollError('CANCELLED', 'The upload ended');
      const chunk = reading.waiting.shift();
      if (chunk !== undefined) {
        reading.waitingBytes -= chunk.byteLength;
        yield chunk;
      } else if (isCommitted !== undefined) {
        const { digest, sizeBytes } = isCommitted;
        const offset = reading.lateFrom;
        if (offset === undefined) return;
        yield* await this.#options.blobs.open(digest, { signal, range: { offset, length: sizeBytes - offset } });
        return;
      } else {
        await new Promise<void>(resolve => {
          // A commit is known one step after its wake-up.
          reading.wake = () => setImmediate(resolve);
        });
      }
    }
  }
}

/** Whether bytes begin as layers do: gzip, zstd, or a tar as it is. */
function looksLikeLayer(chunk: Uint8Array): boolean {
  const head = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, 512));
  if (head.length < 4) return false;
  if (head.readUInt16BE(0) === 0x1f8b || head.readUInt32BE(0) === 0x28b52ffd) return true;
  return head.toString('latin1', TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === 'ustar';
}
