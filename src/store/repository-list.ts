/** Repositories of all registries that somebody sees, page by page. */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { valueSet } from './row-set.ts';
import { likeInside } from './visible.ts';

/** Which repositories. All that is said must hold. */
export interface RepositoryFilter {
  /** Ids; empty: nowhere. Missing: everywhere. */
  readonly namespaceIds?: readonly string[] | undefined;
  readonly registryId?: string | undefined;
  /** In the full name. */
  readonly text?: string | undefined;
}

/** After which repository to go on: its name and its id. */
export type RepositoryPosition = readonly [name: string, id: number];

/** A repository with the registry that has it. */
export interface ListedRepository {
  readonly id: number;
  readonly registryId: string;
  readonly registryName: string;
  readonly host: string;
  readonly name: string;
  readonly note: string | null;
  readonly firstSeenAt: string;
  readonly lastListedAt: string | null;
  readonly goneAt: string | null;
}

/** Repositories that are there, by name, then by age. */
export async function listAllRepositories(
  db: Db,
  { namespaceIds, registryId, text }: RepositoryFilter,
  { limit, after }: { readonly limit: number; readonly after?: RepositoryPosition | undefined },
): Promise<readonly ListedRepository[]> {
  const conditions = [sql`registry.removed_at IS NULL AND repository.gone_at IS NULL`];
  if (namespaceIds !== undefined) {
    conditions.push(sql`registry.namespace_id IN (SELECT CAST(value AS uuid) FROM ${valueSet(namespaceIds, 'text')})`);
  }
  if (registryId !== undefined) conditions.push(sql`registry.id = CAST(${registryId} AS uuid)`);
  if (text !== undefined && text !== '') conditions.push(sql`lower(repository.name) LIKE ${likeInside(text)}`);
  if (after !== undefined) {
    conditions.push(sql`(repository.name, repository.id) > (${after[0]}, CAST(${String(after[1])} AS bigint))`);
  }
  const { rows } = await sql<ListedRepository>`
    SELECT repository.id, repository.registry_id, registry.name AS registry_name, registry.host, repository.name,
      repository.note, repository.first_seen_at, repository.last_listed_at, repository.gone_at
    FROM repository JOIN registry ON registry.id = repository.registry_id
    WHERE ${sql.join(conditions, sql` AND `)} ORDER BY repository.name, repository.id LIMIT ${limit}`.execute(db);
  return rows;
}
