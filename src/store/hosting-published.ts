/**
 * What of a project's repository in the hosted registry is published, and thereby everybody's to pull.
 */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { HostedRepository } from './hosting-space.ts';

/** Something to be pulled, by digest. */
export type PullTarget = { readonly manifest: string } | { readonly blob: string };

/**
 * Whether everybody may pull this: an image that is published there, the index that it was pushed with, what else is in that index unless it is
 * an image of the project that is not published, and blobs of any of these. `host`: the hosted registry, as the project names it.
 */
export async function isPublishedThere(
  db: Db,
  { id, name, space }: HostedRepository,
  target: PullTarget,
  host: string,
): Promise<boolean> {
  if (space.projectId === undefined) return false;
  const open = sql`
    published AS (
      SELECT project_id, digest, list_digest FROM project_image
      WHERE project_id = ${space.projectId} AND repository = ${name} AND (registry = ${host} OR origin = 'push')
        AND published_at IS NOT NULL AND deleted_at IS NULL),
    open AS (
      SELECT digest FROM published
      UNION SELECT list_digest FROM published WHERE list_digest IS NOT NULL
      UNION SELECT child.digest FROM published p
        JOIN manifest AS list ON list.digest = p.list_digest
        JOIN manifest_child AS child ON child.index_id = list.id
        WHERE NOT EXISTS (
          SELECT 1 FROM project_image other
          WHERE other.project_id = p.project_id AND other.digest = child.digest AND other.published_at IS NULL))`;
  const { rows } =
    'manifest' in target
      ? await sql`WITH ${open} SELECT 1 FROM open WHERE digest = ${target.manifest} LIMIT 1`.execute(db)
      : await sql`
          WITH ${open} SELECT 1 FROM hosted_reference AS reference
          JOIN manifest ON manifest.id = reference.manifest_id
          JOIN open ON open.digest = manifest.digest
          WHERE reference.repository_id = ${id} AND reference.digest = ${target.blob} LIMIT 1`.execute(db);
  return rows.length > 0;
}
