/**
 * What nothing refers to any more: manifests that are in no repository, package sets that no image has, packages that are in no set, layers and
 * what was read of them.
 *
 * Each function removes up to `limit` rows and returns how many it did; fewer than `limit` means that there are no more. It is decided again
 * under a lock before anything goes, so that work goes on beside it.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { lockJudgingAlone } from './database-version.ts';
import { describeVulnerabilities } from './rematch.ts';
import { valueSet } from './row-set.ts';
import { inTransaction } from './transaction.ts';

/** Columns that name a manifest, and by which of its own. A row that has it keeps it; a test finds columns that are missing here. */
export const MANIFEST_KEEPERS = [
  { table: 'repository_manifest', column: 'manifest_id', by: 'id' },
  { table: 'tag', column: 'manifest_id', by: 'id' },
  { table: 'hosted_manifest', column: 'manifest_id', by: 'id' },
  { table: 'manifest_child', column: 'digest', by: 'digest' },
  { table: 'task', column: 'digest', by: 'digest', where: "state IN ('queued', 'leased')" },
  { table: 'task_tag', column: 'digest', by: 'digest' },
  { table: 'project_image', column: 'digest', by: 'digest' },
  { table: 'project_image', column: 'list_digest', by: 'digest' },
  { table: 'project_request', column: 'list_digest', by: 'digest' },
  { table: 'base_image', column: 'digest', by: 'digest' },
  { table: 'adapter_scan', column: 'digest', by: 'digest' },
  { table: 'clair_index', column: 'document_digest', by: 'digest' },
] as const satisfies readonly {
  readonly table: string;
  readonly column: string;
  readonly by: 'id' | 'digest';
  readonly where?: string;
}[];

/** A condition on rows of `manifest` by the name `m`. */
const NOBODY_HAS_IT = sql.raw<boolean>(
  MANIFEST_KEEPERS.map(keeper => {
    const more = 'where' in keeper ? ` AND k.${keeper.where}` : '';
    return `NOT EXISTS (SELECT FROM ${keeper.table} k WHERE k.${keeper.column} = m.${keeper.by}${more})`;
  }).join('\n      AND '),
);

/** Manifests first seen before `before`: what a listing has reported is in no repository before the listing is whole. */
export async function removeOrphanManifests(
  db: Db,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  return await inTransaction(db, async trx => {
    const { rows } = await sql<{ id: number }>`
      SELECT m.id FROM manifest m WHERE m.first_seen_at < ${before} AND ${NOBODY_HAS_IT}
      ORDER BY m.id LIMIT ${limit} FOR UPDATE OF m SKIP LOCKED`.execute(trx);
    if (rows.length === 0) return 0;
    const ids = valueSet(
      rows.map(({ id }) => id),
      'bigint',
    );
    // A statement of its own, which sees what came before the rows were locked.
    const { numAffectedRows } = await sql`
      DELETE FROM manifest m USING ${ids} WHERE m.id = given.value AND ${NOBODY_HAS_IT}`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });
}

/** Sets that no image has. */
export async function removeOrphanSets(db: Db, limit: number): Promise<number> {
  return await inTransaction(db, async trx => {
    await lockJudgingAlone(trx);
    const { numAffectedRows } = await sql`
      DELETE FROM package_set WHERE id IN (
        SELECT s.id FROM package_set s WHERE NOT EXISTS (SELECT FROM manifest_package_set o WHERE o.set_id = s.id)
        ORDER BY s.id LIMIT ${limit})`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });
}

/** Packages that are in no set, with what was found of them; none while a re-match is judging, which has them in its hands. */
export async function removeOrphanPackages(db: Db, limit: number): Promise<number> {
  return await inTransaction(db, async trx => {
    await lockJudgingAlone(trx);
    if (await isJudging(trx)) return 0;
    const { rows } = await sql<{ id: number }>`
      SELECT p.id FROM package p WHERE NOT EXISTS (SELECT FROM package_set_member o WHERE o.package_id = p.id)
      ORDER BY p.id LIMIT ${limit}`.execute(trx);
    if (rows.length === 0) return 0;
    const ids = sql`(SELECT value FROM ${valueSet(
      rows.map(({ id }) => id),
      'bigint',
    )})`;
    const { rows: concerned } = await sql<{ id: number }>`
      SELECT DISTINCT vulnerability_id AS id FROM package_finding WHERE package_id IN ${ids}`.execute(trx);
    await sql`DELETE FROM package WHERE id IN ${ids}`.execute(trx);
    if (concerned.length > 0) {
      await describeVulnerabilities(
        trx,
        sql`(SELECT value AS vulnerability_id FROM ${valueSet(
          concerned.map(({ id }) => id),
          'bigint',
        )})`,
      );
    }
    return rows.length;
  });
}

async function isJudging(trx: Trx): Promise<boolean> {
  const open = await trx.selectFrom('rematch').select('id').where('completedAt', 'is', null).limit(1).execute();
  return open.length > 0;
}

/** Layers that no manifest has. */
export async function removeOrphanLayers(db: Db, limit: number): Promise<number> {
  return await inTransaction(db, async trx => {
    const { rows } = await sql<{ id: number }>`
      SELECT l.id FROM layer l WHERE NOT EXISTS (SELECT FROM manifest_layer o WHERE o.layer_id = l.id)
      ORDER BY l.id LIMIT ${limit} FOR UPDATE OF l SKIP LOCKED`.execute(trx);
    if (rows.length === 0) return 0;
    const { numAffectedRows } = await sql`
      DELETE FROM layer USING ${valueSet(
        rows.map(({ id }) => id),
        'bigint',
      )} WHERE layer.id = given.value
        AND NOT EXISTS (SELECT FROM manifest_layer o WHERE o.layer_id = layer.id)`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });
}

/**
 * Facts of layers that are in no image and in no hosted repository, and facts that newer cataloguers have read again since; all of them kept
 * before `before`. They are a cache: what goes too early is read once more.
 */
export async function removeOrphanFacts(
  db: Db,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM layer_facts WHERE (layer_digest, version) IN (
      SELECT f.layer_digest, f.version FROM layer_facts f
      WHERE f.created_at < ${before} AND (
        (NOT EXISTS (SELECT FROM layer l WHERE l.digest = f.layer_digest)
          AND NOT EXISTS (SELECT FROM hosted_blob b WHERE b.digest = f.layer_digest))
        OR EXISTS (SELECT FROM layer_facts n WHERE n.layer_digest = f.layer_digest
          AND n.created_at > f.created_at AND n.created_at < ${before}))
      LIMIT ${limit})`.execute(db);
  return Number(numAffectedRows ?? 0);
}
