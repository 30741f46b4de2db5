/**
 * Which blobs the hosted registry's repositories have, and uploads under way.
 *
 * The order of a push: `pinBlob`, the bytes become durable in the blob store, `linkBlob`. The collection of garbage removes bytes while it
 * holds their row, which `pinBlob` waits for: so whoever links finds either the row and the bytes, or neither.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { valueSet } from './row-set.ts';

/** Says that somebody is about to store or use these bytes. */
export async function pinBlob(db: Db, digest: string, at: Date): Promise<void> {
  await db
    .insertInto('storedBlob')
    .values({ digest, touchedAt: at })
    .onConflict(conflict => conflict.column('digest').doUpdateSet({ touchedAt: at }))
    .execute();
}

/**
 * Gives a repository a blob whose bytes are stored. Returns whether its row was there: without it the bytes may be gone, and nothing was
 * linked.
 */
export async function linkBlob(
  trx: Trx,
  { repositoryId, digest, sizeBytes, at }: { repositoryId: number; digest: string; sizeBytes: number; at: Date },
): Promise<boolean> {
  const pinned = await trx
    .updateTable('storedBlob')
    .set({ sizeBytes, touchedAt: at })
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (pinned.numUpdatedRows === 0n) return false;
  await trx
    .insertInto('hostedBlob')
    .values({ repositoryId, digest, touchedAt: at })
    .onConflict(conflict => conflict.columns(['repositoryId', 'digest']).doUpdateSet({ touchedAt: at }))
    .execute();
  return true;
}

/** Gives `to` the blob that `from` has. Its size; `undefined` when `from` does not have it. */
export async function mountBlob(
  trx: Trx,
  { from, to, digest, at }: { from: number; to: number; digest: string; at: Date },
): Promise<number | undefined> {
  const found = await trx
    .selectFrom('hostedBlob')
    .innerJoin('storedBlob', 'storedBlob.digest', 'hostedBlob.digest')
    .select('storedBlob.sizeBytes')
    .where('hostedBlob.repositoryId', '=', from)
    .where('hostedBlob.digest', '=', digest)
    .forUpdate('hostedBlob')
    .executeTakeFirst();
  const sizeBytes = found?.sizeBytes ?? undefined;
  if (sizeBytes === undefined) return undefined;
  return (await linkBlob(trx, { repositoryId: to, digest, sizeBytes, at })) ? sizeBytes : undefined;
}

