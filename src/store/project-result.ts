/**
 * What was found about images of projects: test results, files that came with them, and their RPM packages as a client told them.
 */
import { type Selectable, sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import type { ProjectTestResultTable } from './tables.ts';

/** A test result. */
export interface TestResult {
  readonly id: string;
  readonly projectId: string;
  readonly imageId: string | undefined;
  /** `reported`: as a client sent it; `verified`: by our own checks. */
  readonly origin: 'reported' | 'verified';
  readonly isPassed: boolean;
  /** As results.json has it: `image`, `passed`, `test_library`, `results`, … */
  readonly document: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Adds a test result. */
export async function insertTestResult(
  db: Db,
  result: Omit<TestResult, 'createdAt' | 'updatedAt'> & { readonly at: Date },
): Promise<TestResult> {
  const { at, imageId, document, ...rest } = result;
  const row = await db
    .insertInto('projectTestResult')
    .values({ ...rest, imageId: imageId ?? null, document: toJson(document), createdAt: at, updatedAt: at })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toResult(row);
}

/** Replaces a test result's content, and says which image it is of. */
export async function updateTestResult(
  db: Db,
  id: string,
  change: Pick<TestResult, 'imageId' | 'isPassed' | 'document'>,
  at: Date,
): Promise<TestResult> {
  const { imageId, isPassed, document } = change;
  const row = await db
    .updateTable('projectTestResult')
    .set({ imageId: imageId ?? null, isPassed, document: toJson(document), updatedAt: at })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toResult(row);
}

/** A test result. */
export async function findTestResult(db: Db, id: string): Promise<TestResult | undefined> {
  const row = await db.selectFrom('projectTestResult').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toResult(row);
}

/** Which of the rows of a project. */
export interface ResultQuery {
  readonly projectId?: string | undefined;
  readonly imageId?: string | undefined;
  readonly origin?: TestResult['origin'] | undefined;
  readonly before?: { readonly at: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Test results, newest first. */
export async function listTestResults(db: Db, query: ResultQuery): Promise<readonly TestResult[]> {
  let select = db.selectFrom('projectTestResult').selectAll();
  if (query.projectId !== undefined) select = select.where('projectId', '=', query.projectId);
  if (query.imageId !== undefined) select = select.where('imageId', '=', query.imageId);
  if (query.origin !== undefined) select = select.where('origin', '=', query.origin);
  if (query.before !== undefined) {
    select = select.where(sql<boolean>`(created_at, id) < (${query.before.at}::timestamptz, ${query.before.id})`);
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(query.limit).execute();
  return rows.map(toResult);
}

/** Forgets results that never came to belong to an image: submissions that were broken off. Returns how many. */
export async function removeOrphanResults(db: Db, before: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('projectTestResult')
    .where('imageId', 'is', null)
    .where('createdAt', '<', before.toISOString())
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** A file that came with a submission; its bytes are asked for apart. */
export interface Artifact {
  readonly id: string;
  readonly projectId: string;
  readonly imageId: string | undefined;
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Secrets that were taken out of it. */
  readonly scrubbed: number;
  /** What is carried and shown. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
}

const ARTIFACT_COLUMNS = [
  'id',
  'projectId',
  'imageId',
  'filename',
  'contentType',
  'sizeBytes',
  'scrubbed',
  'details',
  'createdAt',
] as const;

/** Adds a file. */
export async function insertArtifact(
  db: Db,
  artifact: Omit<Artifact, 'createdAt'> & { readonly content: Uint8Array; readonly at: Date },
): Promise<Artifact> {
  const { at, imageId, details, ...rest } = artifact;
  const row = await db
    .insertInto('projectArtifact')
    .values({ ...rest, imageId: imageId ?? null, details: toJson(details), createdAt: at })
    .returning(ARTIFACT_COLUMNS)
    .executeTakeFirstOrThrow();
  return toArtifact(row);
}

/** A file with its bytes. */
export async function findArtifact(
  db: Db,
  id: string,
): Promise<(Artifact & { readonly content: Uint8Array }) | undefined> {
  const row = await db.selectFrom('projectArtifact').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : { ...toArtifact(row), content: row.content };
}

/** Files, newest first. */
export async function listArtifacts(db: Db, query: Omit<ResultQuery, 'origin'>): Promise<readonly Artifact[]> {
  let select = db.selectFrom('projectArtifact').select(ARTIFACT_COLUMNS);
  if (query.projectId !== undefined) select = select.where('projectId', '=', query.projectId);
  if (query.imageId !== undefined) select = select.where('imageId', '=', query.imageId);
  if (query.before !== undefined) {
    select = select.where(sql<boolean>`(created_at, id) < (${query.before.at}::timestamptz, ${query.before.id})`);
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(query.limit).execute();
  return rows.map(toArtifact);
}

/** The packages of an image as a client told them. */
export interface RpmManifest {
  readonly id: string;
  readonly imageId: string;
  readonly rpms: readonly Readonly<Record<string, unknown>>[];
  readonly createdAt: string;
}

/** Adds an RPM manifest; `undefined` when the image has one. */
export async function insertRpmManifest(
  trx: Trx,
  manifest: Omit<RpmManifest, 'createdAt'> & { readonly at: Date },
): Promise<RpmManifest | undefined> {
  const { at, rpms, ...rest } = manifest;
  const row = await trx
    .insertInto('projectRpmManifest')
    .values({ ...rest, rpms: toJson(rpms), createdAt: at })
    .onConflict(conflict => conflict.column('imageId').doNothing())
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : { ...row, rpms: row.rpms as RpmManifest['rpms'] };
}

/** The RPM manifest of an image. */
export async function findRpmManifest(db: Db, imageId: string): Promise<RpmManifest | undefined> {
  const row = await db.selectFrom('projectRpmManifest').selectAll().where('imageId', '=', imageId).executeTakeFirst();
  return row === undefined ? undefined : { ...row, rpms: row.rpms as RpmManifest['rpms'] };
}

function toResult(row: Selectable<ProjectTestResultTable>): TestResult {
  return {
    id: row.id,
    projectId: row.projectId,
    imageId: row.imageId ?? undefined,
    origin: row.origin as TestResult['origin'],
    isPassed: row.isPassed,
    document: row.document as TestResult['document'],
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}

function toArtifact(row: {
  id: string;
  projectId: string;
  imageId: string | null;
  filename: string;
  contentType: string;
  sizeBytes: number;
  scrubbed: number;
  details: unknown;
  createdAt: string;
}): Artifact {
  return {
    id: row.id,
    projectId: row.projectId,
    imageId: row.imageId ?? undefined,
    filename: row.filename,
    contentType: row.contentType,
    sizeBytes: row.sizeBytes,
    scrubbed: row.scrubbed,
    details: row.details as Artifact['details'],
    createdAt: row.createdAt,
  };
}
