/**
 * Manifests that sensors report: checked, read and written, each once whoever finds it.
 */
import type { Db } from '#store/database.ts';
import { findKnownManifests, insertManifests, type NewManifest } from '#store/manifest.ts';
import { inTransaction } from '#store/transaction.ts';
import { type FoundDocument, readFoundManifest } from './read-manifest.ts';

/** Of one transaction: as many manifests, and as many bytes of documents. */
const MAX_BATCH = 200;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** Those of `digests` that are not stored, in their order, each once. */
export async function findUnknownManifests(db: Db, digests: readonly string[]): Promise<readonly string[]> {
  const known = await findKnownManifests(db, digests);
  return [...new Set(digests)].filter(digest => !known.has(digest));
}

/**
 * Stores what was found; what is stored already stays as it is. All of it is checked before any of it is written.
 * @throws {PlimsollError} `DIGEST_MISMATCH` when a document or config is not what its digest says.
 */
export async function storeManifests(db: Db, found: readonly FoundDocument[], now: Date): Promise<void> {
  const known = await findKnownManifests(
    db,
    found.map(({ digest }) => digest),
  );
  const manifests = found.filter(({ digest }) => !known.has(digest)).map(readFoundManifest);
  for (const batch of batchesOf(manifests)) await inTransaction(db, trx => insertManifests(trx, batch, now));
}

function* batchesOf(manifests: readonly NewManifest[]): Generator<readonly NewManifest[]> {
  let batch: NewManifest[] = [];
  let bytes = 0;
  for (const manifest of manifests) {
    const size = manifest.document.byteLength;
    if (batch.length > 0 && (batch.length >= MAX_BATCH || bytes + size > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(manifest);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
