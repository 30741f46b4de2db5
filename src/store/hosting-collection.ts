/**
 * What the collection of garbage in the hosted registry asks. Everything is decided again under a lock before it goes: marking and sweeping
 * are one, and pushes go on meanwhile.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { rowSet, valueSet } from './row-set.ts';

/**
 * Takes from repositories up to `limit` blobs that no manifest there refers to, and that nobody touched since `before`. Returns how many;
 * fewer than `limit`: there were no more, or others have them locked.
 */
export async function unlinkUnused(trx: Trx, before: Date, limit: number): Promise<number> {
  const { rows } = await sql<{ repositoryId: number; digest: string }>`
    SELECT b.repository_id, b.digest FROM hosted_blob b
    WHERE b.touched_at < ${before}
      AND NOT EXISTS (SELECT FROM hosted_reference r WHERE r.repository_id = b.repository_id AND r.digest = b.digest)
    ORDER BY b.repository_id, b.digest LIMIT ${limit} FOR UPDATE OF b SKIP LOCKED`.execute(trx);
  if (rows.length === 0) return 0;
  const given = rowSet(
    rows.map(({ repositoryId, digest }) => ({ r: repositoryId, d: digest })),
    'r bigint, d text',
  );
  // A statement of its own, which sees the references that came before the rows were locked; none can come after.
  await sql`
    DELETE FROM hosted_blob b USING ${given} WHERE b.repository_id = given.r AND b.digest = given.d
      AND NOT EXISTS (SELECT FROM hosted_reference r WHERE r.repository_id = b.repository_id AND r.digest = b.digest)`.execute(
    trx,
  );
  return rows.length;
}

/** Digests of bytes that no repository has, and that nobody touched since `before`: those after `after`. */
export async function listUnlinked(
  db: Db,
  { before, after, limit }: { readonly before: Date; readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ digest: string }>`
    SELECT s.digest FROM stored_blob s
    WHERE s.touched_at < ${before} AND s.digest > ${after} AND NOT s.is_kept
      AND NOT EXISTS (SELECT FROM hosted_blob b WHERE b.digest = s.digest)
    ORDER BY s.digest LIMIT ${limit}`.execute(db);
  return rows.map(({ digest }) => digest);
}

/**
 * Locks bytes that are still nobody's: until the transaction ends, whoever wants to store or link them waits. Returns whether they are.
 */
export async function lockUnlinked(trx: Trx, digest: string, before: Date): Promise<boolean> {
  const row = await trx
    .selectFrom('storedBlob')
    .select('digest')
    .where('digest', '=', digest)
    .where('touchedAt', '<', before.toISOString())
    .where('isKept', '=', false)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (row === undefined) return false;
  const link = await trx.selectFrom('hostedBlob').select('digest').where('digest', '=', digest).limit(1).execute();
  return link.length === 0;
}

/** Forgets bytes that `lockUnlinked` locked, once they are gone. */
export async function forgetBytes(trx: Trx, digest: string): Promise<void> {
  await trx.deleteFrom('storedBlob').where('digest', '=', digest).execute();
}

/** Lets bytes that nobody knows of be collected: what a crash left between the blob store and the database. Returns how many. */
export async function adoptBytes(db: Db, digests: readonly string[], touchedAt: Date): Promise<number> {
  if (digests.length === 0) return 0;
  const { numAffectedRows } = await sql`
    INSERT INTO stored_blob (digest, touched_at)
    SELECT value, ${touchedAt}::timestamptz FROM ${valueSet(digests, 'text')} ON CONFLICT DO NOTHING`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/**
 * Manifests of a space that no tag leads to since `before`: neither by itself, nor through an index, nor because it is about a manifest that
 * stays.
 */
export async function listUntagged(
  db: Db,
  space: string,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<readonly { readonly repository: string; readonly digest: string }[]> {
  const { rows } = await sql<{ repository: string; digest: string }>`
    WITH RECURSIVE own AS (
      SELECT h.repository_id, h.manifest_id, m.digest, h.subject, h.pushed_at, r.name
      FROM hosted_manifest h JOIN hosted_repository r ON r.repository_id = h.repository_id JOIN manifest m ON m.id = h.manifest_id
      WHERE r.space = ${space}
    ), kept (repository_id, manifest_id, digest) AS (
      SELECT o.repository_id, o.manifest_id, o.digest FROM own o
      WHERE o.pushed_at >= ${before} OR EXISTS (
        SELECT FROM tag t WHERE t.repository_id = o.repository_id AND t.manifest_id = o.manifest_id
          AND (t.ended_at IS NULL OR t.ended_at >= ${before}))
      UNION
      SELECT o.repository_id, o.manifest_id, o.digest
      FROM kept k CROSS JOIN LATERAL (
        SELECT c.digest AS child, NULL AS subject FROM manifest_child c WHERE c.index_id = k.manifest_id
        UNION ALL SELECT NULL, k.digest
      ) edge JOIN own o ON o.repository_id = k.repository_id AND (o.digest = edge.child OR o.subject = edge.subject)
    )
    SELECT o.name AS repository, o.digest FROM own o
    WHERE NOT EXISTS (SELECT FROM kept k WHERE k.repository_id = o.repository_id AND k.manifest_id = o.manifest_id)
    ORDER BY o.repository_id, o.manifest_id LIMIT ${limit}`.execute(db);
  return rows;
}
