/**
 * What was asked for and is done later: scans of images that lie elsewhere, publishing and the like.
 */
import { type Selectable, sql } from 'kysely';
import type { Actor } from './audit.ts';
import { type Db, toJson } from './database.ts';
import type { ProjectRequestTable } from './tables.ts';

/** How a request is. The last three are ends. */
export type RequestStatus = 'pending' | 'in progress' | 'completed' | 'failed' | 'aborted';

/** Something that does not stop a request, and that its user should know. */
export interface RequestWarning {
  /** As in project/situation.ts. */
  readonly situation: string;
  readonly message: string;
}

/** A request. */
export interface ProjectRequest {
  readonly id: string;
  readonly projectId: string;
  readonly kind: 'scan' | 'image';
  /** Of an image request. */
  readonly operation: string | undefined;
  /** Of a scan. */
  readonly pullSpec: string | undefined;
  readonly tag: string | undefined;
  readonly imageId: string | undefined;
  readonly listDigest: string | undefined;
  /** All that it is, or was, about. */
  readonly imageIds: readonly string[];
  readonly status: RequestStatus;
  readonly statusMessage: string | undefined;
  /** As in project/situation.ts; missing unless it failed or waits. */
  readonly situation: string | undefined;
  readonly warnings: readonly RequestWarning[];
  readonly overrideReason: string | undefined;
  readonly requestedBy: Actor;
  readonly attempts: number;
  readonly retryAt: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Adds a request that is pending. */
export async function insertRequest(
  db: Db,
  request: Pick<ProjectRequest, 'id' | 'projectId' | 'kind' | 'warnings' | 'requestedBy'> &
    Partial<
      Pick<ProjectRequest, 'operation' | 'pullSpec' | 'tag' | 'imageId' | 'listDigest' | 'imageIds' | 'overrideReason'>
    > & { readonly at: Date },
): Promise<ProjectRequest> {
  const { at, warnings, requestedBy, imageIds = [], ...rest } = request;
  const row = await db
    .insertInto('projectRequest')
    .values({
      id: rest.id,
      projectId: rest.projectId,
      kind: rest.kind,
      operation: rest.operation ?? null,
      pullSpec: rest.pullSpec ?? null,
      tag: rest.tag ?? null,
      imageId: rest.imageId ?? null,
      listDigest: rest.listDigest ?? null,
      overrideReason: rest.overrideReason ?? null,
      imageIds: toJson(imageIds),
      status: 'pending',
      warnings: toJson(warnings),
      requestedBy: toJson(requestedBy),
      createdAt: at,
      updatedAt: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRequest(row);
}

/** What may change of a request. `null` empties. */
export interface RequestChange {
  readonly status?: RequestStatus;
  readonly statusMessage?: string | null;
  readonly situation?: string | null;
  readonly warnings?: readonly RequestWarning[];
  readonly imageId?: string | null;
  readonly imageIds?: readonly string[];
  readonly attempts?: number;
  readonly retryAt?: Date | null;
}

/** Changes a request. */
export async function updateRequest(db: Db, id: string, change: RequestChange, at: Date): Promise<ProjectRequest> {
  const { warnings, imageIds, ...rest } = change;
  const row = await db
    .updateTable('projectRequest')
    .set({
      ...rest,
      ...(warnings === undefined ? {} : { warnings: toJson(warnings) }),
      ...(imageIds === undefined ? {} : { imageIds: toJson(imageIds) }),
      updatedAt: at,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRequest(row);
}

/** A request. */
export async function findRequest(db: Db, id: string): Promise<ProjectRequest | undefined> {
  const row = await db.selectFrom('projectRequest').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toRequest(row);
}

/** Which requests to list. */
export interface RequestQuery {
  readonly projectId?: string | undefined;
  readonly kind?: ProjectRequest['kind'] | undefined;
  /** Those that are, or were, about this image. */
  readonly imageId?: string | undefined;
  readonly before?: { readonly at: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Requests, newest first. */
export async function listRequests(db: Db, query: RequestQuery): Promise<readonly ProjectRequest[]> {
  let select = db.selectFrom('projectRequest').selectAll();
  if (query.projectId !== undefined) select = select.where('projectId', '=', query.projectId);
  if (query.kind !== undefined) select = select.where('kind', '=', query.kind);
  if (query.imageId !== undefined) {
    select = select.where(sql<boolean>`image_ids @> ${toJson([query.imageId])}::jsonb`);
  }
  if (query.before !== undefined) {
    select = select.where(sql<boolean>`(created_at, id) < (${query.before.at}::timestamptz, ${query.before.id})`);
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(query.limit).execute();
  return rows.map(toRequest);
}

function toRequest(row: Selectable<ProjectRequestTable>): ProjectRequest {
  return {
    id: row.id,
    projectId: row.projectId,
    kind: row.kind as ProjectRequest['kind'],
    operation: row.operation ?? undefined,
    pullSpec: row.pullSpec ?? undefined,
    tag: row.tag ?? undefined,
    imageId: row.imageId ?? undefined,
    listDigest: row.listDigest ?? undefined,
    imageIds: row.imageIds as readonly string[],
    status: row.status as RequestStatus,
    statusMessage: row.statusMessage ?? undefined,
    situation: row.situation ?? undefined,
    warnings: row.warnings as readonly RequestWarning[],
    overrideReason: row.overrideReason ?? undefined,
    requestedBy: row.requestedBy as Actor,
    attempts: row.attempts,
    retryAt: row.retryAt ?? undefined,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
