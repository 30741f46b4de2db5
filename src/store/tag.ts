/**
 * Tags with their history, and the manifests of a repository. A listing is applied at once or not at all, and only one that was whole shows
 * that something is gone.
 */
import { sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';

/** A tag as a page of a listing tells it. */
export interface StagedTag {
  readonly name: string;
  readonly digest: string;
  readonly pushedAt?: string | undefined;
  readonly pushedAtSource: string;
}

/** What a listing changed. */
export interface ListingChange {
  /** Manifests that the repository did not have, or had lost. */
  readonly found: readonly { readonly digest: string; readonly kind: string }[];
  /** Manifests that no tag leads to any more. */
  readonly gone: readonly string[];
  /** Tags that name another manifest than before. */
  readonly moved: readonly { readonly tag: string; readonly from: string; readonly to: string }[];
  readonly tagsAdded: number;
  readonly tagsEnded: number;
}

/** A tag as it is now, or was. */
export interface TagRecord {
  readonly name: string;
  readonly digest: string;
  readonly pushedAt: string | undefined;
  readonly pushedAtSource: string;
  readonly startedAt: string;
  /** Missing: it is so now. */
  readonly endedAt: string | undefined;
}

/** Keeps a page of tags for the end of its listing; of a name that is repeated the last counts. */
export async function stageTags(db: Db, taskId: string, page: readonly StagedTag[]): Promise<void> {
  if (page.length === 0) return;
  await sql`
    INSERT INTO task_tag (task_id, name, digest, pushed_at, pushed_at_source)
    SELECT DISTINCT ON (t.name) ${taskId}::uuid, t.name, t.digest, t."pushedAt", t."pushedAtSource"
    FROM jsonb_to_recordset(${toJson(page)}::jsonb)
      AS t(name text, digest text, "pushedAt" timestamptz, "pushedAtSource" text)
    ORDER BY t.name
    ON CONFLICT (task_id, name) DO UPDATE SET digest = excluded.digest, pushed_at = excluded.pushed_at,
      pushed_at_source = excluded.pushed_at_source`.execute(db);
}

/** Keeps names of a catalogue for its end. */
export async function stageRepositories(db: Db, taskId: string, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await sql`
    INSERT INTO task_repository (task_id, name)
    SELECT ${taskId}::uuid, value FROM jsonb_array_elements_text(${toJson([...new Set(names)])}::jsonb)
    ON CONFLICT DO NOTHING`.execute(db);
}

/** Forgets what was kept of a listing. */
export async function clearStaged(db: Db, taskIds: readonly string[]): Promise<void> {
  if (taskIds.length === 0) return;
  await db
    .deleteFrom('taskTag')
    .where('taskId', 'in', [...taskIds])
    .execute();
  await db
    .deleteFrom('taskRepository')
    .where('taskId', 'in', [...taskIds])
    .execute();
}

/**
 * Applies a listing that came to its end. `isWhole`: it had every tag of the repository; otherwise absence proves nothing. A tag that
 * appears without a date after a first whole listing is dated by it. Tags of manifests that nobody reported are passed over.
 */
export async function applyListing(
  trx: Trx,
  {
    taskId,
    repositoryId,
    isWhole,
    at,
  }: { readonly taskId: string; readonly repositoryId: number; readonly isWhole: boolean; readonly at: Date },
): Promise<ListingChange> {
  const repository = await trx
    .selectFrom('repository')
    .select('lastListedAt')
    .where('id', '=', repositoryId)
    .executeTakeFirstOrThrow();
  const isDated = repository.lastListedAt !== null;
  const moved = await sql<{ tag: string; from: string; to: string }>`
    UPDATE tag SET ended_at = ${at}
    FROM task_tag s JOIN manifest n ON n.digest = s.digest, manifest o
    WHERE s.task_id = ${taskId} AND tag.repository_id = ${repositoryId} AND tag.name = s.name AND tag.ended_at IS NULL
      AND tag.manifest_id <> n.id AND o.id = tag.manifest_id
    RETURNING tag.name AS tag, o.digest AS from, n.digest AS to`.execute(trx);
  const pushed = sql`
    CASE WHEN s.pushed_at IS NULL AND ${isDated}::boolean THEN ${at}::timestamptz ELSE s.pushed_at END`;
  const source = sql`
    CASE WHEN s.pushed_at IS NULL THEN CASE WHEN ${isDated}::boolean THEN 'first-seen' ELSE 'unknown' END
      ELSE s.pushed_at_source END`;
  const added = await sql`
    INSERT INTO tag (repository_id, name, manifest_id, pushed_at, pushed_at_source, started_at)
    SELECT ${repositoryId}::bigint, s.name, m.id, ${pushed}, ${source}, ${at}::timestamptz
    FROM task_tag s JOIN manifest m ON m.digest = s.digest
    WHERE s.task_id = ${taskId}
      AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.repository_id = ${repositoryId} AND t.name = s.name AND t.ended_at IS NULL)
    ORDER BY s.name`.execute(trx);
  await sql`
    UPDATE tag SET pushed_at = s.pushed_at, pushed_at_source = s.pushed_at_source
    FROM task_tag s
    WHERE s.task_id = ${taskId} AND tag.repository_id = ${repositoryId} AND tag.name = s.name AND tag.ended_at IS NULL
      AND s.pushed_at IS NOT NULL AND tag.pushed_at IS DISTINCT FROM s.pushed_at`.execute(trx);
  const ended = isWhole
    ? await sql`
        UPDATE tag SET ended_at = ${at}
        WHERE repository_id = ${repositoryId} AND ended_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM task_tag s WHERE s.task_id = ${taskId} AND s.name = tag.name)`.execute(trx)
    : undefined;
  const found = await addManifests(trx, { repositoryId, at });
  const gone = isWhole ? await markGone(trx, { taskId, repositoryId, at }) : [];
  await trx
    .updateTable('repository')
    .set({ goneAt: null, ...(isWhole ? { lastListedAt: at } : {}) })
    .where('id', '=', repositoryId)
    .execute();
  return {
    found,
    gone,
    moved: moved.rows,
    tagsAdded: Number(added.numAffectedRows ?? 0) - moved.rows.length,
    tagsEnded: Number(ended?.numAffectedRows ?? 0),
  };
}

/** The manifests that the tags of now lead to, children of indexes included; indexes in indexes to three levels. */
const reachable = (repositoryId: number) => sql`
  WITH RECURSIVE reach (id, pushed_at, pushed_at_source, depth) AS (
    SELECT t.manifest_id, t.pushed_at, t.pushed_at_source, 0
    FROM tag t WHERE t.repository_id = ${repositoryId} AND t.ended_at IS NULL
    UNION
    SELECT m.id, r.pushed_at, r.pushed_at_source, r.depth + 1
    FROM reach r JOIN manifest_child c ON c.index_id = r.id JOIN manifest m ON m.digest = c.digest
    WHERE r.depth < 3
  ), latest AS (
    SELECT DISTINCT ON (id) id, pushed_at, pushed_at_source FROM reach ORDER BY id, pushed_at DESC NULLS LAST
  )`;

async function addManifests(
  trx: Trx,
  { repositoryId, at }: { readonly repositoryId: number; readonly at: Date },
): Promise<ListingChange['found']> {
  const { rows } = await sql<{ digest: string; kind: string }>`
    ${reachable(repositoryId)}, before AS (
      SELECT manifest_id FROM repository_manifest WHERE repository_id = ${repositoryId} AND gone_at IS NULL
    ), written AS (
      INSERT INTO repository_manifest (repository_id, manifest_id, first_seen_at, pushed_at, pushed_at_source)
      SELECT ${repositoryId}::bigint, l.id, ${at}::timestamptz, l.pushed_at, l.pushed_at_source FROM latest l ORDER BY l.id
      ON CONFLICT (repository_id, manifest_id) DO UPDATE SET gone_at = NULL,
        pushed_at = coalesce(excluded.pushed_at, repository_manifest.pushed_at),
        pushed_at_source = CASE WHEN excluded.pushed_at IS NULL
          THEN repository_manifest.pushed_at_source ELSE excluded.pushed_at_source END
      WHERE repository_manifest.gone_at IS NOT NULL
        OR repository_manifest.pushed_at IS DISTINCT FROM coalesce(excluded.pushed_at, repository_manifest.pushed_at)
      RETURNING manifest_id
    )
    SELECT m.digest, m.kind FROM written w JOIN manifest m ON m.id = w.manifest_id
    WHERE w.manifest_id NOT IN (SELECT manifest_id FROM before)
    ORDER BY m.id`.execute(trx);
  return rows;
}

async function markGone(
  trx: Trx,
  { taskId, repositoryId, at }: { readonly taskId: string; readonly repositoryId: number; readonly at: Date },
): Promise<readonly string[]> {
  // A tag whose manifest could not be read still holds what it named before.
  const { rows: unread } = await sql`
    SELECT 1 FROM task_tag s WHERE s.task_id = ${taskId}
      AND NOT EXISTS (SELECT 1 FROM manifest m WHERE m.digest = s.digest) LIMIT 1`.execute(trx);
  if (unread.length > 0) return [];
  const { rows } = await sql<{ digest: string }>`
    ${reachable(repositoryId)}, ended AS (
      UPDATE repository_manifest SET gone_at = ${at}
      WHERE repository_id = ${repositoryId} AND gone_at IS NULL AND manifest_id NOT IN (SELECT id FROM latest)
      RETURNING manifest_id
    )
    SELECT m.digest FROM ended e JOIN manifest m ON m.id = e.manifest_id ORDER BY m.id`.execute(trx);
  return rows.map(({ digest }) => digest);
}

/** Tags of now, by name, those after `after`. */
export async function listTags(
  db: Db,
  repositoryId: number,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly TagRecord[]> {
  let select = tagRows(db, repositoryId).where('tag.endedAt', 'is', null);
  if (after !== undefined) select = select.where('tag.name', '>', after);
  return (await select.orderBy('tag.name').limit(limit).execute()).map(toTag);
}

/** What a tag named, latest first. */
export async function listTagHistory(
  db: Db,
  repositoryId: number,
  { name, limit }: { readonly name: string; readonly limit: number },
): Promise<readonly TagRecord[]> {
  const select = tagRows(db, repositoryId).where('tag.name', '=', name);
  return (await select.orderBy('tag.id', 'desc').limit(limit).execute()).map(toTag);
}

function tagRows(db: Db, repositoryId: number) {
  return db
    .selectFrom('tag')
    .innerJoin('manifest', 'manifest.id', 'tag.manifestId')
    .select(['tag.name', 'manifest.digest', 'tag.pushedAt', 'tag.pushedAtSource', 'tag.startedAt', 'tag.endedAt'])
    .where('tag.repositoryId', '=', repositoryId);
}

function toTag(row: {
  name: string;
  digest: string;
  pushedAt: string | null;
  pushedAtSource: string;
  startedAt: string;
  endedAt: string | null;
}): TagRecord {
  return { ...row, pushedAt: row.pushedAt ?? undefined, endedAt: row.endedAt ?? undefined };
}
