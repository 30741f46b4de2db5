/**
 * Builds as people ask for them: added under a tag, looked at, cancelled, tried again.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { hasRole, requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { getProject } from '#project/manage-project.ts';
import { recordAudit } from '#store/audit.ts';
import {
  type BuildCause,
  type BuildRecord,
  type BuildState,
  findBuild,
  insertBuild,
  listBuilds,
  listUsedNumbers,
  ringBuilds,
  updateBuild,
} from '#store/build.ts';
import { findBuildConfiguration } from '#store/build-configuration.ts';
import type { Trx } from '#store/database.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import { inTransaction } from '#store/transaction.ts';
import type { BuildContext } from './build-context.ts';
import { recordBuildEvent } from './build-event.ts';
import { formatBuildTag, nextBuildTag, parseBuildTag, requireFreeTag } from './build-tag.ts';
import { requireHosted } from './configure-build.ts';
import { endBuild } from './end-build.ts';

/** The tag of a build. */
export function tagOf({ version, number }: Pick<BuildRecord, 'version' | 'number'>): string {
  return formatBuildTag({ version, number });
}

/** Whether nothing happens to a build any more. */
export function isOver(state: BuildState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/**
 * Adds a build under a tag such as `1.0-1`; for operators.
 * @throws {PlimsollError} `REQUEST_INVALID` for another form, with the tag that may be meant; `CONFLICT` for a number that was used, with the next
 * free one, and where builds are not configured; `NOT_FOUND`, `FORBIDDEN`.
 */
export async function addBuild(
  context: BuildContext,
  caller: Caller,
  projectId: string,
  { tag: text }: { readonly tag: string },
): Promise<BuildRecord> {
  const project = await getProject(context, caller, { id: projectId });
  requireRole(caller.principal, 'operator', project.namespaceId);
  const tag = parseBuildTag(text);
  return await inTransaction(context.store.db, async trx => {
    await requireBuildable(trx, project.id);
    requireFreeTag(tag, await listUsedNumbers(trx, project.id, tag.version));
    const causes: [BuildCause] = [{ kind: 'manual', detail: `Added by ${caller.principal.name}` }];
    return await queueBuild(trx, context, project, { ...tag, causes, requestedBy: caller.principal.name, caller });
  });
}

/** The next free tag of a version: `1.0` and `1.0-1` both stand for version `1.0`. */
export async function proposeTag(
  context: Pick<BuildContext, 'store'>,
  caller: Caller,
  projectId: string,
  text: string,
): Promise<string> {
  const project = await getProject(context, caller, { id: projectId });
  const version = parseBuildTag(/-[1-9][0-9]*$/.test(text.trim()) ? text : `${text.trim()}-1`).version;
  return formatBuildTag(nextBuildTag(version, await listUsedNumbers(context.store.db, project.id, version)));
}

/** A build that the caller may see, with its project. @throws {PlimsollError} `NOT_FOUND`. */
export async function getBuild(
  { store }: Pick<BuildContext, 'store'>,
  { principal }: Caller,
  id: string,
): Promise<{ readonly build: BuildRecord; readonly project: ProjectRecord }> {
  const build = await findBuild(store.db, id);
  const project = build === undefined ? undefined : await findProject(store.db, { id: build.projectId });
  if (build === undefined || project === undefined || !hasRole(principal, 'viewer', project.namespaceId)) {
    throw new PlimsollError('NOT_FOUND', `Cannot find build "${id}": there is none, or none that you may see`);
  }
  return { build, project };
}

/** Builds of a project that the caller may see, newest first. */
export async function listProjectBuilds(
  context: Pick<BuildContext, 'store'>,
  caller: Caller,
  projectId: string,
  query: Omit<Parameters<typeof listBuilds>[1], 'projectId'>,
): Promise<readonly BuildRecord[]> {
  const project = await getProject(context, caller, { id: projectId });
  return await listBuilds(context.store.db, { ...query, projectId: project.id });
}

/** Ends a build that is not over; a builder at it is told. For operators. @throws {PlimsollError} `CONFLICT` when it is over, or its image was pushed. */
export async function cancelBuild(context: BuildContext, caller: Caller, id: string): Promise<BuildRecord> {
  const { build: seen, project } = await getBuild(context, caller, id);
  requireRole(caller.principal, 'operator', project.namespaceId);
  const cancelled = await inTransaction(context.store.db, async trx => {
    const build = (await findBuild(trx, id, { isLocked: true })) ?? seen;
    if (isOver(build.state) || build.state === 'scanning') {
      const why = build.state === 'scanning' ? 'its image was pushed already' : `it is ${build.state}`;
      throw new PlimsollError('CONFLICT', `Cannot cancel build ${tagOf(build)}: ${why}`);
    }
    const at = context.now();
    await audit(trx, context, caller, project, build, 'project.build.cancel');
    // A builder hears of it at its next sign of life, and nothing that it does counts any more.
    return await endBuild(trx, project, build, { state: 'cancelled', at });
  });
  await cancelled.keepLog(context);
  return cancelled.build;
}

/** Builds a version again under its next number, after a build that failed or was cancelled; for operators. @throws {PlimsollError} `CONFLICT`. */
export async function retryBuild(context: BuildContext, caller: Caller, id: string): Promise<BuildRecord> {
  const { build, project } = await getBuild(context, caller, id);
  requireRole(caller.principal, 'operator', project.namespaceId);
  return await inTransaction(context.store.db, async trx => {
    await requireBuildable(trx, project.id);
    if (build.state !== 'failed' && build.state !== 'cancelled') {
      throw new PlimsollError(
        'CONFLICT',
        `Cannot retry build ${tagOf(build)}: it is ${build.state}, neither failed nor cancelled`,
      );
    }
    const { version, considered } = build;
    const next = nextBuildTag(version, await listUsedNumbers(trx, project.id, version));
    const causes: [BuildCause, ...BuildCause[]] = [
      { kind: 'retry', detail: `${tagOf(build)} was ${build.state}` },
      ...build.causes.filter(({ kind }) => kind !== 'retry' && kind !== 'manual'),
    ];
    return await queueBuild(trx, context, project, {
      ...next,
      causes,
      considered,
      requestedBy: caller.principal.name,
      caller,
    });
  });
}

/** A build to be queued. */
export interface WantedBuild {
  readonly version: string;
  readonly number: number;
  readonly causes: readonly [BuildCause, ...BuildCause[]];
  readonly requestedBy: string;
  /** Missing: the server itself. */
  readonly caller?: Caller | undefined;
  /** Missing: now. */
  readonly notBefore?: Date | undefined;
  readonly considered?: readonly string[] | undefined;
}

/** Queues a build of a project that the caller has locked. */
export async function queueBuild(
  trx: Trx,
  context: Pick<BuildContext, 'now'>,
  project: ProjectRecord,
  wanted: WantedBuild,
): Promise<BuildRecord> {
  const at = context.now();
  const { version, number, causes, requestedBy, notBefore = at, considered = [], caller } = wanted;
  const build = await insertBuild(trx, {
    projectId: project.id,
    version,
    number,
    causes,
    requestedBy,
    notBefore,
    considered,
    at,
  });
  if (caller !== undefined) await audit(trx, context, caller, project, build, 'project.build.add');
  await recordBuildEvent(trx, project, build, at);
  await ringBuilds(trx);
  return build;
}

/** Adds causes to a build that waits already. */
export async function addCauses(
  trx: Trx,
  build: BuildRecord,
  { causes, considered }: { readonly causes: readonly BuildCause[]; readonly considered: readonly string[] },
): Promise<BuildRecord> {
  const known = new Set(build.causes.map(({ kind }) => kind));
  return await updateBuild(trx, build.id, {
    causes: [...build.causes, ...causes.filter(({ kind }) => !known.has(kind))],
    considered: [...new Set([...build.considered, ...considered])],
  });
}

/** Locks a project whose builds are switched on. @throws {PlimsollError} `CONFLICT`. */
async function requireBuildable(trx: Trx, projectId: string): Promise<void> {
  const project = await lockProject(trx, projectId);
  if (project === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot build: the project is gone');
  requireHosted(project);
  if (project.status === 'archived') {
    throw new PlimsollError('CONFLICT', `Cannot build "${project.name}": the project is archived`);
  }
  const configuration = await findBuildConfiguration(trx, projectId);
  if (configuration?.isEnabled === true) return;
  const why = configuration === undefined ? 'nobody has configured builds' : 'builds are switched off';
  throw new PlimsollError('CONFLICT', `Cannot build "${project.name}": ${why}; do so in the settings of its builds`);
}

async function audit(
  trx: Trx,
  { now }: Pick<BuildContext, 'now'>,
  caller: Caller,
  { namespaceId, id: projectId }: ProjectRecord,
  build: BuildRecord,
  action: string,
): Promise<void> {
  await recordAudit(trx, {
    at: now(),
    actor: toActor(caller),
    action,
    namespaceId,
    subjectKind: 'build',
    subjectId: build.id,
    detail: { projectId, tag: tagOf(build) },
  });
}
