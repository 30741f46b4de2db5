/**
 * Reads layers while they are being pushed, so that their facts are there when the manifest comes, or a moment later.
 *
 * Reading trails the push: what came in the last second waits, so that a push that is over sooner does not share the processor with it, and one
 * that goes on longer leaves no more than a second's worth behind. Nothing waits any more once the scan asks for it. Where the blob store can show what it has of an upload, bytes are read from
 * there; otherwise some are kept in memory, and a reader that falls behind reads the rest from the blob store once the upload is committed.
 * Facts count only then, when the store has checked the digest. Whatever goes wrong here is made up for by the scan, which reads layers without
 * facts from the blob store.
 */
import { PlimsollError } from '#base/errors.ts';
import type { BlobReader } from '#blob/blob-store.ts';
import type { Digest } from '#oci/digest.ts';
import type { CachedFacts } from '#scan/layer-cache.ts';
import type { LayerPool, LayerSource } from '#scan/layer-pool.ts';
import type { HostingLog, UploadWatcher } from './context.ts';
import { Trail } from './trail.ts';

/** What the intake works with. */
export interface IntakeOptions {
  readonly blobs: BlobReader;
  readonly pool: LayerPool;
  /** Keeps the facts of a layer. */
  readonly keep: (layer: Digest, entry: CachedFacts) => Promise<void>;
  /** Layers read at the same time while they come, and so many that are there already; of these, others wait for their turn. */
  readonly maxReaders: number;
  readonly log: HostingLog;
  /** Bytes that may wait in memory for one thread. */
  readonly maxWaitingBytes?: number | undefined;
  /** How far reading stays behind, in milliseconds. */
  readonly trailMs?: number | undefined;
}

interface Committed {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** One upload that is, or will be, read. */
interface Reading {
  readonly uploadId: string;
  readonly waiting: Uint8Array[];
  waitingBytes: number;
  /** Where the next chunk must begin. */
  seenBytes: number;
  readonly trail: Trail;
  /** Whether something is to be read from the blob store; otherwise everything is in memory. */
  isLate: boolean;
  committed: Committed | undefined;
  /** Once committed: whether reading waits no longer. */
  isDue: boolean;
  /** Whether a thread has it. */
  isRunning: boolean;
  wake: () => void;
  readonly stop: AbortController;
  /** What came of it, once a thread has had it. */
  readonly done: PromiseWithResolvers<CachedFacts | undefined>;
}

const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const TRAIL_MS = 1000;
/** Where a tar says what it is: POSIX pax, "ustar Interchange Format". */
const TAR_MAGIC_AT = 257;

/** See above. */
export class LayerIntake implements UploadWatcher, AsyncDisposable {
  readonly #options: IntakeOptions;
  /** Whether what came of an upload can be read from the blob store. */
  readonly #showsUploads: boolean;
  readonly #uploads = new Map<string, Reading>();
  /** Committed, and waiting for a thread. */
  readonly #queue = new Set<Reading>();
  /** Begun while they came: slow pushes may keep these threads for hours. */
  readonly #following = new Set<Reading>();
  /** Begun when they were there. */
  readonly #catchingUp = new Set<Reading>();
  readonly #pending = new Map<string, { readonly reading: Reading; readonly kept: Promise<CachedFacts | undefined> }>();

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#showsUploads = options.blobs.openUpload !== undefined;
  }

  /** The facts of a layer that was pushed a moment ago, when it has been read; `undefined` when it is not being read, or that failed. */
  async find(layer: Digest): Promise<CachedFacts | undefined> {
    const pending = this.#pending.get(layer);
    if (pending === undefined) return undefined;
    pending.reading.isDue = true;
    this.#runQueued();
    return await pending.kept;
  }

