/**
 * A pool of threads that read layers, one layer each at a time.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { EntrySet } from '#inventory/entry-set.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { type FromWorker, type PostedFacts, type ToWorker, WINDOW_CHUNKS } from './layer-worker.ts';
import type { Aliases, LayerPromise, LayerReading } from './read-layer.ts';

/** Memory of one thread, in MiB. A small young generation keeps short-lived chunks from piling up: measured, a third of the memory. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 384 };

/** How many layers are read at once when nothing else is said: one per core, at most four. */
export function defaultLayerConcurrency(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

export class LayerPool implements AsyncDisposable {
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();

  /** Like `readLayer`, on a thread. @throws {PlimsollError} what `readLayer` throws, and `LIMIT_EXCEEDED` when the thread ran out of memory. */
  async read(
    source: AsyncIterable<Uint8Array>,
    promise: LayerPromise,
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
    const worker = new Worker(start, { eval: true, resourceLimits: WORKER_LIMITS });
    worker.unref();
    this.#all.add(worker);
    return worker;
  }
}

async function exchange(
  worker: Worker,
  source: AsyncIterable<Uint8Array>,
  promise: LayerPromise,
  aliases: Aliases | undefined,
): Promise<LayerReading> {
  let credit = WINDOW_CHUNKS;
  let wake: (() => void) | undefined;
  let isOver = false;
  const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer);

  const result = new Promise<LayerReading>((resolve, reject) => {
    const finish = (act: () => void) => {
      isOver = true;
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      worker.unref();
      wake?.();
      act();
    };
    const onMessage = (message: FromWorker) => {
      if (message.kind === 'want') {
        credit += 1;
        wake?.();
      } else if (message.kind === 'done')
        finish(() => resolve({ facts: toFacts(message.facts), linksToRead: message.linksToRead }));
      else finish(() => reject(new PlimsollError(message.code, message.message)));
    };
    const onError = (error: Error) => {
      const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const what = `Reading layer ${promise.digest} took more than ${WORKER_LIMITS.maxOldGenerationSizeMb} MiB of memory`;
      finish(() => reject(isMemory ? new PlimsollError('LIMIT_EXCEEDED', what, { cause: error }) : error));
    };
    const onExit = () =>
      finish(() => reject(new PlimsollError('BUG', `The thread that read layer ${promise.digest} ended`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.ref();
  });
  result.catch(() => undefined);

  post({ kind: 'start', promise, aliases });
  try {
    for await (const chunk of source) {
      while (credit === 0 && !isOver) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      if (isOver) break;
      credit -= 1;
      const own = ownBuffer(chunk);
      post({ kind: 'chunk', bytes: own }, [own.buffer]);
    }
    if (!isOver) post({ kind: 'end' });
  } catch (error) {
    const known = toPlimsollError(error);
    if (!isOver) post({ kind: 'fail', code: known.code, message: known.message });
    await result.catch(() => undefined);
    throw error;
  }
  return await result;
}

/** The chunk with a buffer to itself, which can be moved to another thread: most are that already. */
function ownBuffer(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = chunk.byteOffset === 0 && chunk.byteLength === chunk.buffer.byteLength;
  return isWhole && chunk.buffer instanceof ArrayBuffer ? (chunk as Uint8Array<ArrayBuffer>) : new Uint8Array(chunk);
}

function toFacts(posted: PostedFacts): LayerFacts {
  return { ...posted, entries: EntrySet.fromBase64(posted.entries), folders: EntrySet.fromBase64(posted.folders) };
}
