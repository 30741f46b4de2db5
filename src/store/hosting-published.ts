/**
 * What of a project's repository in the hosted registry is published, and thereby everybody's to pull.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from './database.ts';
import type { HostedRepository } from './hosting-space.ts';
import { valueSet } from './row-set.ts';

/** Something to be pulled, by digest; what is about a digest; or the tags of the repository. */
export type PullTarget =
  | { readonly manifest: string }
  | { readonly blob: string }
  | { readonly subject: string }
  | { readonly tags: true };

/**
 * Whether everybody may pull this: an image that is published there, the index that it was pushed with, what else is in that index, what is about
 * any of these (signatures, SBOMs, provenance), and blobs of any of these; but no image of the project that is not published. The list of what is about
 * a digest is open when the digest is an image or index of these, the list of tags when anything is. `host`: the hosted registry, as the project names it.
 */
export async function isPublishedThere(
  db: Db,
  repository: HostedRepository,
  target: PullTarget,
  host: string,
): Promise<boolean> {
  if (repository.space.projectId === undefined) return false;
  const { rows } = await sql`WITH ${openParts(repository, host)} ${isThere(repository, target)} LIMIT 1`.execute(db);
  return rows.length > 0;
}

/** Names of tags that images were published by and that lead to these still, in the order of bytes, those after `after`. */
export async function listPublishedTags(
  db: Db,
  repository: HostedRepository,
  {
    host,
    after,
    limit,
  }: { readonly host: string; readonly after?: string | undefined; readonly limit?: number | undefined },
): Promise<readonly string[]> {
  if (repository.space.projectId === undefined) return [];
  const { rows } = await sql<{ name: string }>`
    WITH ${openParts(repository, host)}
    SELECT tag.name FROM tag JOIN manifest ON manifest.id = tag.manifest_id
    WHERE tag.repository_id = ${repository.id} AND tag.ended_at IS NULL AND tag.name COLLATE "C" > ${after ?? ''}
      AND EXISTS (
        SELECT 1 FROM published
        WHERE manifest.digest IN (published.digest, published.list_digest)
          AND published.tags @> jsonb_build_array(jsonb_build_object('name', tag.name)))
    ORDER BY tag.name COLLATE "C" LIMIT ${limit ?? null}`.execute(db);
  return rows.map(({ name }) => name);
}

/** Those of `digests` that are images of the project, and not published. */
export async function findUnpublished(
  db: Db,
  { space }: HostedRepository,
  digests: readonly string[],
): Promise<ReadonlySet<string>> {
  if (space.projectId === undefined || digests.length === 0) return new Set();
  const { rows } = await sql<{ digest: string }>`
    SELECT digest FROM project_image
    WHERE project_id = ${space.projectId} AND published_at IS NULL
      AND digest IN (SELECT value FROM ${valueSet(digests, 'text')})`.execute(db);
  return new Set(rows.map(({ digest }) => digest));
}

function isThere({ id }: HostedRepository, target: PullTarget): RawBuilder<unknown> {
  if ('tags' in target) return sql`SELECT 1 FROM published`;
  if ('subject' in target) return sql`SELECT 1 FROM image WHERE digest = ${target.subject}`;
  if ('manifest' in target) return sql`SELECT 1 FROM open WHERE digest = ${target.manifest}`;
  return sql`
    SELECT 1 FROM hosted_reference AS reference
    JOIN manifest ON manifest.id = reference.manifest_id
    JOIN open ON open.digest = manifest.digest
    WHERE reference.repository_id = ${id} AND reference.digest = ${target.blob}`;
}

/** `published`: images; `image`: these and what they were pushed with; `open`: that, and what is about it. */
function openParts({ id, name, space }: HostedRepository, host: string): RawBuilder<unknown> {
  const isNoDraft = (digest: RawBuilder<unknown>) => sql`
    NOT EXISTS (
      SELECT 1 FROM project_image other
      WHERE other.project_id = ${space.projectId} AND other.digest = ${digest} AND other.published_at IS NULL)`;
  return sql`
    published AS (
      SELECT digest, list_digest, tags FROM project_image
      WHERE project_id = ${space.projectId} AND repository = ${name} AND (registry = ${host} OR origin = 'push')
        AND published_at IS NOT NULL AND deleted_at IS NULL),
    image AS (
      SELECT digest FROM published
      UNION SELECT list_digest FROM published WHERE list_digest IS NOT NULL
      UNION SELECT child.digest FROM published
        JOIN manifest AS list ON list.digest = published.list_digest
        JOIN manifest_child AS child ON child.index_id = list.id
        WHERE ${isNoDraft(sql`child.digest`)}),
    open AS (
      SELECT digest FROM image
      UNION SELECT about.digest FROM image
        JOIN hosted_manifest AS hosted ON hosted.repository_id = ${id} AND hosted.subject = image.digest
        JOIN manifest AS about ON about.id = hosted.manifest_id
        WHERE ${isNoDraft(sql`about.digest`)})`;
}
