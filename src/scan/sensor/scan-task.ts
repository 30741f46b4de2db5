/** The task `scan`: one image by its digest, to its inventory and the facts of its layers. */

import { formatBytes } from '#base/byte-size.ts';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Connector } from '#connector/connector.ts';
import type { Image, TarLayer } from '#image/image.ts';
import { openImage } from '#image/open-image.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { LayerPool } from '../layer-pool.ts';
import { readImage, type ScannedImage } from '../scan-image.ts';
import type { Work } from '../task/contract.ts';
import { type ConfigStore, withConfigs } from './config-store.ts';
import type { LayerStore } from './layer-store.ts';
import type { Meter } from './meter.ts';
import type { SensorProfile } from './profile.ts';
import type { TokenBucket } from './token-bucket.ts';

type ScanWork = Extract<Work, { kind: 'scan' }>;

/** What a scan needs. */
export interface ScanContext {
  readonly connector: Connector;
  readonly layers: LayerStore;
  readonly configs: ConfigStore;
  readonly pool: LayerPool;
  readonly threads: number;
  readonly bandwidth: TokenBucket;
  readonly profile: SensorProfile;
  readonly meter: Meter;
  readonly signal: AbortSignal;
}

/**
 * Reads the image.
 * @throws {PlimsollError} `MANIFEST_UNKNOWN`, `LIMIT_EXCEEDED` for an image over the profile's size, `TIMED_OUT` over its time, …
 */
export async function scanTask(work: ScanWork, context: ScanContext): Promise<ScannedImage> {
  const { profile, meter, layers, pool, threads } = context;
  const { imageTimeoutMs } = profile;
  const deadline = AbortSignal.timeout(imageTimeoutMs);
  const signal = AbortSignal.any([context.signal, deadline]);
  const what = `"${printable(work.repository)}" (${work.digest})`;
  try {
    meter.detail = 'opening';
    await using image = await openByDigest(work, { ...context, signal });
    const totalBytes = image.layers.reduce((sum, layer) => sum + (layer.kind === 'tar' ? layer.sizeBytes : 0), 0);
    if (totalBytes > profile.maxImageBytes) {
      const size = `${formatBytes(totalBytes)}, the profile of the sensor allows ${formatBytes(profile.maxImageBytes)}`;
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot scan ${what}: its layers have ${size}`);
    }
    using facts = layers.open({ isDeep: work.isDeep, signal });
    meter.detail = 'reading layers';
    const counted = {
      ...image,
      layers: image.layers.map(layer => (layer.kind === 'tar' ? countedLayer(layer, context) : layer)),
    };
    return await readImage(counted, {
      signal,
      cache: facts,
      pool,
      concurrency: threads,
      // A deep scan is also how the files of an image become known that was read by parts.
      allowsParts: !work.isDeep,
      progress: {
        startLayer: (_, sizeBytes) => meter.expect(sizeBytes),
        advance: () => {},
        endLayer: (digest, fromCache) => {
          if (fromCache) meter.expect(-sizeOf(image, digest));
        },
      },
    });
  } catch (error) {
    if (deadline.aborted && !context.signal.aborted) {
      const minutes = Math.round(imageTimeoutMs / 6000) / 10;
      throw new PlimsollError('TIMED_OUT', `Cannot scan ${what}: it took over ${minutes} minutes`, { cause: error });
    }
    throw context.signal.aborted ? toPlimsollError(error) : error;
  }
}

/** The image itself, never another one that an index or a tag leads to. */
async function openByDigest(work: ScanWork, { connector, configs, meter, signal }: ScanContext): Promise<Image> {
  const { repository, digest, tag } = work;
  const open = async (name: string): Promise<Image> => {
    const content = await openRegistryWith(connector.client, connector.toReference(repository, name), { signal });
    meter.countPull();
    return await openImage(
      withConfigs(content, configs, () => meter.countPull()),
      { signal },
    );
  };
  let image: Image;
  try {
    image = await open(digest);
  } catch (error) {
    if (tag === undefined || !(error instanceof PlimsollError) || error.code !== 'MANIFEST_UNKNOWN') throw error;
    image = await open(tag);
  }
  if (image.digest === digest) return image;
  await image[Symbol.asyncDispose]();
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot scan "${printable(repository)}" (${digest}): the registry has ${image.digest ?? 'something else'} in its place`,
  );
}

/** The layer, its bytes counted and held to the bandwidth. */
function countedLayer(layer: TarLayer, { meter, bandwidth, signal }: ScanContext): TarLayer {
  return {
    ...layer,
    open: async options => {
      meter.countPull();
      const source = await layer.open(options);
      return counted(source, meter, bandwidth, AbortSignal.any([signal, options.signal]));
    },
    openRange: async (range, options) => {
      meter.countPull();
      const bytes = await layer.openRange(range, options);
      if (bytes !== undefined) {
        meter.count(bytes.byteLength);
        await bandwidth.pass(bytes.byteLength, AbortSignal.any([signal, options.signal]));
      }
      return bytes;
    },
  };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  meter: Meter,
  bandwidth: TokenBucket,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    // Whoever takes the chunk may move it to another thread, which leaves nothing of it here.
    const { byteLength } = chunk;
    meter.count(byteLength);
    yield chunk;
    await bandwidth.pass(byteLength, signal);
  }
}

function sizeOf(image: Image, digest: string): number {
  const layer = image.layers.find(one => one.kind === 'tar' && one.digest === digest);
  return layer?.kind === 'tar' ? layer.sizeBytes : 0;
}
