/**
 * Removes what nobody needs: uploads that were given up, manifests that no tag leads to where a space wants that, blobs that no manifest
 * refers to, bytes that no repository has. It runs beside pushes: what is newer than the grace period stays, and everything is decided again
 * under a lock before it goes (`store/hosting-collection.ts`).
 */
import { PlimsollError } from '#base/errors.ts';
import type { Digest } from '#oci/digest.ts';
import { deleteUpload, findKnownUploads, listIdleUploads } from '#store/hosting-blob.ts';
import {
  adoptBytes,
  forgetBytes,
  listUnlinked,
  listUntagged,
  lockUnlinked,
  unlinkUnused,
} from '#store/hosting-collection.ts';
import { findHostedRepository, listSpacesWithRetention } from '#store/hosting-space.ts';
import { inTransaction } from '#store/transaction.ts';
import { deleteManifest } from './content.ts';
import type { HostingContext } from './context.ts';

/** What went. */
export interface Collected {
  readonly uploads: number;
  readonly manifests: number;
  readonly links: number;
  readonly blobs: number;
}

const BATCH = 500;
const DAY_MS = 86_400_000;

/** Collects once. Stopped at any point, it leaves nothing half done. */
export async function collectGarbage(context: HostingContext, signal: AbortSignal): Promise<Collected> {
  const uploads = await endUploads(context, signal);
  const manifests = await retireUntagged(context, signal);
  const before = new Date(context.now().getTime() - context.limits.graceMs);
  const links = await unlink(context, before, signal);
  await adoptOrphans(context, before, signal);
  const blobs = await removeBytes(context, before, signal);
  const collected = { uploads, manifests, links, blobs };
  context.log.info(collected, 'hosted registry collected');
  return collected;
}

async function endUploads(
  { store, blobs, watcher, limits, now }: HostingContext,
  signal: AbortSignal,
): Promise<number> {
  const before = new Date(now().getTime() - limits.uploadIdleMs);
  let ended = 0;
  for (;;) {
    const idle = await listIdleUploads(store.db, before, BATCH);
    for (const id of idle) {
      signal.throwIfAborted();
      await blobs.cancel(id, { signal });
      await deleteUpload(store.db, id);
      watcher?.ended(id);
      ended += 1;
    }
    if (idle.length < BATCH) break;
  }
  // What a crash left between the blob store and the database.
  for await (const batch of batched(blobs.listUploads({ signal }))) {
    const old = batch.filter(({ modifiedAt }) => modifiedAt < before).map(({ id }) => id);
    const known = await findKnownUploads(store.db, old);
    for (const id of old.filter(one => !known.has(one))) await blobs.cancel(id, { signal });
  }
  return ended;
}

async function retireUntagged(context: HostingContext, signal: AbortSignal): Promise<number> {
  const { store, now, log } = context;
  let retired = 0;
  for (const space of await listSpacesWithRetention(store.db)) {
    const before = new Date(now().getTime() - (space.untaggedDays ?? 0) * DAY_MS);
    for (const { repository: name, digest } of await listUntagged(store.db, space.name, { before, limit: 10_000 })) {
      signal.throwIfAborted();
      try {
        const repository = await findHostedRepository(store.db, name);
        await deleteManifest(context, repository, { digest: digest as Digest }, 'retention');
        retired += 1;
      } catch (error) {
        // Somebody needs it, published it for example; or it has gone already.
        if (!(error instanceof PlimsollError)) throw error;
        log.info({ repository: name, digest, code: error.code }, 'untagged manifest kept');
      }
    }
  }
  return retired;
}

async function unlink({ store }: HostingContext, before: Date, signal: AbortSignal): Promise<number> {
  let unlinked = 0;
  for (;;) {
    signal.throwIfAborted();
    const count = await inTransaction(store.db, trx => unlinkUnused(trx, before, BATCH));
    unlinked += count;
    if (count < BATCH) return unlinked;
  }
}

async function adoptOrphans({ store, blobs }: HostingContext, before: Date, signal: AbortSignal): Promise<void> {
  for await (const batch of batched(blobs.listBlobs({ signal }))) {
    const old = batch.filter(({ modifiedAt }) => modifiedAt < before).map(({ digest }) => digest);
    // As old as their bytes: the same rules then hold for them.
    await adoptBytes(store.db, old, new Date(before.getTime() - 1));
  }
}

async function removeBytes({ store, blobs }: HostingContext, before: Date, signal: AbortSignal): Promise<number> {
  let removed = 0;
  for (let after = ''; ; ) {
    const digests = await listUnlinked(store.db, { before, after, limit: BATCH });
    for (const digest of digests) {
      signal.throwIfAborted();
      // The bytes go while their row is locked: who wants to store or link them waits, and then begins anew.
      const isRemoved = await inTransaction(store.db, async trx => {
        if (!(await lockUnlinked(trx, digest, before))) return false;
        await blobs.remove(digest as Digest, { signal });
        await forgetBytes(trx, digest);
        return true;
      });
      if (isRemoved) removed += 1;
    }
    const last = digests.at(-1);
    if (last === undefined || digests.length < BATCH) return removed;
    after = last;
  }
}

async function* batched<T>(source: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const one of source) {
    batch.push(one);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
