/**
 * Projects, as people see to them: made, changed, archived; their pull secrets kept and forgotten.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { hasRole, requireRole, visibleNamespaces } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import { ensureSpace } from '#store/hosting-space.ts';
import {
  findProject,
  insertProject,
  listProjects as listStoredProjects,
  lockProject,
  type ProjectQuery,
  type ProjectRecord,
  type ProjectSettings,
  setCertificationStatus,
  setPullSecret,
  updateProject,
} from '#store/project.ts';
import { hasPublishedImage, listProjectImages } from '#store/project-image.ts';
import { ensureOrganisation } from '#store/project-organisation.ts';
import { storable } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import { type JsonObject, mergeDeep } from './merge-deep.ts';
import { isObjectId, newObjectId, readPid, toPid } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';
import { readPullSecret } from './pull-secret.ts';
import { issueRegistryKey } from './registry-key.ts';
import { checkSettings, DEFAULT_SETTINGS, normalRegistry } from './settings.ts';
import { ProjectError } from './situation.ts';

/** A change of a project; what is missing stays as it is, `null` empties. */
export type ProjectChange = {
  readonly [K in Exclude<keyof ProjectSettings, 'details' | 'registry' | 'repository' | 'osContentType'>]?:
    | ProjectSettings[K]
    | undefined;
} & {
  readonly registry?: string | null | undefined;
  readonly repository?: string | null | undefined;
  readonly osContentType?: string | null | undefined;
  /** Merged in, field by field. */
  readonly details?: JsonObject | undefined;
  readonly certificationStatus?: string | undefined;
  /** As it was pasted or sent; `null` forgets the one there is. */
  readonly pullSecret?: string | null | undefined;
  /** A client sends along whatever log-ins it has: what does not fit is then no error, and is not kept. */
  readonly isPullSecretOptional?: boolean | undefined;
};

/**
 * Makes a project in a namespace; for operators of it.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `REQUEST_INVALID`.
 */
export async function createProject(
  context: ProjectContext,
  caller: Caller,
  { namespaceId, change }: { readonly namespaceId: string; readonly change: ProjectChange & { readonly name: string } },
): Promise<ProjectRecord> {
  requireRole(caller.principal, 'operator', namespaceId);
  const { now, store } = context;
  const at = now();
  const id = newObjectId(at);
  const isAdmin = hasRole(caller.principal, 'admin', namespaceId);
  const settings = checkSettings(applyChange({ ...DEFAULT_SETTINGS, name: '' }, change), { isAdmin });
  requireAdminForRoot(isAdmin, settings, DEFAULT_SETTINGS);
  return await inTransaction(store.db, async trx => {
    await ensureOrganisation(trx, namespaceId);
    const history = [{ status: 'Started', at: at.toISOString(), by: caller.principal.name }];
    const pid = toPid(id);
    await insertProject(trx, { ...settings, id, namespaceId, pid, certificationStatus: 'Started', history, at });
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action: 'project.create',
      namespaceId,
      subjectKind: 'project',
      subjectId: id,
      detail: { name: settings.name, pid },
    });
    const made = await getStored(trx, id);
    await keepSecret(trx, context, caller, { project: made, change });
    await prepareHosting(trx, context, made);
    return await getStored(trx, id);
  });
}

/**
 * A project that the caller may see, by its id or PID.
 * @throws {ProjectError} `legacy_id` when a PID stands where the id belongs. @throws {PlimsollError} `NOT_FOUND`.
 */
export async function getProject(
  context: Pick<ProjectContext, 'store'>,
  caller: Caller,
  by: { readonly id: string } | { readonly pid: string },
): Promise<ProjectRecord> {
  const { db } = context.store;
  if ('pid' in by) {
    const pid = readPid(by.pid);
    return checkVisible(pid === undefined ? undefined : await findProject(db, { pid }), caller, by.pid);
  }
  if (!isObjectId(by.id)) {
    const pid = readPid(by.id);
    const meant = pid === undefined ? undefined : await findProject(db, { pid });
    if (meant !== undefined && hasRole(caller.principal, 'viewer', meant.namespaceId)) {
      throw new ProjectError(
        'legacy_id',
        `Cannot find the project: "${by.id}" is its PID; the id that belongs here is ${meant.id}`,
      );
    }
  }
  return checkVisible(await findProject(db, { id: by.id }), caller, by.id);
}

