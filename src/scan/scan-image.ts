/**
 * Takes the inventory of one opened image: reads its layers, or takes their facts from the cache, and merges them.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { Image, TarLayer } from '#image/image.ts';
import { buildInventory } from '#inventory/build-inventory.ts';
import { EntrySetBuilder } from '#inventory/entry-set.ts';
import type { Inventory, InventoryImage, InventoryLayer } from '#inventory/inventory.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import type { Digest } from '#oci/digest.ts';
import { findTocLocation } from '#oci/layer-toc.ts';
import type { CachedFacts, LayerCache } from './layer-cache.ts';
import { defaultLayerConcurrency, type LayerPool } from './layer-pool.ts';
import type { Aliases, LayerReading } from './read-layer.ts';

/** Told of the bytes of layers as they are read; all calls are cheap and may be ignored. */
export interface ScanProgress {
  /** A layer begins; `sizeBytes` as stored. */
  startLayer(digest: Digest, sizeBytes: number): void;
  advance(digest: Digest, bytes: number): void;
  /** A layer is done; `fromCache` when nothing of it was read. */
  endLayer(digest: Digest, fromCache: boolean): void;
}

/** Where facts of layers are kept: a folder, or what several sensors share. */
export type FactsCache = Pick<LayerCache, 'find' | 'keep'>;

export interface ScanOptions {
  readonly signal: AbortSignal;
  readonly cache?: FactsCache | undefined;
  /** Threads to read with; without, layers are read on this thread. */
  readonly pool?: LayerPool | undefined;
  /** Whether layers may be read by parts, see `readLayerParts`; default true. */
  readonly allowsParts?: boolean | undefined;
  /** Called when all layers are read and the rest is quick: threads that nobody will need again can end. */
  readonly onLayersRead?: (() => Promise<void>) | undefined;
  /** Layers read at the same time. */
  readonly concurrency?: number | undefined;
  readonly progress?: ScanProgress | undefined;
}

/** Images of less than this are read on the calling thread: starting others takes longer. Stored bytes. */
const THREADS_FROM_BYTES = 24 * 1024 * 1024;

/** What reading an image gave. */
export interface ScannedImage {
  readonly inventory: Inventory;
  /** Of each layer, lowest first; of a folder one. */
  readonly layers: readonly LayerFacts[];
}

/** The inventory of `image`: `readImage` for those who need nothing else. @throws as `readImage`. */
export async function scanImage(image: Image, options: ScanOptions): Promise<Inventory> {
  return (await readImage(image, options)).inventory;
}

/**
 * The inventory of `image`, and the facts of its layers that it was made of. What could not be read is in the gaps; a layer that is missing or whose bytes are not what the manifest
 * promised is an error.
 * @throws {PlimsollError} `DIGEST_MISMATCH`, `BLOB_UNKNOWN`, `REGISTRY_UNAVAILABLE`, `CANCELLED`, …
 */
export async function readImage(image: Image, options: ScanOptions): Promise<ScannedImage> {
  const [first] = image.layers;
  if (first?.kind === 'folder') {
    const { readFolderHere } = await import('./read-here.ts');
    const facts = await readFolderHere(first.path, options);
    return { inventory: buildInventory({ reference: image.reference, layers: [] }, [facts]), layers: [facts] };
  }
  const layers = image.layers.filter(layer => layer.kind === 'tar');
  const results = await readLayers(layers, options);
  await options.onLayersRead?.();
  const described: InventoryLayer[] = layers.map((layer, at) => ({
    digest: layer.digest,
    ...(layer.diffId === undefined ? {} : { diffId: layer.diffId }),
    sizeBytes: layer.sizeBytes,
    ...(layer.createdBy === undefined ? {} : { createdBy: layer.createdBy }),
    verifiedBy: results[at]?.verifiedBy ?? 'layer',
  }));
  const about: InventoryImage = {
    reference: image.reference,
    ...(image.digest === undefined ? {} : { digest: image.digest }),
    ...(image.mediaType === undefined ? {} : { mediaType: image.mediaType }),
    ...(image.platform === undefined ? {} : { platform: image.platform }),
    layers: described,
  };
  const facts = results.map(result => result.facts);
  return { inventory: buildInventory(about, facts), layers: facts };
}

