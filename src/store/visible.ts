/** Which images somebody sees: those that a repository of a registry in one of their namespaces has now. */
import { type RawBuilder, sql } from 'kysely';
import { valueSet } from './row-set.ts';
import type { StoredWaiver } from './waiver.ts';

/** Where to look. Missing fields mean everywhere. */
export interface Scope {
  /** Ids; empty: nowhere. */
  readonly namespaceIds?: readonly string[] | undefined;
  readonly registryId?: string | undefined;
  /** The full name of a repository, in whichever registry. */
  readonly repository?: string | undefined;
  /** Those that set findings aside for the one who looks: `withWaivers`. Missing or none: nothing is but by rules of ours. */
  readonly waivers?: readonly StoredWaiver[] | undefined;
}

/** Conditions on `registry` and `repository`. */
export function scopeConditions({ namespaceIds, registryId, repository }: Scope): RawBuilder<unknown> {
  const conditions = [sql`registry.removed_at IS NULL AND repository.gone_at IS NULL`];
  if (namespaceIds !== undefined) {
    conditions.push(sql`registry.namespace_id IN (SELECT CAST(value AS uuid) FROM ${valueSet(namespaceIds, 'text')})`);
  }
  if (registryId !== undefined) conditions.push(sql`registry.id = CAST(${registryId} AS uuid)`);
  if (repository !== undefined) conditions.push(sql`repository.name = ${repository}`);
  return sql.join(conditions, sql` AND `);
}

/** The condition that an image, by the SQL of its id, is seen. */
export function isVisible(manifestId: string, scope: Scope): RawBuilder<boolean> {
  return sql<boolean>`EXISTS (
    SELECT FROM repository_manifest AS place JOIN repository ON repository.id = place.repository_id
      JOIN registry ON registry.id = repository.registry_id
    WHERE place.manifest_id = ${sql.raw(manifestId)} AND place.gone_at IS NULL AND ${scopeConditions(scope)})`;
}

/**
 * The condition that a row of `manifest` is an image of a project there: those were scanned where they lie, and may be in no repository. What a
 * client only told of does not count: whoever knows a digest could look into the images of others.
 */
export function isOfProject({ namespaceIds, registryId, repository }: Scope): RawBuilder<boolean> {
  if (registryId !== undefined || repository !== undefined) return sql<boolean>`false`;
  const isThere =
    namespaceIds === undefined
      ? sql`true`
      : sql`project.namespace_id IN (SELECT CAST(value AS uuid) FROM ${valueSet(namespaceIds, 'text')})`;
  return sql<boolean>`EXISTS (
    SELECT FROM project_image AS own JOIN project ON project.id = own.project_id
    WHERE own.digest = manifest.digest AND own.origin <> 'report' AND own.deleted_at IS NULL AND ${isThere})`;
}

/**
 * `visible_image (manifest_id)` and `visible_set (set_id)`, to go after `WITH`: all images that are seen, and the sets of packages in them,
 * found once for a whole list. Sets are far fewer than pairs of packages and images.
 */
export function withVisible(scope: Scope): RawBuilder<unknown> {
  return sql`visible_image AS MATERIALIZED (
      SELECT DISTINCT place.manifest_id
      FROM repository_manifest AS place JOIN repository ON repository.id = place.repository_id
        JOIN registry ON registry.id = repository.registry_id
      WHERE place.gone_at IS NULL AND ${scopeConditions(scope)}
    ), visible_set AS MATERIALIZED (
      SELECT DISTINCT own.set_id FROM visible_image JOIN manifest_package_set AS own USING (manifest_id)
    )`;
}

/** Text that is looked for inside of other text, for `LIKE` on what `lower` gives. */
export function likeInside(text: string): string {
  return `%${text.toLowerCase().replaceAll(/[\\%_]/g, found => `\\${found}`)}%`;
}
