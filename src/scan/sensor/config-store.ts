/**
 * Configs that a listing has read, in memory for the scans that follow it: each is then fetched once. They are known by their digests, which
 * were checked when they came.
 */
import type { ContentSource } from '#image/content.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** The configs kept last, of all registries of a sensor. */
export class ConfigStore {
  readonly #configs = new Map<string, Uint8Array>();
  #bytes = 0;

  /** Keeps a config; the oldest go when there are too many. */
  keep(digest: string, bytes: Uint8Array): void {
    if (this.#configs.has(digest) || bytes.byteLength > MAX_BYTES / 4) return;
    this.#configs.set(digest, bytes);
    this.#bytes += bytes.byteLength;
    for (const oldest of this.#configs.keys()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#bytes -= this.#configs.get(oldest)?.byteLength ?? 0;
      this.#configs.delete(oldest);
    }
  }

  /** A config of this digest; `undefined` when it is not kept. */
  find(digest: string): Uint8Array | undefined {
    return this.#configs.get(digest);
  }
}

/** The same source, its config taken from the store where that has it; `onFetch` is told of a config that is fetched all the same. */
export function withConfigs(source: ContentSource, configs: ConfigStore, onFetch: () => void): ContentSource {
  const { blobFile, headRoot } = source;
  return {
    reference: source.reference,
    isRemote: source.isRemote,
    root: options => source.root(options),
    ...(headRoot === undefined ? {} : { headRoot: options => headRoot.call(source, options) }),
    async document(descriptor, kind, options) {
      const known = kind === 'config' ? configs.find(descriptor.digest) : undefined;
      if (known !== undefined && known.byteLength === descriptor.size) return known;
      onFetch();
      return await source.document(descriptor, kind, options);
    },
    blob: (descriptor, options) => source.blob(descriptor, options),
    blobRange: (descriptor, range, options) => source.blobRange(descriptor, range, options),
    ...(blobFile === undefined
      ? {}
      : { blobFile: (descriptor, options) => blobFile.call(source, descriptor, options) }),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