/** Facts of each layer, in order. The same layer twice is read once. */
async function readLayers(layers: readonly TarLayer[], options: ScanOptions): Promise<readonly CachedFacts[]> {
  const totalBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const pool = totalBytes >= THREADS_FROM_BYTES ? options.pool : undefined;
  const distinct = new Map(layers.map(layer => [layer.digest, layer]));
  // Largest first, so that no thread is left with a large layer at the end.
  const queue = [...distinct.values()].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const done = new Map<Digest, CachedFacts>();
  // The first failure stops the others; it is the one to tell.
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const work = async () => {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
      if (signal.aborted) return;
      done.set(layer.digest, await readOne(layer, pool, { ...options, signal }));
    }
  };
  const workers = Array.from({ length: options.concurrency ?? defaultLayerConcurrency() }, async () => {
    try {
      await work();
    } catch (error) {
      failure.abort(error);
      throw error;
    }
  });
  const settled = await Promise.allSettled(workers);
  if (options.signal.aborted) throw toPlimsollError(options.signal.reason);
  if (failure.signal.aborted) throw failure.signal.reason;
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return layers.map(layer => done.get(layer.digest) ?? missing(layer));
}

async function readOne(layer: TarLayer, pool: LayerPool | undefined, options: ScanOptions): Promise<CachedFacts> {
  const { progress, cache } = options;
  progress?.startLayer(layer.digest, layer.sizeBytes);
  const cached = await cache?.find(layer.digest);
  // Facts vouched for by a table alone do not serve somebody who asked for whole layers.
  if (cached !== undefined && (options.allowsParts !== false || cached.verifiedBy === 'layer')) {
    progress?.endLayer(layer.digest, true);
    return cached;
  }
  const result = await readStored(layer, pool, options);
  await cache?.keep(layer.digest, result);
  progress?.endLayer(layer.digest, false);
  return result;
}

async function readStored(layer: TarLayer, pool: LayerPool | undefined, options: ScanOptions): Promise<CachedFacts> {
  const { signal, progress } = options;
  if (
    options.allowsParts !== false &&
    layer.isRemote &&
    findTocLocation(layer.annotations, layer.sizeBytes) !== undefined
  ) {
    const { readPartsHere } = await import('./read-here.ts');
    const facts = await readPartsHere(layer, { signal, advance: bytes => progress?.advance(layer.digest, bytes) });
    if (facts !== undefined) return { facts, verifiedBy: 'toc' };
  }
  const promise = { digest: layer.digest, sizeBytes: layer.sizeBytes, diffId: layer.diffId };
  const pass = async (aliases?: Aliases): Promise<LayerReading> => {
    if (pool !== undefined && layer.openFile !== undefined) {
      await using file = await layer.openFile({ signal });
      return await pool.read(
        { file, signal, advance: bytes => progress?.advance(layer.digest, bytes) },
        promise,
        aliases,
      );
    }
    const source = counted(await layer.open({ signal }), layer, options);
    if (pool !== undefined) return await pool.read({ chunks: source }, promise, aliases);
    const { readLayerHere } = await import('./read-here.ts');
    return await readLayerHere(source, promise, aliases);
  };
  try {
    const { facts, linksToRead } = await pass();
    if (linksToRead.size === 0) return { facts, verifiedBy: 'layer' };
    const { facts: second } = await pass(linksToRead);
    return {
      facts: { ...facts, files: [...facts.files, ...second.files], gaps: [...facts.gaps, ...second.gaps] },
      verifiedBy: 'layer',
    };
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    if (error.code === 'LIMIT_EXCEEDED') return blind(error.message);
    const isAbsent = error.code === 'BLOB_UNKNOWN' && layer.isForeign;
    if (isAbsent) return blind('It is a foreign layer, which the registry does not hold');
    throw error;
  }
}

/** A layer of which nothing is known, said so. */
function blind(reason: string): CachedFacts {
  const nothing = new EntrySetBuilder().build();
  const facts: LayerFacts = {
    files: [],
    whiteouts: [],
    opaque: [],
    symlinks: [],
    hardLinks: [],
    entries: nothing,
    folders: nothing,
    gaps: [{ reason }],
  };
  return { facts, verifiedBy: 'layer' };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  layer: TarLayer,
  { progress, signal }: ScanOptions,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    signal.throwIfAborted();
    progress?.advance(layer.digest, chunk.byteLength);
    yield chunk;
  }
}

function missing(layer: TarLayer): never {
  throw new PlimsollError('BUG', `Layer ${layer.digest} was not read`);
}
