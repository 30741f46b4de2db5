/**
 * Manifests and tags of the hosted registry. The same rows that connected registries have say what is there; beside them is what only the
 * one who keeps the bytes knows.
 */
import { type RawBuilder, sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import { rowSet, valueSet } from './row-set.ts';

/** A manifest as it is answered. */
export interface HostedManifest {
  readonly digest: string;
  readonly manifestId: number;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly kind: string;
  readonly subject: string | undefined;
}

/** What a push says of a manifest beside its content. */
export interface NewHostedManifest {
  readonly repositoryId: number;
  readonly manifestId: number;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly subject: string | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: object | undefined;
  readonly pushedBy: string;
  /** Blobs of the repository, held by this transaction. */
  readonly references: readonly string[];
  readonly at: Date;
}

/** Puts a manifest into a repository. Pushed again, it gets the content type of the last push. */
export async function putHostedManifest(trx: Trx, manifest: NewHostedManifest): Promise<void> {
  const { repositoryId, manifestId, contentType, sizeBytes, subject, artifactType, annotations, pushedBy, at } =
    manifest;
  await trx
    .insertInto('hostedManifest')
    .values({
      repositoryId,
      manifestId,
      contentType,
      sizeBytes,
      subject: subject ?? null,
      artifactType: artifactType ?? null,
      annotations: annotations === undefined ? null : toJson(annotations),
      pushedBy,
      pushedAt: at,
    })
    .onConflict(conflict =>
      conflict.columns(['repositoryId', 'manifestId']).doUpdateSet({ contentType, pushedBy, pushedAt: at }),
    )
    .execute();
  const rows = manifest.references.map(digest => ({ digest }));
  if (rows.length > 0) {
    await sql`
      INSERT INTO hosted_reference (repository_id, manifest_id, digest)
      SELECT ${repositoryId}::bigint, ${manifestId}::bigint, digest FROM ${rowSet(rows, 'digest text')}
      ON CONFLICT DO NOTHING`.execute(trx);
  }
  await sql`
    INSERT INTO repository_manifest (repository_id, manifest_id, first_seen_at, pushed_at, pushed_at_source)
    VALUES (${repositoryId}, ${manifestId}, ${at}, ${at}, 'registry')
    ON CONFLICT (repository_id, manifest_id) DO UPDATE SET gone_at = NULL, pushed_at = excluded.pushed_at,
      pushed_at_source = excluded.pushed_at_source`.execute(trx);
  await trx.updateTable('repository').set({ goneAt: null, lastListedAt: at }).where('id', '=', repositoryId).execute();
}

/** Lets a tag name a manifest. Returns the digest that it named before, when that was another one. */
export async function moveTag(
  trx: Trx,
  { repositoryId, name, manifestId, at }: { repositoryId: number; name: string; manifestId: number; at: Date },
): Promise<{ readonly before: string | undefined }> {
  const now = await trx
    .selectFrom('tag')
    .innerJoin('manifest', 'manifest.id', 'tag.manifestId')
    .select(['tag.id', 'tag.manifestId', 'manifest.digest'])
    .where('tag.repositoryId', '=', repositoryId)
    .where('tag.name', '=', name)
    .where('tag.endedAt', 'is', null)
    .executeTakeFirst();
  if (now?.manifestId === manifestId) {
    await trx.updateTable('tag').set({ pushedAt: at, pushedAtSource: 'registry' }).where('id', '=', now.id).execute();
    return { before: undefined };
  }
  if (now !== undefined) await trx.updateTable('tag').set({ endedAt: at }).where('id', '=', now.id).execute();
  await trx
    .insertInto('tag')
    .values({ repositoryId, name, manifestId, pushedAt: at, pushedAtSource: 'registry', startedAt: at })
    .execute();
  return { before: now?.digest };
}

/** Ends a tag. Returns the digest that it named; `undefined` when there is none. */
export async function endTag(trx: Trx, repositoryId: number, name: string, at: Date): Promise<string | undefined> {
  const { rows } = await sql<{ digest: string }>`
    UPDATE tag SET ended_at = ${at} FROM manifest
    WHERE tag.repository_id = ${repositoryId} AND tag.name = ${name} AND tag.ended_at IS NULL AND manifest.id = tag.manifest_id
    RETURNING manifest.digest`.execute(trx);
  return rows[0]?.digest;
}

/** Takes manifests from a repository, with the tags that name them. Returns the names of those tags. */
export async function removeHostedManifests(
  trx: Trx,
  repositoryId: number,
  manifestIds: readonly number[],
  at: Date,
): Promise<readonly string[]> {
  const ids = valueSet(manifestIds, 'bigint');
  const here = (table: string) =>
    sql`${sql.ref(`${table}.repositoryId`)} = ${repositoryId} AND ${sql.ref(`${table}.manifestId`)} IN (SELECT value FROM ${ids})`;
  const { rows } = await sql<{ name: string }>`
    UPDATE tag SET ended_at = ${at} WHERE ended_at IS NULL AND ${here('tag')} RETURNING name`.execute(trx);
  await sql`UPDATE repository_manifest SET gone_at = ${at} WHERE gone_at IS NULL AND ${here('repositoryManifest')}`.execute(
    trx,
  );
  await sql`DELETE FROM hosted_manifest WHERE ${here('hostedManifest')}`.execute(trx);
  return rows.map(({ name }) => name);
}

/** A manifest of a repository, by its digest or by a tag. */
export async function findHostedManifest(
  db: Db,
  repositoryId: number,
  by: { readonly digest: string } | { readonly tag: string },
): Promise<HostedManifest | undefined> {
  let select = db
    .selectFrom('hostedManifest')
    .innerJoin('manifest', 'manifest.id', 'hostedManifest.manifestId')
    .select([
      'manifest.digest',
      'manifest.kind',
      'hostedManifest.manifestId',
      'hostedManifest.contentType',
      'hostedManifest.sizeBytes',
      'hostedManifest.subject',
    ])
    .where('hostedManifest.repositoryId', '=', repositoryId);
  if ('digest' in by) select = select.where('manifest.digest', '=', by.digest);
  else {
    select = select.where('hostedManifest.manifestId', '=', eb =>
      eb
        .selectFrom('tag')
        .select('tag.manifestId')
        .where('tag.repositoryId', '=', repositoryId)
        .where('tag.name', '=', by.tag)
        .where('tag.endedAt', 'is', null),
    );
  }
  const row = await select.executeTakeFirst();
  return row === undefined ? undefined : { ...row, subject: row.subject ?? undefined };
}

/** The exact bytes of a manifest. */
export async function readDocument(db: Db, manifestId: number): Promise<Uint8Array> {
  return (await db.selectFrom('manifest').select('document').where('id', '=', manifestId).executeTakeFirstOrThrow())
    .document;
}

/** Those of `digests` that are manifests of the repository, kept there until the transaction ends. */
export async function holdManifests(trx: Trx, repositoryId: number, digests: readonly string[]): Promise<Set<string>> {
  if (digests.length === 0) return new Set();
  const { rows } = await sql<{ digest: string }>`
    SELECT m.digest FROM hosted_manifest h JOIN manifest m ON m.id = h.manifest_id
    WHERE h.repository_id = ${repositoryId} AND m.digest IN (SELECT value FROM ${valueSet(digests, 'text')})
    ORDER BY m.digest FOR KEY SHARE OF h`.execute(trx);
  return new Set(rows.map(({ digest }) => digest));
}

/** Names of tags in the order of bytes, those after `after`. */
export async function listTagNames(
  db: Db,
  repositoryId: number,
  { after, limit }: { readonly after?: string | undefined; readonly limit?: number | undefined },
): Promise<readonly string[]> {
  let select = db
    .selectFrom('tag')
    .select('name')
    .where('repositoryId', '=', repositoryId)
    .where('endedAt', 'is', null);
  if (after !== undefined) select = select.where(sql<boolean>`name COLLATE "C" > ${after}`);
  if (limit !== undefined) select = select.limit(limit);
  const rows = await select.orderBy(sql`name COLLATE "C"`).execute();
  return rows.map(({ name }) => name);
}

/** A manifest that is about another one, as a descriptor tells it. */
export interface Referrer {
  readonly manifestId: number;
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Which referrers to list. */
export interface ReferrerQuery {
  /** Those about this digest; or those among these digests, whatever they are about. */
  readonly of: { readonly subject: string } | { readonly digests: readonly string[] };
  readonly artifactType?: string | undefined;
  /** Only those after this manifest id. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Referrers in the order of the manifests' ids. */
export async function listReferrers(
  db: Db,
  repositoryId: number,
  { of, artifactType, after, limit }: ReferrerQuery,
): Promise<readonly Referrer[]> {
  const which: RawBuilder<unknown> =
    'subject' in of
      ? sql`h.subject = ${of.subject}`
      : sql`m.digest IN (SELECT value FROM ${valueSet(of.digests, 'text')})`;
  const { rows } = await sql<{
    manifestId: number;
    digest: string;
    mediaType: string;
    sizeBytes: number;
    artifactType: string | null;
    annotations: Readonly<Record<string, string>> | null;
  }>`
    SELECT h.manifest_id, m.digest, h.content_type AS media_type, h.size_bytes, h.artifact_type, h.annotations
    FROM hosted_manifest h JOIN manifest m ON m.id = h.manifest_id
    WHERE h.repository_id = ${repositoryId} AND ${which}
      AND (${artifactType ?? null}::text IS NULL OR h.artifact_type = ${artifactType ?? null}::text)
      AND h.manifest_id > ${after ?? 0}
    ORDER BY h.manifest_id LIMIT ${limit}`.execute(db);
  return rows.map(({ artifactType: type, annotations, ...row }) => ({
    ...row,
    artifactType: type ?? undefined,
    annotations: annotations ?? undefined,
  }));
}

/** Adds pulls that were counted. */
export async function addPulls(
  db: Db,
  pulls: readonly { readonly repositoryId: number; readonly manifestId: number; readonly count: number }[],
  at: Date,
): Promise<void> {
  if (pulls.length === 0) return;
  const rows = pulls.map(({ repositoryId, manifestId, count }) => ({ r: repositoryId, m: manifestId, count }));
  await sql`
    UPDATE hosted_manifest SET pulls = pulls + given.count, last_pulled_at = ${at}
    FROM ${rowSet(rows, 'r bigint, m bigint, count bigint')}
    WHERE repository_id = given.r AND manifest_id = given.m`.execute(db);
}
