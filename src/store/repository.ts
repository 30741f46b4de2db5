/**
 * Repositories of a registry. One that a catalogue no longer has is marked gone, with the date; nothing is deleted.
 */
import { sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import { likeInside } from './visible.ts';

/** A repository as it is known. */
export interface RepositoryRecord {
  readonly id: number;
  readonly registryId: string;
  readonly name: string;
  readonly note: string | undefined;
  readonly firstSeenAt: string;
  /** End of the last listing of all its tags. */
  readonly lastListedAt: string | undefined;
  readonly goneAt: string | undefined;
}

/** A repository by its name, with what a registry says about it. */
export interface NamedRepository {
  readonly name: string;
  readonly note?: string | undefined;
}

/** Adds what is missing and brings back what was gone; ids by name. `isCatalogued`: a catalogue has them, nobody had to name them. */
export async function upsertRepositories(
  db: Db,
  registryId: string,
  repositories: readonly NamedRepository[],
  { at, isCatalogued }: { readonly at: Date; readonly isCatalogued: boolean },
): Promise<ReadonlyMap<string, number>> {
  if (repositories.length === 0) return new Map();
  const { rows } = await sql<{ id: number; name: string }>`
    INSERT INTO repository (registry_id, name, note, first_seen_at, catalogued_at)
    SELECT DISTINCT ON (r.name) ${registryId}::uuid, r.name, r.note, ${at}::timestamptz,
      CASE WHEN ${isCatalogued}::boolean THEN ${at}::timestamptz END
    FROM jsonb_to_recordset(${toJson(repositories)}::jsonb) AS r(name text, note text)
    ORDER BY r.name
    ON CONFLICT (registry_id, name) DO UPDATE SET
      note = coalesce(excluded.note, repository.note),
      catalogued_at = coalesce(excluded.catalogued_at, repository.catalogued_at),
      gone_at = CASE WHEN excluded.catalogued_at IS NULL THEN repository.gone_at END
    RETURNING id, name`.execute(db);
  return new Map(rows.map(({ id, name }) => [name, id]));
}

/**
 * Applies a catalogue that was listed to its end by a task: repositories that catalogues had, and this one has not, are gone with their tags
 * and manifests. Returns their names.
 */
export async function applyCatalogue(
  trx: Trx,
  { taskId, registryId, at }: { readonly taskId: string; readonly registryId: string; readonly at: Date },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: number; name: string }>`
    UPDATE repository SET gone_at = ${at}
    WHERE registry_id = ${registryId} AND gone_at IS NULL AND catalogued_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM task_repository t WHERE t.task_id = ${taskId} AND t.name = repository.name)
    RETURNING id, name`.execute(trx);
  const ids = toJson(rows.map(({ id }) => id));
  const isGone = sql`repository_id IN (SELECT value::bigint FROM jsonb_array_elements_text(${ids}::jsonb))`;
  await sql`UPDATE tag SET ended_at = ${at} WHERE ended_at IS NULL AND ${isGone}`.execute(trx);
  await sql`UPDATE repository_manifest SET gone_at = ${at} WHERE gone_at IS NULL AND ${isGone}`.execute(trx);
  return rows.map(({ name }) => name);
}

/** Says that a repository which somebody named is not there, unless it ever was. */
export async function markNeverThere(db: Db, id: number, at: Date): Promise<void> {
  await db
    .updateTable('repository')
    .set({ goneAt: at })
    .where('id', '=', id)
    .where('lastListedAt', 'is', null)
    .where('cataloguedAt', 'is', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('tag').select('tag.id').whereRef('tag.repositoryId', '=', 'repository.id'))),
    )
    .execute();
}

/** The repository of that name. */
export async function findRepository(db: Db, registryId: string, name: string): Promise<RepositoryRecord | undefined> {
  const row = await db
    .selectFrom('repository')
    .selectAll()
    .where('registryId', '=', registryId)
    .where('name', '=', name)
    .executeTakeFirst();
  return row === undefined ? undefined : toRepository(row);
}

/** Repositories by name, those after `after`. */
export async function listRepositories(
  db: Db,
  registryId: string,
  {
    after,
    limit,
    includesGone = false,
    text,
  }: {
    readonly after?: string | undefined;
    readonly limit: number;
    readonly includesGone?: boolean;
    /** In the full name. */
    readonly text?: string | undefined;
  },
): Promise<readonly RepositoryRecord[]> {
  let select = db.selectFrom('repository').selectAll().where('registryId', '=', registryId);
  if (after !== undefined) select = select.where('name', '>', after);
  if (!includesGone) select = select.where('goneAt', 'is', null);
  if (text !== undefined) select = select.where(sql<boolean>`lower(repository.name) LIKE ${likeInside(text)}`);
  const rows = await select.orderBy('name').limit(limit).execute();
  return rows.map(toRepository);
}

function toRepository(row: {
  id: number;
  registryId: string;
  name: string;
  note: string | null;
  firstSeenAt: string;
  lastListedAt: string | null;
  goneAt: string | null;
}): RepositoryRecord {
  return {
    id: row.id,
    registryId: row.registryId,
    name: row.name,
    note: row.note ?? undefined,
    firstSeenAt: row.firstSeenAt,
    lastListedAt: row.lastListedAt ?? undefined,
    goneAt: row.goneAt ?? undefined,
  };
}
