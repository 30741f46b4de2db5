/**
 * Reading on the calling thread: folders, small images, and layers by parts.
 *
 * A module of its own, loaded when it is needed: the cataloguers take 20 MB, which a process that reads on threads need not have twice.
 */
import type { TarLayer } from '#image/image.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { cataloguers } from './cataloguers.ts';
import { readFolder } from './read-folder.ts';
import { type Aliases, findLinksToRead, type LayerPromise, type LayerReading, readLayer } from './read-layer.ts';
import { type PartsOptions, readLayerParts } from './read-layer-parts.ts';

/** `readLayer` with all cataloguers. */
export function readLayerHere(
  source: AsyncIterable<Uint8Array>,
  promise: LayerPromise,
  aliases?: Aliases,
): Promise<LayerReading> {
  return readLayer(source, promise, cataloguers, aliases);
}

/** `readFolder` with all cataloguers. */
export function readFolderHere(path: string, options: { readonly signal: AbortSignal }): Promise<LayerFacts> {
  return readFolder(path, cataloguers, options);
}

/** `readLayerParts` with all cataloguers; `undefined` also where a link wants a second look, for which the layer is read whole. */
export async function readPartsHere(layer: TarLayer, options: PartsOptions): Promise<LayerFacts | undefined> {
  const facts = await readLayerParts(layer, cataloguers, options);
  return facts === undefined || findLinksToRead(facts, cataloguers).size > 0 ? undefined : facts;
}
