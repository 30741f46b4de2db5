/**
 * From the references of a command line to inventories: what all commands that read images have in common.
 */
import { printable } from '#base/text.ts';
import type { Image } from '#image/image.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { type LayerCache, openLayerCache } from '#scan/layer-cache.ts';
import { LayerPool } from '#scan/layer-pool.ts';
import { readImage, type ScannedImage, type ScanOptions } from '#scan/scan-image.ts';
import type { CliContext } from './context.ts';
import { type ImageOptions, openImages } from './image-options.ts';
import { openProgress, type Progress } from './progress.ts';

/** As commander hands them over. */
export interface InventoryOptions extends ImageOptions {
  readonly cache?: string;
  readonly quiet?: boolean;
}

/** Opens what all images of one call share: threads, the layer cache, the progress line. */
export async function openInventoryReader(options: InventoryOptions, context: CliContext): Promise<InventoryReader> {
  const cache = options.cache === undefined ? undefined : await openLayerCache(options.cache);
  return new InventoryReader(options, context, cache);
}

/** See `openInventoryReader`. Held with `await using`. */
export class InventoryReader implements AsyncDisposable {
  readonly #options: InventoryOptions;
  readonly #context: CliContext;
  readonly #cache: LayerCache | undefined;
  readonly #pool = new LayerPool();
  readonly #progress: Progress;

  constructor(options: InventoryOptions, context: CliContext, cache: LayerCache | undefined) {
    this.#options = options;
    this.#context = context;
    this.#cache = cache;
    this.#progress = openProgress(context.stderr, { isQuiet: options.quiet ?? false });
  }

  /** The inventories of a reference: one, or with `--all-platforms` one for each platform. `isLast`: no other image comes after it. */
  async *read(reference: string, options: { readonly isLast: boolean }): AsyncGenerator<Inventory> {
    for await (const { scanned } of this.readImages(reference, options)) yield scanned.inventory;
  }

  /**
   * As `read`, with the images as they were opened. `choose` may leave some of them out before their layers are read. An image is closed when
   * the next one is asked for.
   */
  async *readImages(
    reference: string,
    {
      isLast,
      choose = images => images,
    }: { readonly isLast: boolean; readonly choose?: (images: readonly Image[]) => readonly Image[] },
  ): AsyncGenerator<{ readonly image: Image; readonly scanned: ScannedImage }> {
    await using opened = await openImages(reference, this.#options, this.#context);
    const images = choose(opened.images);
    for (const image of images) {
      const isEnd = isLast && image === images.at(-1);
      const scanned = await this.#scan(image, {
        signal: this.#context.signal,
        cache: this.#cache,
        pool: this.#pool,
        allowsParts: this.#options.wholeLayers !== true,
        // Threads that nobody will need again would only hold memory.
        onLayersRead: isEnd ? () => this.#pool[Symbol.asyncDispose]() : undefined,
      });
      yield { image, scanned };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#progress.end();
    await this.#pool[Symbol.asyncDispose]();
  }

  async #scan(image: Image, options: Omit<ScanOptions, 'progress'>): Promise<ScannedImage> {
    const progress = this.#progress;
    const layers = image.layers.flatMap(layer => (layer.kind === 'tar' ? [layer] : []));
    const totalBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
    progress.startImage(image.reference, layers.length, totalBytes);
    return await readImage(image, {
      ...options,
      progress: {
        startLayer: () => progress.startLayer(),
        advance: (_, bytes) => progress.advance(bytes),
        endLayer: () => progress.endLayer(),
      },
    });
  }
}

/** A file name for a document about the image, without extension. */
export function documentName({ image: { reference, platform } }: Inventory): string {
  const suffix = platform === undefined ? '' : `-${platform.os}-${platform.architecture}${platform.variant ?? ''}`;
  return `${reference.replace(/[^A-Za-z0-9._-]+/g, '_').slice(-150)}${suffix}`;
}

/** Says on standard error what of the images could not be read: one line for each that has gaps. */
export function warnOfGaps(inventories: readonly Inventory[], context: CliContext): void {
  for (const { image, gaps } of inventories) {
    const [first] = gaps;
    if (first === undefined) continue;
    const where = first.path === undefined ? '' : ` ("${printable(first.path)}")`;
    context.stderr.write(
      `plimsoll: ${gaps.length} part(s) of ${printable(image.reference)} could not be read, so packages may be missing: ${printable(first.reason)}${where}\n`,
    );
  }
}
