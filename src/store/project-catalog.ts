/**
 * Repositories with something published, as the catalogue lists them: searched and paged by the database.
 */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { likeInside } from './visible.ts';

/** A repository of the catalogue. */
export interface PublishedRepository {
  readonly registry: string;
  readonly repository: string;
  /** Of the newest image. */
  readonly projectId: string;
  readonly imageCount: number;
  /** In the order of the alphabet. */
  readonly architectures: readonly string[];
  /** Of the newest image; `null`: unknown. */
  readonly grade: string | null;
  /** ISO 8601: when an image of it was last published. */
  readonly publishedAt: string;
}

/** Which repositories. All that is said must hold. */
export interface PublishedQuery {
  /** In the place, the name of the project or its short description. */
  readonly text?: string | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  readonly after?: { readonly registry: string; readonly repository: string } | undefined;
  readonly limit: number;
}

/** Repositories by registry and name. Served by index `project_image_published`. */
export async function listPublishedRepositories(
  db: Db,
  { text, registry, repository, after, limit }: PublishedQuery,
): Promise<readonly PublishedRepository[]> {
  const conditions = [
    sql`image.published_at IS NOT NULL AND image.deleted_at IS NULL AND image.registry IS NOT NULL AND image.repository IS NOT NULL`,
  ];
  if (registry !== undefined) conditions.push(sql`image.registry = ${registry}`);
  if (repository !== undefined) conditions.push(sql`image.repository = ${repository}`);
  if (after !== undefined) {
    conditions.push(
      sql`(image.registry COLLATE "C", image.repository COLLATE "C") > (${after.registry} COLLATE "C", ${after.repository} COLLATE "C")`,
    );
  }
  if (text !== undefined && text.trim() !== '') {
    const like = likeInside(text.trim());
    conditions.push(sql`(lower(image.registry || '/' || image.repository) LIKE ${like} OR lower(project.name) LIKE ${like}
      OR lower(project.details -> 'container' ->> 'short_description') LIKE ${like})`);
  }
  const newest = (column: string) => sql.raw(`(array_agg(${column} ORDER BY image.created_at DESC, image.id DESC))[1]`);
  const { rows } = await sql<PublishedRepository>`
    SELECT image.registry, image.repository, ${newest('image.project_id')} AS project_id, count(*)::integer AS image_count,
      array_agg(DISTINCT image.architecture ORDER BY image.architecture) AS architectures,
      ${newest('image.grade')} AS grade, max(image.published_at) AS published_at
    FROM project_image AS image JOIN project ON project.id = image.project_id
    WHERE ${sql.join(conditions, sql` AND `)}
    GROUP BY image.registry, image.repository
    ORDER BY image.registry COLLATE "C", image.repository COLLATE "C" LIMIT ${limit}`.execute(db);
  return rows;
}
