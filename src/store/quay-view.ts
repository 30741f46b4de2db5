/** What Quay's API asks for: repositories by namespace and name, tags with their lives. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from './database.ts';
import { scopeConditions } from './visible.ts';

/** A repository under a name; the same name may be in several registries, of which the first by name counts. */
export interface NamedPlace {
  readonly id: number;
  readonly name: string;
  readonly registryName: string;
  /** When one of its tags last came to name something; null without any. */
  readonly lastModifiedAt: string | null;
}

const LAST_MODIFIED = sql`(
  SELECT max(coalesce(tag.pushed_at, tag.started_at)) FROM tag WHERE tag.repository_id = repository.id) AS last_modified_at`;

/** The repository of a name: `team/app`, or `registry-name/team/app` where several registries have `team/app`. */
export async function findPlace(
  db: Db,
  name: string,
  namespaceIds: readonly string[] | undefined,
): Promise<NamedPlace | undefined> {
  const { rows } = await sql<NamedPlace>`
    SELECT repository.id, repository.name, registry.name AS registry_name, ${LAST_MODIFIED}
    FROM repository JOIN registry ON registry.id = repository.registry_id
    WHERE (repository.name = ${name} OR registry.name || '/' || repository.name = ${name}) AND ${scopeConditions({ namespaceIds })}
    ORDER BY repository.name <> ${name}, registry.name, repository.id LIMIT 1`.execute(db);
  return rows[0];
}

/** Repositories by name; `namespace` is the part before the first slash. */
export async function listPlaces(
  db: Db,
  query: {
    readonly namespaceIds: readonly string[] | undefined;
    readonly namespace?: string | undefined;
    readonly after?: number | undefined;
    readonly limit: number;
  },
): Promise<readonly NamedPlace[]> {
  const { namespaceIds, namespace, after = 0, limit } = query;
  const inside: RawBuilder<unknown> =
    namespace === undefined ? sql`true` : sql`split_part(repository.name, '/', 1) = ${namespace}`;
  const { rows } = await sql<NamedPlace>`
    SELECT repository.id, repository.name, registry.name AS registry_name, ${LAST_MODIFIED}
    FROM repository JOIN registry ON registry.id = repository.registry_id
    WHERE repository.id > ${after} AND ${inside} AND ${scopeConditions({ namespaceIds })}
    ORDER BY repository.id LIMIT ${limit}`.execute(db);
  return rows;
}

/** A tag's life. */
export interface TagLife {
  readonly id: number;
  readonly name: string;
  readonly digest: string;
  readonly manifestId: number;
  readonly kind: string;
  readonly sizeBytes: number | null;
  readonly pushedAt: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** Tags of a repository, latest first by the start of their lives. */
export async function listTagLives(
  db: Db,
  repositoryId: number,
  query: {
    readonly name?: string | undefined;
    readonly like?: string | undefined;
    readonly isActive: boolean;
    readonly offset: number;
    readonly limit: number;
  },
): Promise<readonly TagLife[]> {
  let select = db
    .selectFrom('tag')
    .innerJoin('manifest', 'manifest.id', 'tag.manifestId')
    .select([
      'tag.id',
      'tag.name',
      'manifest.digest',
      'tag.manifestId',
      'manifest.kind',
      'manifest.layersSizeBytes as sizeBytes',
      'tag.pushedAt',
      'tag.startedAt',
      'tag.endedAt',
    ])
    .where('tag.repositoryId', '=', repositoryId);
  if (query.name !== undefined) select = select.where('tag.name', '=', query.name);
  if (query.like !== undefined) select = select.where(sql<boolean>`position(${query.like} in tag.name) > 0`);
  if (query.isActive) select = select.where('tag.endedAt', 'is', null);
  return await select
    .orderBy(sql`coalesce(tag.pushed_at, tag.started_at)`, 'desc')
    .orderBy('tag.name')
    .orderBy('tag.id', 'desc')
    .offset(query.offset)
    .limit(query.limit)
    .execute();
}

/** Whether a manifest is in a repository, by itself, under a tag that once was, or in an index there. */
export async function findInPlace(db: Db, repositoryId: number, digest: string): Promise<number | undefined> {
  const { rows } = await sql<{ id: number }>`
    SELECT manifest.id FROM manifest WHERE manifest.digest = ${digest} AND (
      EXISTS (SELECT FROM repository_manifest AS place WHERE place.repository_id = ${repositoryId} AND place.manifest_id = manifest.id)
      OR EXISTS (
        SELECT FROM manifest_child AS child JOIN repository_manifest AS place ON place.manifest_id = child.index_id
        WHERE child.digest = manifest.digest AND place.repository_id = ${repositoryId})
      OR EXISTS (SELECT FROM tag WHERE tag.repository_id = ${repositoryId} AND tag.manifest_id = manifest.id))`.execute(
    db,
  );
  return rows[0]?.id;
}