  saw(uploadId: string, offset: number, chunk: Uint8Array): void {
    let reading = this.#uploads.get(uploadId);
    if (reading === undefined) {
      if (offset !== 0 || !looksLikeLayer(chunk)) return;
      // Without a thread that takes them, bytes in memory would only pile up.
      if (!this.#showsUploads && this.#following.size >= this.#options.maxReaders) return;
      reading = this.#begin(uploadId);
    }
    if (reading.seenBytes !== offset) {
      // Another server has taken a part of the upload.
      this.ended(uploadId);
      return;
    }
    reading.seenBytes += chunk.byteLength;
    const now = performance.now();
    if (this.#showsUploads) reading.trail.note(reading.seenBytes, now);
    else this.#hold(reading, chunk);
    const isRipe = !this.#showsUploads || reading.trail.ripe(now) > 0;
    const hasRoom = this.#following.size < this.#options.maxReaders;
    if (isRipe && hasRoom && !reading.isRunning) this.#run(reading, this.#following);
    reading.wake();
  }

  committed(uploadId: string, digest: string, sizeBytes: number): void {
    const reading = this.#uploads.get(uploadId);
    this.#uploads.delete(uploadId);
    if (reading === undefined) return;
    if (reading.seenBytes !== sizeBytes) {
      this.#stop(reading);
      return;
    }
    const layer = digest as Digest;
    const kept = this.#keep(layer, reading);
    const entry = { reading, kept };
    this.#pending.set(layer, entry);
    void kept.then(() => {
      if (this.#pending.get(layer) === entry) this.#pending.delete(layer);
    });
    reading.committed = { digest: layer, sizeBytes };
    reading.wake();
    if (reading.isRunning) return;
    this.#queue.add(reading);
    setTimeout(() => {
      reading.isDue = true;
      this.#runQueued();
    }, this.#trailMs).unref();
  }

  ended(uploadId: string): void {
    const reading = this.#uploads.get(uploadId);
    this.#uploads.delete(uploadId);
    if (reading !== undefined) this.#stop(reading);
  }

  /** Waits until everything that was pushed has been read. */
  async settled(): Promise<void> {
    for (const reading of this.#queue) reading.isDue = true;
    this.#runQueued();
    const running = [...this.#following, ...this.#catchingUp].map(({ done }) => done.promise);
    await Promise.all([...[...this.#pending.values()].map(({ kept }) => kept), ...running]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of [...this.#uploads.keys()]) this.ended(id);
    for (const reading of this.#queue) this.#stop(reading);
    this.#queue.clear();
    await this.settled();
  }

  get #trailMs(): number {
    return this.#options.trailMs ?? TRAIL_MS;
  }

  #begin(uploadId: string): Reading {
    const reading: Reading = {
      uploadId,
      waiting: [],
      waitingBytes: 0,
      seenBytes: 0,
      trail: new Trail(this.#trailMs),
      isLate: this.#showsUploads,
      committed: undefined,
      isDue: false,
      isRunning: false,
      wake: () => {},
      stop: new AbortController(),
      done: Promise.withResolvers(),
    };
    this.#uploads.set(uploadId, reading);
    return reading;
  }

  #hold(reading: Reading, chunk: Uint8Array): void {
    if (reading.isLate) return;
    if (reading.waitingBytes + chunk.byteLength > (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES)) {
      reading.isLate = true;
      return;
    }
    reading.waiting.push(Uint8Array.from(chunk));
    reading.waitingBytes += chunk.byteLength;
  }

  #stop(reading: Reading): void {
    reading.stop.abort();
    reading.wake();
    if (!reading.isRunning) reading.done.resolve(undefined);
  }

  async #keep(layer: Digest, { done }: Reading): Promise<CachedFacts | undefined> {
    const entry = await done.promise;
    if (entry === undefined) return undefined;
    try {
      await this.#options.keep(layer, entry);
    } catch (err) {
      this.#options.log.warn({ err, layer }, 'layer facts not kept');
    }
    return entry;
  }

  #runQueued(): void {
    for (const reading of this.#queue) {
      if (this.#catchingUp.size >= this.#options.maxReaders) return;
      if (!reading.isDue) continue;
      this.#queue.delete(reading);
      this.#run(reading, this.#catchingUp);
    }
  }

  #run(reading: Reading, threads: Set<Reading>): void {
    threads.add(reading);
    reading.isRunning = true;
    void this.#read(reading).then(entry => {
      threads.delete(reading);
      reading.done.resolve(entry);
      this.#runQueued();
    });
  }

  /** Facts of a layer; `undefined`, for whatever reason, leaves it to the scan. */
  async #read(reading: Reading): Promise<CachedFacts | undefined> {
    const { pool, blobs, log } = this.#options;
    try {
      await using file = reading.committed && (await blobs.openFile?.(reading.committed.digest));
      const source: LayerSource =
        file === undefined
          ? { chunks: this.#chunks(reading) }
          : { file, signal: reading.stop.signal, advance: () => undefined };
      const { facts, linksToRead } = await pool.read(source, undefined, undefined);
      // A link wants a second look, for which the bytes must be at hand: the scan will do it.
      return linksToRead.size === 0 ? { facts, verifiedBy: 'layer' } : undefined;
    } catch (err) {
      if (!reading.stop.signal.aborted) log.warn({ err }, 'layer not read while it was pushed');
      return undefined;
    }
  }

  async *#chunks(reading: Reading): AsyncGenerator<Uint8Array> {
    const { signal } = reading.stop;
    let offset = 0;
    for (;;) {
      if (signal.aborted) throw new PlimsollError('CANCELLED', 'The upload ended');
      const source = await this.#next(reading, offset);
      if (source === 'end') return;
      if (source === 'wait') {
        await news(reading, reading.trail.nextMs(performance.now()));
        continue;
      }
      for await (const chunk of source) {
        offset += chunk.byteLength;
        yield chunk;
      }
    }
  }

  /** Where bytes from `offset` on are at this moment. */
  async #next(
    reading: Reading,
    offset: number,
  ): Promise<AsyncIterable<Uint8Array> | readonly Uint8Array[] | 'wait' | 'end'> {
    const { blobs } = this.#options;
    const { signal } = reading.stop;
    const chunk = reading.waiting.shift();
    if (chunk !== undefined) {
      reading.waitingBytes -= chunk.byteLength;
      return [chunk];
    }
    if (reading.committed !== undefined) {
      const { digest, sizeBytes } = reading.committed;
      if (!reading.isLate || offset === sizeBytes) return 'end';
      return await blobs.open(digest, { signal, range: { offset, length: sizeBytes - offset } });
    }
    const ripe = reading.trail.ripe(performance.now());
    if (ripe <= offset) return 'wait';
    const range = { offset, length: ripe - offset };
    // Once it is a blob it is no upload any more; that is told in a moment.
    return (await blobs.openUpload?.(reading.uploadId, { signal, range }).catch(() => undefined)) ?? 'wait';
  }
}

/** Waits until something of the upload changes, or so long. */
async function news(reading: Reading, withinMs: number | undefined): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = withinMs === undefined ? undefined : setTimeout(resolve, withinMs);
    reading.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  reading.wake = () => {};
}

/** Whether bytes begin as layers do: gzip, zstd, or a tar as it is. */
function looksLikeLayer(chunk: Uint8Array): boolean {
  const head = Buffer.from(chunk.buffer, chunk.byteOffset, Math.min(chunk.byteLength, 512));
  if (head.length < 4) return false;
  if (head.readUInt16BE(0) === 0x1f8b || head.readUInt32BE(0) === 0x28b52ffd) return true;
  return head.toString('latin1', TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === 'ustar';
}
