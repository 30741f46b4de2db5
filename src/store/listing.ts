/**
 * What a listing led to, as selection needs it: tags with their dates, manifests with their children, and what the repository had before.
 */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { findManifestIds } from './manifest.ts';
import { valueSet } from './row-set.ts';

/** A manifest that a tag or an index leads to. */
export interface ListedManifest {
  readonly digest: string;
  readonly kind: 'image' | 'index' | 'artifact' | 'unsupported' | 'attestation';
  readonly os: string | undefined;
  readonly architecture: string | undefined;
  readonly variant: string | undefined;
  /** Why it cannot be scanned, where that is known. */
  readonly unsupportedReason: string | undefined;
}

/** Manifests by digest, and the children of indexes in their order. */
export interface ListedManifests {
  readonly manifests: ReadonlyMap<string, ListedManifest>;
  readonly children: ReadonlyMap<string, readonly ListedManifest[]>;
}

const MAX_DEPTH = 3;

/** Reads manifests and, to three levels, what indexes among them list. A child is known by its index even where nobody has read it. */
export async function findListedManifests(db: Db, digests: readonly string[]): Promise<ListedManifests> {
  const manifests = new Map<string, ListedManifest>();
  const children = new Map<string, ListedManifest[]>();
  let level = [...new Set(digests)];
  for (let depth = 0; level.length > 0 && depth <= MAX_DEPTH; depth += 1) {
    const { rows } = await sql<Row>`
      SELECT digest, kind, os, architecture, variant, unsupported_reason FROM manifest
      WHERE digest IN (SELECT value FROM ${valueSet(level, 'text')})`.execute(db);
    for (const row of rows) manifests.set(row.digest, toManifest(row));
    const { rows: listed } = await sql<Row & { parent: string }>`
      SELECT i.digest AS parent, c.digest, c.kind, c.os, c.architecture, c.variant, m.unsupported_reason
      FROM manifest i JOIN manifest_child c ON c.index_id = i.id LEFT JOIN manifest m ON m.digest = c.digest
      WHERE i.digest IN (SELECT value FROM ${valueSet(level, 'text')}) AND i.kind = 'index'
      ORDER BY i.digest, c.position`.execute(db);
    for (const row of listed) {
      const of = children.get(row.parent) ?? [];
      of.push(toManifest(row));
      children.set(row.parent, of);
    }
    level = [...new Set(listed.filter(({ kind }) => kind === 'index').map(({ digest }) => digest))].filter(
      digest => !manifests.has(digest),
    );
  }
  return { manifests, children };
}

/** Distinct digests of a listing that is kept for its end. */
export async function listStagedDigests(db: Db, taskId: string): Promise<readonly string[]> {
  const rows = await db.selectFrom('taskTag').select('digest').distinct().where('taskId', '=', taskId).execute();
  return rows.map(({ digest }) => digest);
}

/** A tag of a listing with its date as the inventory has it now. */
export interface DatedTag {
  readonly name: string;
  readonly digest: string;
  readonly pushedAt: string | undefined;
  readonly pushedAtSource: string;
}

/** The tags of a listing that has been applied. */
export async function listStagedTags(db: Db, taskId: string, repositoryId: number): Promise<readonly DatedTag[]> {
  const { rows } = await sql<{
    name: string;
    digest: string;
    pushedAt: string | null;
    pushedAtSource: string;
  }>`
    SELECT s.name, s.digest, coalesce(t.pushed_at, s.pushed_at) AS pushed_at,
      coalesce(t.pushed_at_source, s.pushed_at_source) AS pushed_at_source
    FROM task_tag s
    LEFT JOIN tag t ON t.repository_id = ${repositoryId} AND t.name = s.name AND t.ended_at IS NULL
    WHERE s.task_id = ${taskId} ORDER BY s.name`.execute(db);
  return rows.map(row => ({ ...row, pushedAt: row.pushedAt ?? undefined }));
}

/** Which of these manifests the repository has, each with the tags that name it directly. */
export async function findInRepository(
  db: Db,
  repositoryId: number,
  digests: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (digests.length === 0) return new Map();
  const ids = await findManifestIds(db, digests);
  const { rows } = await sql<{ id: number }>`
    SELECT manifest_id AS id FROM ${valueSet([...ids.values()], 'bigint')} JOIN repository_manifest ON manifest_id = value
    WHERE repository_id = ${repositoryId} AND gone_at IS NULL`.execute(db);
  const tags = new Map(rows.map(({ id }): [number, string[]] => [id, []]));
  const named = await db
    .selectFrom('tag')
    .select(['manifestId', 'name'])
    .where('repositoryId', '=', repositoryId)
    .where('endedAt', 'is', null)
    .execute();
  for (const { manifestId, name } of named) tags.get(manifestId)?.push(name);
  return new Map(
    [...ids].flatMap(([digest, id]) => {
      const names = tags.get(id);
      return names === undefined ? [] : [[digest, names] as const];
    }),
  );
}

/** Names of the repository's tags, latest first; for telling which may have been meant. */
export async function listTagNames(db: Db, repositoryId: number, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('tag')
    .select('name')
    .where('repositoryId', '=', repositoryId)
    .where('endedAt', 'is', null)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

interface Row {
  readonly digest: string;
  readonly kind: string;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly unsupportedReason: string | null;
}

function toManifest({ digest, kind, os, architecture, variant, unsupportedReason }: Row): ListedManifest {
  return {
    digest,
    kind: kind as ListedManifest['kind'],
    os: os ?? undefined,
    architecture: architecture ?? undefined,
    variant: variant ?? undefined,
    unsupportedReason: unsupportedReason ?? undefined,
  };
}
