/** What registries are told by Clair's API after re-matches: a notification for each re-match, whose pages are made from what it changed. */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { timeOf, valueSet } from './row-set.ts';
import { findSetting, putSetting } from './setting.ts';

/** Id of the last re-match that notifications were made of. */
const POSITION = 'clair-rematch';

/** From when on re-matches are told of: from the first call. */
export async function beginClairNotifications(db: Db): Promise<void> {
  await sql`
    INSERT INTO setting (name, value) SELECT ${POSITION}, to_jsonb(coalesce(max(id), 0)) FROM rematch
    WHERE completed_at IS NOT NULL ON CONFLICT (name) DO NOTHING`.execute(db);
}

/** Adds notifications of re-matches that none was made of and that changed an indexed image; their ids, oldest first. */
export async function insertClairNotifications(trx: Trx, at: Date): Promise<readonly string[]> {
  const position = await findSetting(trx, POSITION, { isLocked: true });
  if (typeof position !== 'number') return [];
  const completed = await trx
    .selectFrom('rematch')
    .select('id')
    .where('id', '>', position)
    .where('completedAt', 'is not', null)
    .orderBy('id')
    .execute();
  const last = completed.at(-1);
  if (last === undefined) return [];
  await putSetting(trx, POSITION, last.id);
  const { rows } = await sql<{ id: string; rematchId: number }>`
    INSERT INTO clair_notification (id, rematch_id, created_at)
    SELECT gen_random_uuid(), rematch.id, ${timeOf(at)} FROM rematch
    WHERE rematch.id > ${position} AND rematch.id <= ${last.id} AND EXISTS (
      SELECT FROM image_change AS change JOIN manifest ON manifest.id = change.manifest_id
        JOIN clair_index ON clair_index.document_digest = manifest.digest
      WHERE change.rematch_id = rematch.id)
    ON CONFLICT (rematch_id) DO NOTHING
    RETURNING id, rematch_id`.execute(trx);
  return rows.toSorted((a, b) => a.rematchId - b.rematchId).map(({ id }) => id);
}

/** A notification. */
export interface ClairNotification {
  readonly id: string;
  readonly rematchId: number;
  readonly isDelivered: boolean;
}

/** A notification; `undefined` when there is none, or none any more. */
export async function findClairNotification(db: Db, id: string): Promise<ClairNotification | undefined> {
  const row = await db
    .selectFrom('clairNotification')
    .select(['id', 'rematchId', 'deliveredAt'])
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : { id, rematchId: row.rematchId, isDelivered: row.deliveredAt !== null };
}

/** Notes that the receiver took it. */
export async function markClairNotificationDelivered(db: Db, id: string, at: Date): Promise<void> {
  await db.updateTable('clairNotification').set({ deliveredAt: at }).where('id', '=', id).execute();
}

/** Removes a notification. */
export async function removeClairNotification(db: Db, id: string): Promise<void> {
  await db.deleteFrom('clairNotification').where('id', '=', id).execute();
}

/** Removes notifications made before `before`. */
export async function forgetClairNotifications(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('clairNotification').where('createdAt', '<', before.toISOString()).execute();
}

/** The worst that a re-match did to an indexed image, of one kind. */
export interface ClairChange {
  /** Id of the index: what pages go by. */
  readonly indexId: string;
  readonly manifestHash: string;
  readonly kind: 'new' | 'fixed' | 'changed';
  readonly vulnerability: string;
  readonly title: string | null;
  /** As in `package_finding`; before and after the change. */
  readonly severity: number;
  readonly fixedVersion: string | null;
  /** Facts of the package, as packages are stored. */
  readonly facts: unknown;
  /** References; null when the finding is gone. */
  readonly references: unknown;
  readonly distro: unknown;
}

/**
 * What a re-match changed of up to `images` indexed images after the id `after`: at most one row for each image and kind. Images are in the order
 * of their ids; the id of the last is told as long as there may be more.
 */
export async function listClairChanges(
  db: Db,
  {
    rematchId,
    after,
    images,
  }: { readonly rematchId: number; readonly after?: string | undefined; readonly images: number },
): Promise<{ readonly changes: readonly ClairChange[]; readonly next: string | undefined }> {
  const { rows: page } = await sql<{ id: string }>`
    SELECT own.id FROM clair_index AS own JOIN manifest ON manifest.digest = own.document_digest
      JOIN image_change AS change ON change.manifest_id = manifest.id AND change.rematch_id = ${rematchId}
    WHERE own.id > CAST(${after ?? '00000000-0000-0000-0000-000000000000'} AS uuid)
    ORDER BY own.id LIMIT ${images + 1}`.execute(db);
  const ids = page.slice(0, images).map(({ id }) => id);
  const last = ids.at(-1);
  if (last === undefined) return { changes: [], next: undefined };
  const { rows } = await sql<ClairChange>`
    SELECT DISTINCT ON (own.id, change.kind) own.id AS index_id, own.manifest_hash, change.kind,
      vulnerability.name AS vulnerability, vulnerability.title,
      coalesce(change.severity_after, change.severity_before, 0) AS severity,
      change.fixed_version_after AS fixed_version, package.facts, finding_detail.detail -> 'references' AS references,
      image_scan.distro
    FROM clair_index AS own JOIN manifest ON manifest.digest = own.document_digest
      JOIN image_scan ON image_scan.manifest_id = manifest.id
      JOIN manifest_package_set AS sets ON sets.manifest_id = manifest.id
      JOIN package_set_member AS member ON member.set_id = sets.set_id
      JOIN finding_change AS change ON change.package_id = member.package_id AND change.rematch_id = ${rematchId}
      JOIN package ON package.id = change.package_id
      JOIN vulnerability ON vulnerability.id = change.vulnerability_id
      LEFT JOIN package_finding AS finding
        ON finding.package_id = change.package_id AND finding.vulnerability_id = change.vulnerability_id
      LEFT JOIN finding_detail ON finding_detail.id = finding.detail_id
    WHERE own.id IN (SELECT CAST(value AS uuid) FROM ${valueSet(ids, 'text')})
    ORDER BY own.id, change.kind, coalesce(change.severity_after, change.severity_before, 0) DESC, vulnerability.name,
      package.id`.execute(db);
  return { changes: rows, next: page.length > images ? last : undefined };
}
