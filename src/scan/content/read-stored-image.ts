/**
 * Reads an image of any registry into the store: its layers, unless others had them, its inventory, judged. What is stored is not read again.
 */
import type { ContentSource } from '#image/content.ts';
import type { Image } from '#image/image.ts';
import { findLayerFacts, keepLayerFacts } from '#store/layer-facts.ts';
import { findScanFacts, markScanDone } from '#store/scan-state.ts';
import { readEntry, writeEntry } from '../layer-cache.ts';
import type { LayerPool } from '../layer-pool.ts';
import { type FactsCache, readImage } from '../scan-image.ts';
import { analyserVersion } from '../sensor/layer-store.ts';
import { toReported } from '../task/reported-image.ts';
import type { ContentContext } from './content-context.ts';
import { findFileFacts } from './file-facts.ts';
import type { FoundDocument } from './read-manifest.ts';
import { storeInventory } from './store-inventory.ts';

/** Reads an image whose manifest is stored, with what checks need of its files, unless it was read by the same analyser before. */
export async function readStoredImage(
  context: ContentContext,
  image: Image,
  { pool, signal }: { readonly pool: LayerPool; readonly signal: AbortSignal },
): Promise<void> {
  const { digest } = image;
  if (digest === undefined) return;
  const { db } = context.store;
  const version = analyserVersion();
  const known = (await findScanFacts(db, [digest])).get(digest);
  const isKnown = known?.scannedAt !== undefined && known.analyserVersion === version;
  // The checks need the facts about its files too, which a sensor that read it by parts has not.
  if (isKnown && (await findFileFacts(db, digest)) !== undefined) return;
  // Checks look at whole layers, so that a table of contents alone does not do.
  const scanned = await readImage(image, { signal, pool, cache: storedFacts(context), allowsParts: false });
  const { inventory, files } = toReported(scanned);
  await storeInventory(context, digest, inventory, version, {
    signal,
    files,
    also: trx => markScanDone(trx, digest),
  });
}

/** Facts of layers that the server keeps for all. */
function storedFacts({ store, now }: Pick<ContentContext, 'store' | 'now'>): FactsCache {
  const version = analyserVersion();
  return {
    async find(layer) {
      const bytes = await findLayerFacts(store.db, layer, version);
      return bytes === undefined ? undefined : readEntry(bytes);
    },
    keep: (layer, entry) =>
      keepLayerFacts(store.db, { layerDigest: layer, version, facts: writeEntry(entry), at: now() }),
  };
}

/** A source whose documents are fetched once, and can be had again: each manifest that is fetched counts as a pull. */
export class KeptDocuments implements ContentSource {
  readonly reference: string;
  readonly isRemote: boolean;
  readonly #inner: ContentSource;
  readonly #kept = new Map<string, Uint8Array>();
  #root: ReturnType<ContentSource['root']> | undefined;

  constructor(inner: ContentSource) {
    this.#inner = inner;
    this.reference = inner.reference;
    this.isRemote = inner.isRemote;
  }

  /** A document that has been fetched. */
  kept(digest: string): Uint8Array | undefined {
    return this.#kept.get(digest);
  }

  /** What is stored of an image whose documents have been fetched: its manifest with its config; nothing for a root folder. */
  documentsOf({ digest, mediaType = '', manifest }: Image): readonly FoundDocument[] {
    const document = digest === undefined ? undefined : this.kept(digest);
    if (digest === undefined || document === undefined || manifest === undefined) return [];
    const config = this.kept(manifest.config.digest);
    return [
      {
        digest,
        mediaType,
        document: toBase64(document),
        ...(config === undefined ? {} : { config: toBase64(config) }),
      },
    ];
  }

  async root(options: { readonly signal: AbortSignal }) {
    this.#root ??= this.#inner.root(options);
    const root = await this.#root;
    this.#kept.set(root.digest, root.bytes);
    return root;
  }

  async document(...[descriptor, kind, options]: Parameters<ContentSource['document']>): Promise<Uint8Array> {
    const bytes = this.#kept.get(descriptor.digest) ?? (await this.#inner.document(descriptor, kind, options));
    this.#kept.set(descriptor.digest, bytes);
    return bytes;
  }

  blob(...args: Parameters<ContentSource['blob']>): ReturnType<ContentSource['blob']> {
    return this.#inner.blob(...args);
  }

  blobRange(...args: Parameters<ContentSource['blobRange']>): ReturnType<ContentSource['blobRange']> {
    return this.#inner.blobRange(...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}

/** A document as it travels in JSON. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