/** Projects that the caller may see, by name. */
export async function listProjects(
  context: Pick<ProjectContext, 'store'>,
  { principal }: Caller,
  query: Omit<ProjectQuery, 'namespaceIds'> & { readonly namespaceId?: string | undefined },
): Promise<readonly ProjectRecord[]> {
  const { namespaceId, ...rest } = query;
  if (namespaceId !== undefined) requireRole(principal, 'viewer', namespaceId);
  const namespaceIds = namespaceId === undefined ? visibleNamespaces(principal) : [namespaceId];
  return await listStoredProjects(context.store.db, { ...rest, namespaceIds });
}

/**
 * Changes a project; for operators of its namespace.
 * @throws {ProjectError} `field_invalid`, `immutable_field`, `status_refused`, and what pull secrets throw.
 * @throws {PlimsollError} `NOT_FOUND`, `FORBIDDEN`, `VERSION_CONFLICT`.
 */
export async function changeProject(
  context: ProjectContext,
  caller: Caller,
  id: string,
  { change, revision }: { readonly change: ProjectChange; readonly revision?: number | undefined },
): Promise<ProjectRecord> {
  const seen = await getProject(context, caller, { id });
  requireRole(caller.principal, 'operator', seen.namespaceId);
  const isAdmin = hasRole(caller.principal, 'admin', seen.namespaceId);
  return await inTransaction(context.store.db, async trx => {
    const before = await lockProject(trx, id);
    if (before === undefined) throw notFound(id);
    const at = context.now();
    // What an admin once set may be sent back by others.
    const isKept = change.containerType === undefined || change.containerType === before.containerType;
    const settings = checkSettings(applyChange(before, change), { isAdmin: isAdmin || isKept });
    requireAdminForRoot(isAdmin, settings, before);
    await refuseWhilePublished(trx, before, settings);
    if (isSame(before, settings)) {
      if (revision !== undefined && revision !== before.revision) throw changedSince();
    } else {
      if (!(await updateProject(trx, id, settings, { at, revision }))) throw changedSince();
      await recordAudit(trx, {
        at,
        actor: toActor(caller),
        action: 'project.update',
        namespaceId: before.namespaceId,
        subjectKind: 'project',
        subjectId: id,
        detail: { fields: changedFields(before, settings) },
      });
    }
    await keepSecret(trx, context, caller, { project: { ...before, ...settings }, change });
    await followStatus(trx, caller, before, change.certificationStatus, at);
    const after = await getStored(trx, id);
    await prepareHosting(trx, context, after);
    return await getStored(trx, id);
  });
}

/** Moves the certification status as what happened to the images of a project wants it; does nothing when it is so already. */
export async function advanceStatus(
  trx: Trx,
  project: ProjectRecord,
  status: 'In Progress' | 'Published',
  { by, at }: { readonly by: string; readonly at: Date },
): Promise<void> {
  if (project.certificationStatus === status) return;
  const certifiedAt = status === 'Published' ? at : null;
  await setCertificationStatus(trx, project, { status, by, at, certifiedAt });
}

/** The settings with a change applied; unchecked. */
function applyChange(before: ProjectSettings, change: ProjectChange): ProjectSettings {
  const pick = <K extends keyof ProjectSettings>(name: K): ProjectSettings[K] => {
    const value = (change as { readonly [N in K]?: ProjectSettings[N] | null })[name];
    return value === undefined ? before[name] : value === null ? (undefined as ProjectSettings[K]) : value;
  };
  return {
    name: pick('name'),
    kind: pick('kind'),
    status: pick('status'),
    containerType: pick('containerType'),
    osContentType: pick('osContentType'),
    distributionMethod: pick('distributionMethod'),
    isHosted: pick('isHosted'),
    registry: pick('registry'),
    repository: pick('repository'),
    isPrivileged: pick('isPrivileged'),
    autoPublish: pick('autoPublish'),
    details: change.details === undefined ? before.details : storable(mergeDeep(before.details, change.details)),
  };
}

/** Images that run as root pass fewer checks, so that an admin decides about them. */
function requireAdminForRoot(
  isAdmin: boolean,
  { isPrivileged }: Pick<ProjectSettings, 'isPrivileged'>,
  before: Pick<ProjectSettings, 'isPrivileged'>,
): void {
  if (isAdmin || !isPrivileged || before.isPrivileged) return;
  throw new PlimsollError(
    'FORBIDDEN',
    'Cannot make the project privileged: that its images may run as root is decided by an admin',
  );
}

async function refuseWhilePublished(trx: Trx, before: ProjectRecord, after: ProjectSettings): Promise<void> {
  const moved = (['registry', 'repository'] as const).filter(
    field => before[field] !== undefined && before[field] !== after[field],
  );
  if (moved.length === 0 || !(await hasPublishedImage(trx, before.id))) return;
  const images = await listProjectImages(trx, { projectId: before.id, isPublished: true, limit: 10 });
  const names = images.map(({ id, tags }) => tags[0]?.name ?? id).join(', ');
  const message = `is immutable while an image is published; unpublish first: ${names}`;
  throw new ProjectError('immutable_field', `Cannot change ${moved.join(' and ')} of the project: ${message}`, {
    problems: moved.map(field => ({ field, message })),
  });
}

