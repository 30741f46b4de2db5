/**
 * Reads layers on a thread of its own: a hostile layer that exhausts memory ends the thread, not the scan.
 *
 * Protocol, from the pool: `start`, then, unless that names a file, `chunk`s and `end` or `fail`. To the pool: `want` for more chunks,
 * or `advance` for bytes of the file, then `done` or `failed`.
 */
import { readlinkSync, readSync } from 'node:fs';
import { setPriority } from 'node:os';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { LocalBlob } from '#image/content.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { cataloguers } from './cataloguers.ts';
import { type Aliases, type LayerPromise, readLayer } from './read-layer.ts';

/** What the pool says to a worker. */
export type ToWorker =
  | {
      readonly kind: 'start';
      /** Missing: somebody else checks the bytes. */
      readonly promise: LayerPromise | undefined;
      readonly aliases: Aliases | undefined;
      /** Where to read the layer; without it, it comes in chunks. */
      readonly file: LocalBlob | undefined;
    }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly message: string };

/** Facts as they cross threads: sets of paths as text. */
export type PostedFacts = Omit<LayerFacts, 'entries' | 'folders'> & {
  readonly entries: string;
  readonly folders: string;
};

/** What a worker says to the pool. */
export type FromWorker =
  | { readonly kind: 'want' }
  /** So many more bytes of a file were read. */
  | { readonly kind: 'advance'; readonly bytes: number }
  | { readonly kind: 'done'; readonly facts: PostedFacts; readonly linksToRead: Aliases }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** What a worker is started with. */
export interface WorkerSettings {
  /** Whether it leaves the processor to others. */
  readonly isBackground: boolean;
}

/** How many chunks may be on their way to a worker. */
export const WINDOW_CHUNKS = 8;

const BACKGROUND_NICENESS = 10;
const FILE_CHUNK_BYTES = 256 * 1024;
/** How often progress is told, in bytes. */
const ADVANCE_BYTES = 4 * 1024 * 1024;

class ChunkQueue implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #error: PlimsollError | undefined;
  #isOver = false;
  #wake: (() => void) | undefined;
  readonly #onTaken: () => void;

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end(error?: PlimsollError): void {
    this.#isOver = true;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#onTaken();
        yield chunk;
        // It came here alone in its buffer, and its reader is done with it: no need to wait for the garbage collector.
        if (chunk.buffer instanceof ArrayBuffer) chunk.buffer.transfer(0);
      } else if (this.#isOver) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function serve(port: MessagePort): void {
  const post = (message: FromWorker) => port.postMessage(message);
  let queue: ChunkQueue | undefined;
  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'start': {
        queue = new ChunkQueue(() => post({ kind: 'want' }));
        const { file } = message;
        const source = file === undefined ? queue : readFile(file, bytes => post({ kind: 'advance', bytes }));
        readLayer(source, message.promise, cataloguers, message.aliases).then(
          ({ facts, linksToRead }) => post({ kind: 'done', facts: toPosted(facts), linksToRead }),
          error => post({ kind: 'failed', ...plain(error) }),
        );
        return;
      }
      case 'chunk':
        queue?.push(message.bytes);
        return;
      case 'fail':
        queue?.end(new PlimsollError(message.code, message.message));
        return;
      default:
        queue?.end();
    }
  });
}

/** The bytes of a file, through one buffer: each chunk is done with when the next is asked for. */
async function* readFile(blob: LocalBlob, advance: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(FILE_CHUNK_BYTES);
  const end = blob.offset + blob.sizeBytes;
  let untold = 0;
  for (let position = blob.offset; position < end; ) {
    const bytesRead = readSync(blob.fd, buffer, 0, Math.min(buffer.length, end - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    untold += bytesRead;
    if (untold >= ADVANCE_BYTES || position === end) {
      advance(untold);
      untold = 0;
    }
    yield buffer.subarray(0, bytesRead);
  }
}

function toPosted(facts: LayerFacts): PostedFacts {
  return { ...facts, entries: facts.entries.toBase64(), folders: facts.folders.toBase64() };
}

function plain(error: unknown): { code: ErrorCode; message: string } {
  const { code, message } = toPlimsollError(error);
  return { code, message };
}

/** As `nice` does, for this thread alone, which only Linux can. */
function yieldToOthers(): void {
  try {
    const [, thread = ''] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? [];
    if (thread !== '') setPriority(Number(thread), BACKGROUND_NICENESS);
  } catch {
    // It reads all the same.
  }
}

if (parentPort !== null) {
  const { isBackground } = workerData as WorkerSettings;
  if (isBackground) yieldToOthers();
  serve(parentPort);
}
