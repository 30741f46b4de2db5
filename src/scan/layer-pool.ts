/**
 * A pool of threads that read layers, one layer each at a time.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { LocalBlob } from '#image/content.ts';
import { EntrySet } from '#inventory/entry-set.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import {
  type FromWorker,
  type PostedFacts,
  type ToWorker,
  WINDOW_CHUNKS,
  type WorkerSettings,
} from './layer-worker.ts';
import type { Aliases, LayerPromise, LayerReading } from './read-layer.ts';

/** Memory of one thread, in MiB. A small young generation keeps short-lived chunks from piling up: measured, a third of the memory. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 384 };

/** How many layers are read at once when nothing else is said: one per core, at most four. */
export function defaultLayerConcurrency(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

/** Where a layer's stored bytes come from. */
export type LayerSource =
  | { readonly chunks: AsyncIterable<Uint8Array> }
  | { readonly file: LocalBlob; readonly signal: AbortSignal; readonly advance: (bytes: number) => void };

export class LayerPool implements AsyncDisposable {
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  readonly #isBackground: boolean;

  /** `isBackground`: its threads leave the processor to others, where the operating system can do that. */
  constructor({ isBackground = false }: { readonly isBackground?: boolean } = {}) {
    this.#isBackground = isBackground;
  }

  /**
   * Like `readLayer`, on a thread, which reads a file itself and is sent the chunks of anything else.
   * @throws {PlimsollError} what `readLayer` throws, and `LIMIT_EXCEEDED` when the thread ran out of memory.
   */
  async read(
    source: LayerSource,
    promise: LayerPromise | undefined,
    aliases: Aliases | undefined,
  ): Promise<LayerReading> {
    const worker = this.#idle.pop() ?? this.#start();
    try {
      const reading = await exchange(worker, source, promise, aliases);
      this.#idle.push(worker);
      return reading;
    } catch (error) {
      // Whatever state the thread is in, the next layer gets a new one.
      this.#all.delete(worker);
      await worker.terminate();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map(worker => worker.terminate()));
    this.#all.clear();
    this.#idle.length = 0;
  }

  #start(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './layer-worker.ts' : './layer-worker.js';
    const start = `require('node:module').enableCompileCache?.(); import(${JSON.stringify(new URL(file, import.meta.url).href)});`;
    const worker = new Worker(start, {
      eval: true,
      resourceLimits: WORKER_LIMITS,
      workerData: { isBackground: this.#isBackground } satisfies WorkerSettings,
    });
    worker.unref();
    this.#all.add(worker);
    return worker;
  }
}

async function exchange(
  worker: Worker,
  source: LayerSource,
  promise: LayerPromise | undefined,
  aliases: Aliases | undefined,
): Promise<LayerReading> {
  const file = 'file' in source ? source.file : undefined;
  const listener = new WorkerListener(
    worker,
    promise?.digest ?? 'that is being uploaded',
    'file' in source ? source.advance : undefined,
  );
  worker.postMessage({ kind: 'start', promise, aliases, file } satisfies ToWorker);
  if ('file' in source) {
    const stop = () => listener.fail(toPlimsollError(source.signal.reason));
    source.signal.addEventListener('abort', stop);
    if (source.signal.aborted) stop();
    return await listener.result.finally(() => source.signal.removeEventListener('abort', stop));
  }
  await send(source.chunks, worker, listener);
  return await listener.result;
}

/** Sends the chunks as the worker asks for them. */
async function send(chunks: AsyncIterable<Uint8Array>, worker: Worker, listener: WorkerListener): Promise<void> {
  const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer);
  try {
    for await (const chunk of chunks) {
      await listener.credit();
      if (listener.isOver) return;
      const own = ownBuffer(chunk);
      post({ kind: 'chunk', bytes: own }, [own.buffer]);
    }
    if (!listener.isOver) post({ kind: 'end' });
  } catch (error) {
    const known = toPlimsollError(error);
    if (!listener.isOver) post({ kind: 'fail', code: known.code, message: known.message });
    await listener.result.catch(() => undefined);
    throw error;
  }
}

/** What one worker says while it reads one layer. */
class WorkerListener {
  readonly result: Promise<LayerReading>;
  fail: (error: unknown) => void = () => {};
  #credit = WINDOW_CHUNKS;
  #wake: (() => void) | undefined;
  #isOver = false;

  constructor(worker: Worker, digest: string, advance: ((bytes: number) => void) | undefined) {
    this.result = new Promise((resolve, reject) => {
      const finish = (act: () => void) => {
        this.#isOver = true;
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        worker.unref();
        this.#wake?.();
        act();
      };
      const onMessage = (message: FromWorker) => {
        if (message.kind === 'want') {
          this.#credit += 1;
          this.#wake?.();
        } else if (message.kind === 'advance') advance?.(message.bytes);
        else if (message.kind === 'done') {
          finish(() => resolve({ facts: toFacts(message.facts), linksToRead: message.linksToRead }));
        } else finish(() => reject(new PlimsollError(message.code, message.message)));
      };
      const onError = (error: Error) => finish(() => reject(toWorkerError(error, digest)));
      const onExit = () => finish(() => reject(new PlimsollError('BUG', `The thread that read layer ${digest} ended`)));
      this.fail = error => finish(() => reject(error));
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.ref();
    });
    // Whoever sends chunks looks at the result only afterwards.
    this.result.catch(() => undefined);
  }

  /** Whether the worker is done, one way or the other. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits until the worker has room for a chunk, or is done. */
  async credit(): Promise<void> {
    while (this.#credit === 0 && !this.#isOver) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    this.#credit -= 1;
  }
}

function toWorkerError(error: Error, digest: string): Error {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  const what = `Reading layer ${digest} took more than ${WORKER_LIMITS.maxOldGenerationSizeMb} MiB of memory`;
  return isMemory ? new PlimsollError('LIMIT_EXCEEDED', what, { cause: error }) : error;
}

/** The chunk with a buffer to itself, which can be moved to another thread: most are that already. */
function ownBuffer(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = chunk.byteOffset === 0 && chunk.byteLength === chunk.buffer.byteLength;
  return isWhole && chunk.buffer instanceof ArrayBuffer ? (chunk as Uint8Array<ArrayBuffer>) : new Uint8Array(chunk);
}

function toFacts(posted: PostedFacts): LayerFacts {
  return { ...posted, entries: EntrySet.fromBase64(posted.entries), folders: EntrySet.fromBase64(posted.folders) };
}
