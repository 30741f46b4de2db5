/**
 * The inventory of an image that was pushed: from facts of its layers that were read while they came, or that other images had; what is
 * missing is read from the blob store. A failure is the scan's, never the push's.
 */
import { ERRORS, toPlimsollError } from '#base/errors.ts';
import { openImage } from '#image/open-image.ts';
import type { Digest } from '#oci/digest.ts';
import { cataloguers } from '#scan/cataloguers.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import { findFileFacts } from '#scan/content/file-facts.ts';
import { storeInventory } from '#scan/content/store-inventory.ts';
import { type CachedFacts, cataloguerVersion, readEntry, writeEntry } from '#scan/layer-cache.ts';
import type { LayerPool } from '#scan/layer-pool.ts';
import { readImage } from '#scan/scan-image.ts';
import { toReported } from '#scan/task/reported-image.ts';
import { recordEvents } from '#store/event.ts';
import { findHostedRepository, type HostedRepository } from '#store/hosting-space.ts';
import { findLayerFacts, keepLayerFacts } from '#store/layer-facts.ts';
import { findScanFacts, markScanDone, markScanFailed } from '#store/scan-state.ts';
import { inTransaction } from '#store/transaction.ts';
import type { HostingContext } from './context.ts';
import { hostedContent } from './hosted-content.ts';
import type { LayerIntake } from './layer-intake.ts';

/** What scanning what was pushed works with. */
export interface PushScanContext extends HostingContext, ContentContext {
  readonly pool: LayerPool;
  readonly intake: LayerIntake | undefined;
}

/** Keeps facts of a layer for all images, as `LayerIntake` wants it. */
export async function keepFacts(
  { store, now }: Pick<HostingContext, 'store' | 'now'>,
  layer: Digest,
  entry: CachedFacts,
): Promise<void> {
  const version = cataloguerVersion(cataloguers);
  await keepLayerFacts(store.db, { layerDigest: layer, version, facts: writeEntry(entry), at: now() });
}

/**
 * Scans a pushed image and stores its report, unless there is one by the same cataloguers. May run again after a crash.
 * @throws what may be otherwise at the next try; anything else becomes the state of the image's scan.
 */
export async function scanPushed(
  context: PushScanContext,
  { repository: name, digest }: { readonly repository: string; readonly digest: string },
  signal: AbortSignal,
): Promise<void> {
  const { store } = context;
  const version = cataloguerVersion(cataloguers);
  const known = (await findScanFacts(store.db, [digest])).get(digest);
  const repository = await findHostedRepository(store.db, name);
  // It was deleted again, or somebody has scanned it elsewhere.
  if (repository === undefined || known === undefined) return;
  const isRead = known.scannedAt !== undefined && known.analyserVersion === version;
  // A sensor that read it by parts knows too little of its files for a certification.
  if (isRead && (await findFileFacts(store.db, digest)) !== undefined) {
    await inTransaction(store.db, trx => markScanDone(trx, digest));
    return;
  }
  try {
    await using image = await openImage(hostedContent(context, repository, digest as Digest), { signal });
    const scanned = await readImage(image, {
      signal,
      pool: context.pool,
      allowsParts: false,
      cache: {
        find: layer => findFacts(context, layer, version),
        keep: (layer, entry) => keepFacts(context, layer, entry),
      },
    });
    const { inventory, files } = toReported(scanned);
    await storeInventory(context, digest, inventory, version, {
      signal,
      files,
      also: async trx => {
        await markScanDone(trx, digest);
        await recordEvents(trx, [eventOf(context, repository, 'image.scanned', { digest })]);
      },
    });
  } catch (cause) {
    await fail(context, repository, digest, cause, signal);
  }
}

async function findFacts(
  { store, intake }: PushScanContext,
  layer: Digest,
  version: string,
): Promise<CachedFacts | undefined> {
  const arriving = await intake?.find(layer);
  if (arriving !== undefined) return arriving;
  const bytes = await findLayerFacts(store.db, layer, version);
  return bytes === undefined ? undefined : readEntry(bytes);
}

async function fail(
  context: PushScanContext,
  repository: HostedRepository,
  digest: string,
  cause: unknown,
  signal: AbortSignal,
): Promise<void> {
  // The server stops: the job goes on elsewhere.
  if (signal.aborted) throw cause;
  const { code, message } = toPlimsollError(cause);
  const { store, now, log } = context;
  log.warn({ err: cause, repository: repository.name, digest }, 'pushed image not scanned');
  await inTransaction(store.db, async trx => {
    await markScanFailed(trx, digest, { error: { code, message }, at: now() });
    await recordEvents(trx, [eventOf(context, repository, 'image.failed', { digest, error: { code, message } })]);
  });
  const { family } = ERRORS[code];
  if (family === 'remote' || family === 'conflict' || family === 'bug') throw cause;
}

function eventOf(
  { now }: HostingContext,
  repository: HostedRepository,
  kind: 'image.scanned' | 'image.failed',
  data: object,
) {
  const { namespaceId, registryId } = repository.space;
  return { at: now(), kind, namespaceId, registryId, data: { repository: repository.name, ...data } };
}
