/**
 * Reads layers on a thread of its own: a hostile layer that exhausts memory ends the thread, not the scan.
 *
 * Protocol, from the pool: `start`, then `chunk`s, then `end` or `fail`. To the pool: `want` for more chunks, then `done` or `failed`.
 */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { cataloguers } from './cataloguers.ts';
import { type Aliases, type LayerPromise, readLayer } from './read-layer.ts';

/** What the pool says to a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly promise: LayerPromise; readonly aliases: Aliases | undefined }
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
  | { readonly kind: 'done'; readonly facts: PostedFacts; readonly linksToRead: Aliases }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

/** How many chunks may be on their way to a worker. */
export const WINDOW_CHUNKS = 8;

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
        readLayer(queue, message.promise, cataloguers, message.aliases).then(
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

function toPosted(facts: LayerFacts): PostedFacts {
  return { ...facts, entries: facts.entries.toBase64(), folders: facts.folders.toBase64() };
}

function plain(error: unknown): { code: ErrorCode; message: string } {
  const { code, message } = toPlimsollError(error);
  return { code, message };
}

if (parentPort !== null) serve(parentPort);
