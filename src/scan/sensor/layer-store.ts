/**
 * Where a sensor looks for the facts of a layer before it reads one: its own folder, then the server, which has what other sensors read.
 *
 * A layer that two images of this sensor need at the same time is read for one of them; the other waits.
 */
import { toPlimsollError } from '#base/errors.ts';
import type { Digest } from '#oci/digest.ts';
import { cataloguers } from '../cataloguers.ts';
import { type CachedFacts, cataloguerVersion, readEntry, writeEntry } from '../layer-cache.ts';
import type { FactsCache } from '../scan-image.ts';
import type { SensorPort } from '../task/contract.ts';
import type { FactsFolder } from './facts-folder.ts';
import type { SensorLog } from './sensor-log.ts';

/** The version of the facts that this program reads. */
export function analyserVersion(): string {
  return cataloguerVersion(cataloguers);
}

/** What one image sees of the store; disposing it lets others read what this one was about to. */
export interface ImageFacts extends FactsCache, Disposable {}

/** See above. */
export class LayerStore {
  readonly #folder: FactsFolder;
  readonly #port: Pick<SensorPort, 'findLayerFacts' | 'keepLayerFacts'>;
  readonly #version: string;
  readonly #log: SensorLog;
  /** Layers being read, each with what ends the wait for it. */
  readonly #reading = new Map<Digest, Promise<void>>();

  constructor(options: {
    readonly folder: FactsFolder;
    readonly port: Pick<SensorPort, 'findLayerFacts' | 'keepLayerFacts'>;
    readonly version: string;
    readonly log: SensorLog;
  }) {
    this.#folder = options.folder;
    this.#port = options.port;
    this.#version = options.version;
    this.#log = options.log;
  }

  /** The store for one image. `isDeep`: what is known already is read again. */
  open({ isDeep, signal }: { readonly isDeep: boolean; readonly signal: AbortSignal }): ImageFacts {
    const claimed = new Map<Digest, () => void>();
    const release = (layer: Digest) => {
      claimed.get(layer)?.();
      claimed.delete(layer);
    };
    return {
      find: async layer => {
        for (let hasWaited = false; ; hasWaited = true) {
          // What another image has read meanwhile is as fresh as can be.
          const local = isDeep && !hasWaited ? undefined : await this.#findLocal(layer);
          if (local !== undefined) return local;
          const pending = this.#reading.get(layer);
          if (pending === undefined) break;
          await untilSettled(pending, signal);
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#reading.set(layer, promise);
        claimed.set(layer, () => {
          this.#reading.delete(layer);
          resolve();
        });
        const shared = isDeep ? undefined : await this.#findShared(layer, signal);
        if (shared !== undefined) release(layer);
        return shared;
      },
      keep: async (layer, entry) => {
        const bytes = writeEntry(entry);
        await this.#keepLocal(layer, bytes);
        release(layer);
        await this.#share(layer, bytes, signal);
      },
      [Symbol.dispose]: () => {
        for (const layer of [...claimed.keys()]) release(layer);
      },
    };
  }

  async #findLocal(layer: Digest): Promise<CachedFacts | undefined> {
    const bytes = await this.#folder.find(layer);
    return bytes === undefined ? undefined : readEntry(bytes);
  }

  async #findShared(layer: Digest, signal: AbortSignal): Promise<CachedFacts | undefined> {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await this.#port.findLayerFacts(layer, this.#version, { signal });
    } catch (error) {
      if (signal.aborted) throw toPlimsollError(signal.reason);
      // The registry has the layer, too.
      this.#log.warn({ layer, err: error }, 'layer facts not asked for');
      return undefined;
    }
    const entry = bytes === undefined ? undefined : readEntry(bytes);
    if (bytes !== undefined && entry !== undefined) await this.#keepLocal(layer, bytes);
    return entry;
  }

  async #keepLocal(layer: Digest, bytes: Uint8Array): Promise<void> {
    try {
      await this.#folder.keep(layer, bytes);
    } catch (error) {
      // The cache saves time; a scan does not need it. The check of the host tells people.
      this.#log.warn({ layer, err: error }, 'layer facts not kept');
    }
  }

  async #share(layer: Digest, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      await this.#port.keepLayerFacts(layer, this.#version, bytes, { signal });
    } catch (error) {
      if (signal.aborted) throw toPlimsollError(signal.reason);
      this.#log.warn({ layer, err: error }, 'layer facts not shared');
    }
  }
}

async function untilSettled(pending: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(toPlimsollError(signal.reason));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([pending, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