async function followStatus(
  trx: Trx,
  { principal }: Caller,
  before: ProjectRecord,
  wanted: string | undefined,
  at: Date,
): Promise<void> {
  if (wanted === undefined || wanted === '' || wanted === before.certificationStatus) return;
  if (before.certificationStatus === 'Started' && wanted === 'In Progress') {
    await advanceStatus(trx, before, 'In Progress', { by: principal.name, at });
    return;
  }
  const message = `cannot go from '${before.certificationStatus}' to '${wanted}': it follows what happens to the images`;
  throw new ProjectError('status_refused', `Cannot change the status of the project: it ${message}`, {
    problems: [{ field: 'certificationStatus', message }],
  });
}

async function keepSecret(
  trx: Trx,
  { sealer, now }: ProjectContext,
  caller: Caller,
  { project, change }: { readonly project: ProjectRecord; readonly change: ProjectChange },
): Promise<void> {
  const { pullSecret } = change;
  // A hosted image is read from our own registry: R-14.
  if (pullSecret === undefined || (project.isHosted && pullSecret !== null)) return;
  const at = now();
  const audit = async (action: string, detail: Readonly<Record<string, unknown>>) =>
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action,
      namespaceId: project.namespaceId,
      subjectKind: 'project',
      subjectId: project.id,
      detail,
    });
  if (pullSecret === null) {
    await setPullSecret(trx, project.id, undefined);
    await audit('project.pull-secret.remove', {});
    return;
  }
  let kept: ReturnType<typeof readPullSecret>;
  try {
    kept = readPullSecret(pullSecret, project);
  } catch (error) {
    const isUseless =
      error instanceof ProjectError &&
      (error.situation === 'secret_no_match' || error.situation === 'secret_helper_only');
    if (change.isPullSecretOptional !== true || !isUseless) throw error;
    await audit('project.pull-secret.refuse', { why: error.situation });
    return;
  }
  const { text, summary } = kept;
  if (project.pullSecret?.fingerprint === summary.fingerprint) return;
  await setPullSecret(trx, project.id, {
    sealed: sealer.seal(text, pullSecretPurpose(project.id)),
    summary: { ...summary, savedAt: at.toISOString() },
  });
  await audit('project.pull-secret.save', { entry: summary.entry, dropped: summary.dropped.length });
}

/** What the pull secret of a project is sealed for. */
export function pullSecretPurpose(projectId: string): string {
  return `project/${projectId}/pull-secret`;
}

/** A hosted project has a space to push to, and a key that opens it. */
async function prepareHosting(trx: Trx, context: ProjectContext, project: ProjectRecord): Promise<void> {
  const { hosted, now } = context;
  if (!project.isHosted || hosted === undefined) return;
  const { pid, namespaceId, id } = project;
  await ensureSpace(trx, { name: pid, namespaceId, projectId: id }, { address: hosted, at: now() });
  await issueRegistryKey(trx, context, id);
}

function isSame(before: ProjectRecord, settings: ProjectSettings): boolean {
  return changedFields(before, settings).length === 0;
}

function changedFields(before: ProjectRecord, settings: ProjectSettings): readonly string[] {
  return (Object.keys(settings) as (keyof ProjectSettings)[])
    .filter(name => name in DEFAULT_SETTINGS || name === 'name')
    .filter(name => JSON.stringify(before[name]) !== JSON.stringify(settings[name]));
}

async function getStored(trx: Trx, id: string): Promise<ProjectRecord> {
  const project = await findProject(trx, { id });
  if (project === undefined) throw notFound(id);
  return project;
}

function checkVisible(project: ProjectRecord | undefined, { principal }: Caller, id: string): ProjectRecord {
  if (project === undefined || !hasRole(principal, 'viewer', project.namespaceId)) throw notFound(id);
  return project;
}

function notFound(id: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find project "${id}": there is none, or none that you may see`);
}

function changedSince(): PlimsollError {
  return new PlimsollError('VERSION_CONFLICT', 'Cannot change the project: it was changed since you read it');
}

/** Whether two places are the same, whatever Docker Hub is called. */
export function isSamePlace(
  a: { readonly registry: string | undefined; readonly repository: string | undefined },
  b: { readonly registry: string | undefined; readonly repository: string | undefined },
): boolean {
  return normalRegistry(a.registry ?? '') === normalRegistry(b.registry ?? '') && a.repository === b.repository;
}
