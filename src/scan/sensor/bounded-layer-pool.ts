/** Threads that read layers, so many at a time for all images of a sensor together. */
import { availableParallelism } from 'node:os';
import { Slots } from '#image/registry/slots.ts';
import { defaultLayerConcurrency, LayerPool, type LayerSource } from '../layer-pool.ts';
import type { Aliases, LayerPromise, LayerReading } from '../read-layer.ts';

/** How many threads a share of the machine is; 0 stands for no limit of its own. */
export function threadsFor(cpuPercent: number, cores: number = availableParallelism()): number {
  if (cpuPercent === 0) return defaultLayerConcurrency();
  return Math.max(1, Math.floor((cores * cpuPercent) / 100));
}

/** See above. A source of chunks is not asked for its first one before there is a thread to take it. */
export class BoundedLayerPool extends LayerPool {
  readonly #slots: Slots;
  readonly #closing = new AbortController();

  constructor(threads: number) {
    super();
    this.#slots = new Slots(threads);
  }

  override async read(
    source: LayerSource,
    promise: LayerPromise | undefined,
    aliases: Aliases | undefined,
  ): Promise<LayerReading> {
    const release = await this.#slots.take(this.#closing.signal);
    try {
      return await super.read(source, promise, aliases);
    } finally {
      release();
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await super[Symbol.asyncDispose]();
  }
}
