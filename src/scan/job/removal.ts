/**
 * What is left of a removed registry, taken away in the background: in steps that can be repeated, so that a server may die in between.
 */
import { sql } from 'kysely';
import type { JobContext } from './job-context.ts';

/** Rows in one transaction. */
const BATCH = 200;

/**
 * Finishes the removal of a registry. With `keepsImages` what it had is marked gone and stays, as history. Else its repositories go, then the
 * registry itself, then manifests that nothing else leads to.
 */
export async function finishRemoval(
  { store, now }: Pick<JobContext, 'store' | 'now'>,
  { id, keepsImages, signal }: { readonly id: string; readonly keepsImages: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { db } = store;
  const registry = await db.selectFrom('registry').select('removedAt').where('id', '=', id).executeTakeFirst();
  if (registry === undefined || registry.removedAt === null) return;
  for (;;) {
    signal.throwIfAborted();
    const repositories = await db
      .selectFrom('repository')
      .select('id')
      .where('registryId', '=', id)
      .$if(keepsImages, query => query.where('goneAt', 'is', null))
      .orderBy('id')
      .limit(BATCH)
      .execute();
    if (repositories.length === 0) break;
    const ids = repositories.map(row => row.id);
    if (keepsImages) await markGone(db, ids, now());
    else await removeRepositories(db, ids);
  }
  if (!keepsImages) await db.deleteFrom('registry').where('id', '=', id).execute();
}

async function markGone(db: JobContext['store']['db'], ids: readonly number[], at: Date): Promise<void> {
  await db.transaction().execute(async trx => {
    const repositories = [...ids];
    await trx
      .updateTable('tag')
      .set({ endedAt: at })
      .where('repositoryId', 'in', repositories)
      .where('endedAt', 'is', null)
      .execute();
    await trx
      .updateTable('repositoryManifest')
      .set({ goneAt: at })
      .where('repositoryId', 'in', repositories)
      .where('goneAt', 'is', null)
      .execute();
    await trx.updateTable('repository').set({ goneAt: at }).where('id', 'in', repositories).execute();
  });
}

/** A manifest goes with its last place, unless an index that stays lists it, it was pushed here, or it is of a project. */
async function removeRepositories(db: JobContext['store']['db'], ids: readonly number[]): Promise<void> {
  await db.transaction().execute(async trx => {
    const { rows } = await sql<{ id: number }>`
      SELECT DISTINCT manifest_id AS id FROM repository_manifest
      WHERE repository_id IN (${sql.join([...ids])}) ORDER BY 1`.execute(trx);
    await trx
      .deleteFrom('repository')
      .where('id', 'in', [...ids])
      .execute();
    for (let at = 0; at < rows.length; at += BATCH) {
      const manifests = rows.slice(at, at + BATCH).map(row => row.id);
      // Indexes first: what they listed is seen to be free in the next round.
      for (let removed = 1n; removed > 0n; ) {
        const { numAffectedRows = 0n } = await sql`
          DELETE FROM manifest m WHERE id IN (${sql.join(manifests)})
            AND NOT EXISTS (SELECT FROM repository_manifest r WHERE r.manifest_id = m.id)
            AND NOT EXISTS (SELECT FROM hosted_manifest h WHERE h.manifest_id = m.id)
            AND NOT EXISTS (SELECT FROM manifest_child c WHERE c.digest = m.digest)
            AND NOT EXISTS (SELECT FROM project_image p WHERE p.digest = m.digest OR p.list_digest = m.digest)
            AND NOT EXISTS (SELECT FROM base_image b WHERE b.digest = m.digest)`.execute(trx);
        removed = numAffectedRows;
      }
    }
  });
}
