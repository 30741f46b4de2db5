/**
 * Images of projects: one row for each manifest that was submitted, whichever way.
 */
import { type Selectable, sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import type { ProjectImageTable } from './tables.ts';

/** A tag that an image was submitted under. */
export interface ImageTag {
  readonly name: string;
  /** ISO 8601. */
  readonly addedAt: string;
}

/** Certified by a person despite what was found. */
export interface CertificationException {
  readonly reason: string;
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

/** How the server's own scan of an image is. `none`: nobody has asked for one. */
export type ImageScanState = 'none' | 'pending' | 'running' | 'completed' | 'failed';

/** An image of a project. */
export interface ProjectImage {
  readonly id: string;
  readonly projectId: string;
  readonly digest: string;
  readonly configDigest: string | undefined;
  readonly listDigest: string | undefined;
  readonly architecture: string;
  /** What a client said; `undefined`: none has said anything. */
  readonly isReportedCertified: boolean | undefined;
  /** What our own checks say; `undefined`: they have not run. */
  readonly isVerifiedCertified: boolean | undefined;
  readonly isCertified: boolean;
  readonly exception: CertificationException | undefined;
  readonly origin: 'report' | 'scan' | 'push';
  readonly registry: string | undefined;
  readonly repository: string | undefined;
  readonly tags: readonly ImageTag[];
  /** Lowest first; `undefined`: not known. */
  readonly diffIds: readonly string[] | undefined;
  readonly sizeBytes: number | undefined;
  readonly rawConfig: string | undefined;
  /** As clients describe images; see http/pyxis. */
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly scanState: ImageScanState;
  readonly scanMessage: string | undefined;
  /** Today's; `undefined`: unknown. */
  readonly grade: string | undefined;
  readonly pushedAt: string | undefined;
  readonly publishedAt: string | undefined;
  readonly deletedAt: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What is written of an image. */
export type ImageFields = Omit<ProjectImage, 'id' | 'projectId' | 'createdAt' | 'updatedAt'>;

/** Adds an image; `undefined` when the project has one of that digest, deleted or not. */
export async function insertProjectImage(
  trx: Trx,
  image: ImageFields & { readonly id: string; readonly projectId: string; readonly at: Date },
): Promise<ProjectImage | undefined> {
  const { id, projectId, at, ...fields } = image;
  const row = await trx
    .insertInto('projectImage')
    .values({ ...columns(fields), id, projectId, createdAt: at, updatedAt: at } as never)
    .onConflict(conflict => conflict.columns(['projectId', 'digest']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : toImage(row);
}

/** Changes what is given of an image. */
export async function updateProjectImage(
  db: Db,
  id: string,
  change: Partial<ImageFields>,
  at: Date,
): Promise<ProjectImage> {
  const row = await db
    .updateTable('projectImage')
    .set({ ...columns(change), updatedAt: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toImage(row);
}

/** An image by its id. */
export async function findProjectImage(db: Db, id: string): Promise<ProjectImage | undefined> {
  const row = await db.selectFrom('projectImage').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toImage(row);
}

/** The project's image of that digest, deleted or not. */
export async function findProjectImageByDigest(
  db: Db,
  projectId: string,
  digest: string,
): Promise<ProjectImage | undefined> {
  const row = await db
    .selectFrom('projectImage')
    .selectAll()
    .where('projectId', '=', projectId)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row === undefined ? undefined : toImage(row);
}

/** Which images to list. All that is said must hold. */
export interface ProjectImageQuery {
  readonly projectId?: string | undefined;
  readonly digest?: string | undefined;
  readonly listDigest?: string | undefined;
  readonly id?: string | undefined;
  readonly isPublished?: boolean | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  /** Deleted ones are left out unless they are asked for. */
  readonly includesDeleted?: boolean | undefined;
  /** Only those after this one, newest first. */
  readonly before?: { readonly at: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Images, newest first. */
export async function listProjectImages(db: Db, query: ProjectImageQuery): Promise<readonly ProjectImage[]> {
  let select = db.selectFrom('projectImage').selectAll();
  for (const name of ['projectId', 'digest', 'listDigest', 'id', 'registry', 'repository'] as const) {
    const value = query[name];
    if (value !== undefined) select = select.where(name, '=', value);
  }
  if (query.isPublished !== undefined) {
    select = query.isPublished ? select.where('publishedAt', 'is not', null) : select.where('publishedAt', 'is', null);
  }
  if (query.includesDeleted !== true) select = select.where('deletedAt', 'is', null);
  if (query.before !== undefined) {
    const { at, id } = query.before;
    select = select.where(sql<boolean>`(created_at, id) < (${at}::timestamptz, ${id})`);
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(query.limit).execute();
  return rows.map(toImage);
}

/** Images that are not deleted, of whichever project, of these manifests. */
export async function listImagesOfManifests(db: Db, digests: readonly string[]): Promise<readonly ProjectImage[]> {
  if (digests.length === 0) return [];
  const rows = await db
    .selectFrom('projectImage')
    .selectAll()
    .where('digest', 'in', [...digests])
    .where('deletedAt', 'is', null)
    .execute();
  return rows.map(toImage);
}

/** Whether something of the project is published. */
export async function hasPublishedImage(db: Db, projectId: string): Promise<boolean> {
  const row = await db
    .selectFrom('projectImage')
    .select('id')
    .where('projectId', '=', projectId)
    .where('publishedAt', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Ids of images that are not deleted and have been scanned, after `after`; for going through all of them. */
export async function listScannedImageIds(
  db: Db,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('projectImage')
    .select('id')
    .where('id', '>', after)
    .where('scanState', '=', 'completed')
    .where('deletedAt', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

function columns({ exception, tags, diffIds, parsed, ...fields }: Partial<ImageFields>) {
  const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? null]));
  return {
    ...plain,
    ...(exception === undefined ? {} : { exception: toJson(exception) }),
    ...(tags === undefined ? {} : { tags: toJson(tags) }),
    ...(diffIds === undefined ? {} : { diffIds: toJson(diffIds) }),
    ...(parsed === undefined ? {} : { parsed: toJson(parsed) }),
  };
}

function toImage(row: Selectable<ProjectImageTable>): ProjectImage {
  return {
    id: row.id,
    projectId: row.projectId,
    digest: row.digest,
    configDigest: row.configDigest ?? undefined,
    listDigest: row.listDigest ?? undefined,
    architecture: row.architecture,
    isReportedCertified: row.isReportedCertified ?? undefined,
    isVerifiedCertified: row.isVerifiedCertified ?? undefined,
    isCertified: row.isCertified,
    exception: (row.exception ?? undefined) as CertificationException | undefined,
    origin: row.origin as ProjectImage['origin'],
    registry: row.registry ?? undefined,
    repository: row.repository ?? undefined,
    tags: row.tags as readonly ImageTag[],
    diffIds: (row.diffIds ?? undefined) as readonly string[] | undefined,
    sizeBytes: row.sizeBytes ?? undefined,
    rawConfig: row.rawConfig ?? undefined,
    parsed: row.parsed as ProjectImage['parsed'],
    scanState: row.scanState as ImageScanState,
    scanMessage: row.scanMessage ?? undefined,
    grade: row.grade ?? undefined,
    pushedAt: row.pushedAt ?? undefined,
    publishedAt: row.publishedAt ?? undefined,
    deletedAt: row.deletedAt ?? undefined,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