/** Full names of repositories that have a blob, a few of them. */
export async function findHoldersOf(db: Db, digest: string, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('hostedBlob')
    .innerJoin('hostedRepository', 'hostedRepository.repositoryId', 'hostedBlob.repositoryId')
    .select('hostedRepository.name')
    .where('hostedBlob.digest', '=', digest)
    .orderBy('hostedRepository.repositoryId')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/** Bytes of a blob in a repository; `undefined` when it does not have it. */
export async function findBlobSize(db: Db, repositoryId: number, digest: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('hostedBlob')
    .innerJoin('storedBlob', 'storedBlob.digest', 'hostedBlob.digest')
    .select('storedBlob.sizeBytes')
    .where('hostedBlob.repositoryId', '=', repositoryId)
    .where('hostedBlob.digest', '=', digest)
    .executeTakeFirst();
  return row?.sizeBytes ?? undefined;
}

/** Says that somebody counts on a blob of a repository, unless that was said since `unlessSince`. */
export async function touchBlob(
  db: Db,
  { repositoryId, digest, at, unlessSince }: { repositoryId: number; digest: string; at: Date; unlessSince: Date },
): Promise<void> {
  await db
    .updateTable('hostedBlob')
    .set({ touchedAt: at })
    .where('repositoryId', '=', repositoryId)
    .where('digest', '=', digest)
    .where('touchedAt', '<', unlessSince.toISOString())
    .execute();
}

/** Takes a blob from a repository. `used`: a manifest there refers to it, and it stays. */
export async function unlinkBlob(trx: Trx, repositoryId: number, digest: string): Promise<'gone' | 'missing' | 'used'> {
  const link = await trx
    .selectFrom('hostedBlob')
    .select('digest')
    .where('repositoryId', '=', repositoryId)
    .where('digest', '=', digest)
    .forUpdate()
    .executeTakeFirst();
  if (link === undefined) return 'missing';
  // A statement of its own: whoever referred to it before we had the row is seen now.
  const used = await trx
    .selectFrom('hostedReference')
    .select('digest')
    .where('repositoryId', '=', repositoryId)
    .where('digest', '=', digest)
    .limit(1)
    .executeTakeFirst();
  if (used !== undefined) return 'used';
  await trx.deleteFrom('hostedBlob').where('repositoryId', '=', repositoryId).where('digest', '=', digest).execute();
  return 'gone';
}

/** Those of `digests` that the repository has, kept there until the transaction ends. */
export async function holdBlobs(trx: Trx, repositoryId: number, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set();
  const { rows } = await sql<{ digest: string }>`
    SELECT digest FROM hosted_blob
    WHERE repository_id = ${repositoryId} AND digest IN (SELECT value FROM ${valueSet(digests, 'text')})
    ORDER BY digest FOR KEY SHARE`.execute(trx);
  return new Set(rows.map(({ digest }) => digest));
}

/** An upload under way. */
export interface HostedUpload {
  /** In the blob store as well. */
  readonly id: string;
  readonly repositoryId: number;
  readonly startedBy: string;
}

/** Remembers an upload. */
export async function insertUpload(db: Db, upload: HostedUpload, at: Date): Promise<void> {
  await db
    .insertInto('hostedUpload')
    .values({ ...upload, startedAt: at, touchedAt: at })
    .execute();
}

/** An upload of this repository, of no other. */
export async function findUpload(db: Db, repositoryId: number, id: string): Promise<HostedUpload | undefined> {
  return await db
    .selectFrom('hostedUpload')
    .select(['id', 'repositoryId', 'startedBy'])
    .where('id', '=', id)
    .where('repositoryId', '=', repositoryId)
    .executeTakeFirst();
}

/** Says that an upload of this repository goes on. Returns whether there is one. */
export async function touchUpload(db: Db, repositoryId: number, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('hostedUpload')
    .set({ touchedAt: at })
    .where('id', '=', id)
    .where('repositoryId', '=', repositoryId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Forgets an upload and links what it has become, as `linkBlob` does, in one statement. */
export async function endUpload(
  db: Db,
  { id, repositoryId, digest, sizeBytes, at }: { id: string } & Parameters<typeof linkBlob>[1],
): Promise<boolean> {
  const { rows } = await sql`
    WITH ended AS (DELETE FROM hosted_upload WHERE id = ${id}),
      pinned AS (
        UPDATE stored_blob SET size_bytes = ${sizeBytes}, touched_at = ${at.toISOString()}
        WHERE digest = ${digest} RETURNING digest)
    INSERT INTO hosted_blob (repository_id, digest, touched_at)
    SELECT ${repositoryId}, digest, ${at.toISOString()}::timestamptz FROM pinned
    ON CONFLICT (repository_id, digest) DO UPDATE SET touched_at = excluded.touched_at
    RETURNING digest`.execute(db);
  return rows.length > 0;
}

/** Forgets an upload. Returns whether it was there. */
export async function deleteUpload(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('hostedUpload').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Uploads that nothing was added to since `before`. */
export async function listIdleUploads(db: Db, before: Date, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('hostedUpload')
    .select('id')
    .where('touchedAt', '<', before.toISOString())
    .orderBy('touchedAt')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** Those of `ids` that are uploads of repositories. */
export async function findKnownUploads(db: Db, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('hostedUpload')
    .select('id')
    .where('id', 'in', [...ids])
    .execute();
  return new Set(rows.map(({ id }) => id));
}
