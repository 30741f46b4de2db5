/**
 * Certification projects as they are kept.
 */
import { type Selectable, sql } from 'kysely';
import { conflictOn } from './constraint.ts';
import { type Db, type Trx, toJson } from './database.ts';
import type { ProjectTable } from './tables.ts';
import { likeInside } from './visible.ts';

/** What of a pull secret may be shown. */
export interface PullSecretSummary {
  /** The key of the entry that is kept: `quay.io`, `https://index.docker.io/v1/`. */
  readonly entry: string;
  /** Missing for tokens without one. */
  readonly account?: string | undefined;
  /** Begins the SHA-256 of the whole, to tell one secret from another. */
  readonly fingerprint: string;
  /** Keys of entries that came along and were not kept. */
  readonly dropped: readonly string[];
  /** ISO 8601. */
  readonly savedAt: string;
}

/** A change of the certification status. */
export interface StatusChange {
  readonly status: string;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
}

/** What users decide about a project. */
export interface ProjectSettings {
  readonly name: string;
  readonly kind: string;
  readonly status: 'active' | 'archived';
  readonly containerType: string;
  readonly osContentType: string | undefined;
  readonly distributionMethod: string;
  /** Images are pushed to our own registry. */
  readonly isHosted: boolean;
  readonly registry: string | undefined;
  readonly repository: string | undefined;
  readonly isPrivileged: boolean;
  readonly autoPublish: boolean;
  /** What is carried and shown, and decides nothing. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A project. */
export interface ProjectRecord extends ProjectSettings {
  /** 24 hex characters. */
  readonly id: string;
  readonly namespaceId: string;
  readonly orgId: number;
  /** `ospid-…`. */
  readonly pid: string;
  readonly certificationStatus: string;
  readonly certifiedAt: string | undefined;
  /** Oldest first. */
  readonly history: readonly StatusChange[];
  readonly pullSecret: PullSecretSummary | undefined;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Adds a project. @throws {PlimsollError} `CONFLICT` when another has its PID. */
export async function insertProject(
  db: Db,
  project: ProjectSettings & {
    readonly id: string;
    readonly namespaceId: string;
    readonly pid: string;
    readonly certificationStatus: string;
    readonly history: readonly StatusChange[];
    readonly at: Date;
  },
): Promise<void> {
  const { id, namespaceId, pid, certificationStatus, history, at } = project;
  await conflictOn('unique', `Cannot create the project: another has the PID "${pid}"`, () =>
    db
      .insertInto('project')
      .values({
        id,
        namespaceId,
        pid,
        certificationStatus,
        history: toJson(history),
        ...settingColumns(project),
        createdAt: at,
        updatedAt: at,
      })
      .execute(),
  );
}

/** Changes what users decide; `undefined` when there is no such project, or `revision` is given and another. */
export async function updateProject(
  trx: Trx,
  id: string,
  settings: ProjectSettings,
  { at, revision }: { readonly at: Date; readonly revision?: number | undefined },
): Promise<boolean> {
  let update = trx
    .updateTable('project')
    .set(settingColumns(settings))
    .set(eb => ({ revision: eb('revision', '+', 1), updatedAt: at }))
    .where('id', '=', id);
  if (revision !== undefined) update = update.where('revision', '=', revision);
  const { numUpdatedRows } = await update.executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Moves the certification status. */
export async function setCertificationStatus(
  trx: Trx,
  { id, history }: Pick<ProjectRecord, 'id' | 'history'>,
  { status, by, at, certifiedAt }: { status: string; by: string; at: Date; certifiedAt: Date | null },
): Promise<void> {
  const kept = [...history, { status, at: at.toISOString(), by }].slice(-100);
  await trx
    .updateTable('project')
    .set({ certificationStatus: status, certifiedAt, history: toJson(kept), updatedAt: at })
    .where('id', '=', id)
    .execute();
}

/** Keeps a pull secret, or forgets it. */
export async function setPullSecret(
  trx: Trx,
  id: string,
  secret: { readonly sealed: Uint8Array; readonly summary: PullSecretSummary } | undefined,
): Promise<void> {
  await trx
    .updateTable('project')
    .set({
      sealedPullSecret: secret?.sealed ?? null,
      pullSecretSummary: secret === undefined ? null : toJson(secret.summary),
    })
    .where('id', '=', id)
    .execute();
}

/** The sealed pull secret of a project that has one. */
export async function findSealedPullSecret(db: Db, id: string): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('project').select('sealedPullSecret').where('id', '=', id).executeTakeFirst();
  return row?.sealedPullSecret ?? undefined;
}

/** A project by its id or PID. */
export async function findProject(
  db: Db,
  by: { readonly id: string } | { readonly pid: string },
): Promise<ProjectRecord | undefined> {
  const select = projects(db);
  const found = 'id' in by ? select.where('project.id', '=', by.id) : select.where('project.pid', '=', by.pid);
  const row = await found.executeTakeFirst();
  return row === undefined ? undefined : toProject(row);
}

/** A project, locked until the transaction ends: whatever changes what it holds takes this lock first. */
export async function lockProject(trx: Trx, id: string): Promise<ProjectRecord | undefined> {
  await trx.selectFrom('project').select('id').where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
  return await findProject(trx, { id });
}

/** Which projects to list. */
export interface ProjectQuery {
  /** Missing: of all. */
  readonly namespaceIds?: readonly string[] | undefined;
  readonly status?: 'active' | 'archived' | undefined;
  /** In the name, the PID, or the place where it is catalogued. */
  readonly text?: string | undefined;
  readonly after?: { readonly name: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Projects by name. */
export async function listProjects(
  db: Db,
  { namespaceIds, status, text, after, limit }: ProjectQuery,
): Promise<readonly ProjectRecord[]> {
  if (namespaceIds?.length === 0) return [];
  let select = projects(db);
  if (namespaceIds !== undefined) select = select.where('project.namespaceId', 'in', [...namespaceIds]);
  if (status !== undefined) select = select.where('project.status', '=', status);
  if (text !== undefined && text.trim() !== '') {
    const like = likeInside(text.trim());
    select = select.where(
      sql<boolean>`(lower(project.name) LIKE ${like} OR lower(project.pid) LIKE ${like}
        OR lower(coalesce(project.registry, '') || '/' || coalesce(project.repository, '')) LIKE ${like})`,
    );
  }
  if (after !== undefined) {
    select = select.where(sql<boolean>`(project.name, project.id) > (${after.name}, ${after.id})`);
  }
  const rows = await select.orderBy('project.name').orderBy('project.id').limit(limit).execute();
  return rows.map(toProject);
}

function projects(db: Db) {
  return db
    .selectFrom('project')
    .leftJoin('organisation', 'organisation.namespaceId', 'project.namespaceId')
    .selectAll('project')
    .select('organisation.id as orgId');
}

function settingColumns(settings: ProjectSettings) {
  return {
    name: settings.name,
    kind: settings.kind,
    status: settings.status,
    containerType: settings.containerType,
    osContentType: settings.osContentType ?? null,
    distributionMethod: settings.distributionMethod,
    isHosted: settings.isHosted,
    registry: settings.registry ?? null,
    repository: settings.repository ?? null,
    isPrivileged: settings.isPrivileged,
    autoPublish: settings.autoPublish,
    details: toJson(settings.details),
  };
}

function toProject(row: Selectable<ProjectTable> & { orgId: number | null }): ProjectRecord {
  return {
    id: row.id,
    namespaceId: row.namespaceId,
    orgId: row.orgId ?? 0,
    pid: row.pid,
    name: row.name,
    kind: row.kind,
    status: row.status as ProjectRecord['status'],
    certificationStatus: row.certificationStatus,
    certifiedAt: row.certifiedAt ?? undefined,
    containerType: row.containerType,
    osContentType: row.osContentType ?? undefined,
    distributionMethod: row.distributionMethod,
    isHosted: row.isHosted,
    registry: row.registry ?? undefined,
    repository: row.repository ?? undefined,
    isPrivileged: row.isPrivileged,
    autoPublish: row.autoPublish,
    details: row.details as ProjectRecord['details'],
    history: row.history as ProjectRecord['history'],
    pullSecret: (row.pullSecretSummary ?? undefined) as PullSecretSummary | undefined,
    revision: row.revision,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
