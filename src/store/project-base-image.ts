/** Base images that an operator approves, and facts about files of images, by which checks decide. */
import { type Selectable, sql } from 'kysely';
import { type Db, toJson } from './database.ts';
import { valueSet } from './row-set.ts';
import type { BaseImageTable } from './tables.ts';

/** A base image: an image whose layers others may begin with. */
export interface BaseImage {
  /** 24 hex characters. */
  readonly id: string;
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string;
  readonly architecture: string;
  /** Of the uncompressed layers, lowest first. */
  readonly diffIds: readonly string[];
  readonly topLayer: string;
  readonly addedBy: string;
  readonly createdAt: string;
}

/** Adds a base image, or finds the one that is there. */
export async function insertBaseImage(
  db: Db,
  image: Omit<BaseImage, 'createdAt'> & { readonly at: Date },
): Promise<BaseImage> {
  const { at, tag, diffIds, ...rest } = image;
  await sql`
    INSERT INTO base_image (id, registry, repository, tag, digest, architecture, diff_ids, top_layer, added_by, created_at)
    VALUES (${rest.id}, ${rest.registry}, ${rest.repository}, ${tag ?? null}, ${rest.digest}, ${rest.architecture},
      ${toJson(diffIds)}::jsonb, ${rest.topLayer}, ${rest.addedBy}, ${at})
    ON CONFLICT (registry, repository, digest) WHERE removed_at IS NULL
    DO UPDATE SET tag = coalesce(excluded.tag, base_image.tag)`.execute(db);
  const row = await db
    .selectFrom('baseImage')
    .selectAll()
    .where('registry', '=', rest.registry)
    .where('repository', '=', rest.repository)
    .where('digest', '=', rest.digest)
    .where('removedAt', 'is', null)
    .executeTakeFirstOrThrow();
  return toBaseImage(row);
}

/** Takes a base image off the list; whether it was on it. */
export async function removeBaseImage(db: Db, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('baseImage')
    .set({ removedAt: at })
    .where('id', '=', id)
    .where('removedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Base images by id, those after `after`; of one architecture when that is given. */
export async function listBaseImages(
  db: Db,
  {
    after,
    architecture,
    limit,
  }: { readonly after?: string | undefined; readonly architecture?: string; readonly limit: number },
): Promise<readonly BaseImage[]> {
  let select = db.selectFrom('baseImage').selectAll().where('removedAt', 'is', null);
  if (after !== undefined) select = select.where('id', '>', after);
  if (architecture !== undefined) select = select.where('architecture', '=', architecture);
  const rows = await select.orderBy('id').limit(limit).execute();
  return rows.map(toBaseImage);
}

/** Base images whose top layer is among these uncompressed layers. */
export async function findBaseImagesByLayers(db: Db, diffIds: readonly string[]): Promise<readonly BaseImage[]> {
  if (diffIds.length === 0) return [];
  const rows = await db
    .selectFrom('baseImage')
    .selectAll()
    .where('removedAt', 'is', null)
    .where(sql<boolean>`top_layer IN (SELECT value FROM ${valueSet(diffIds, 'text')})`)
    .orderBy('id')
    .limit(200)
    .execute();
  return rows.map(toBaseImage);
}

/** Facts about files of an image, as some version kept them; `undefined` when none has. */
export async function findFileFacts(db: Db, digest: string): Promise<unknown> {
  const row = await db
    .selectFrom('imageFileFacts')
    .innerJoin('manifest', 'manifest.id', 'imageFileFacts.manifestId')
    .select('imageFileFacts.facts')
    .where('manifest.digest', '=', digest)
    .executeTakeFirst();
  return row?.facts;
}

/** Keeps facts about files of an image, instead of those there were. */
export async function keepFileFacts(
  db: Db,
  { digest, version, facts, at }: { digest: string; version: string; facts: unknown; at: Date },
): Promise<void> {
  await sql`
    INSERT INTO image_file_facts (manifest_id, version, facts, created_at)
    SELECT id, ${version}, ${toJson(facts)}::jsonb, ${at}::timestamptz FROM manifest WHERE digest = ${digest}
    ON CONFLICT (manifest_id) DO UPDATE SET version = excluded.version, facts = excluded.facts,
      created_at = excluded.created_at`.execute(db);
}

function toBaseImage({ removedAt: _, tag, ...row }: Selectable<BaseImageTable>): BaseImage {
  return { ...row, tag: tag ?? undefined, diffIds: row.diffIds as readonly string[] };
}
