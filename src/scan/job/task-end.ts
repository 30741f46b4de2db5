/**
 * The end of a task, however it came: told by its sensor, by a lease that ran out, or because somebody else did the same. Everything that
 * follows from it is written in the same transaction, under the lock of the registry.
 */
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { coolDown, keepSeen, type RegistryRecord, saveHealth } from '#store/registry.ts';
import { applyCatalogue, markNeverThere } from '#store/repository.ts';
import { addToRun, listOpenRuns, type RunRecord, updateRun } from '#store/run.ts';
import { moveImagesOfTasks } from '#store/run-image.ts';
import { findKnownTasks, markScanDone, markScanFailed } from '#store/scan-state.ts';
import { clearStaged } from '#store/tag.ts';
import { endTask, listOpenRunsOf, requeueTask, type TaskRecord } from '#store/task.ts';
import { isRunning, type JobState } from '../schedule/state.ts';
import type { TaskOutcome, TaskProgress, Work } from '../task/contract.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, loadRun } from './job-state.ts';
import { healthOfProbe, type StoredProbe } from './probe-health.ts';
import { endOfReserve, MAX_EXPIRIES, planRetry } from './retry.ts';
import { listRepositoriesOf, type PlannedRun, planRun } from './run-listing.ts';
import { addError, advanceRun } from './run-progress.ts';
import { endListing, failListing } from './run-selection.ts';

/** Where a task ends: its registry is locked. */
export interface TaskPlace {
  readonly registry: RegistryRecord;
  readonly task: TaskRecord;
  readonly at: Date;
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** How long a sensor without room is left alone. */
const DISK_WAIT_MS = 60_000;

/** Ends a leased task as its sensor says. */
export async function settleOutcome(
  trx: Trx,
  context: JobContext,
  place: TaskPlace,
  outcome: TaskOutcome,
): Promise<void> {
  await settleByKind(trx, context, place, outcome);
  // Last: a run that has just ended is not held.
  await keepRateLimit(trx, place, outcome.progress);
}

async function settleByKind(trx: Trx, context: JobContext, place: TaskPlace, outcome: TaskOutcome): Promise<void> {
  // Whatever happened after the inventory was stored, the image is scanned.
  if (place.task.inventoryAt !== undefined) {
    await completeTask(trx, context, place, outcome);
    return;
  }
  switch (outcome.kind) {
    case 'done':
      if (place.task.kind === 'scan') {
        const message = 'The sensor ended a scan without giving its inventory';
        await failOrRetry(trx, context, place, { code: 'BUG', message, retryAt: undefined });
      } else await completeTask(trx, context, place, outcome);
      return;
    case 'failed': {
      const { code, message, retryAt } = outcome;
      await failOrRetry(trx, context, place, {
        code,
        message,
        retryAt: retryAt === undefined ? undefined : new Date(retryAt),
      });
      return;
    }
    case 'returned':
      await takeBack(trx, place, outcome.reason);
      return;
    default:
      outcome satisfies never;
  }
}

/** Takes a lease back that ran out. After some of them the task is given up. */
export async function settleExpiry(trx: Trx, context: JobContext, place: TaskPlace): Promise<void> {
  const { task, at } = place;
  if (task.inventoryAt !== undefined) {
    await completeTask(trx, context, place, undefined);
    return;
  }
  if (task.expiries + 1 >= MAX_EXPIRIES) {
    const message = `Gave up after ${MAX_EXPIRIES} leases that ran out: the sensors that took the task went silent`;
    await failTask(trx, place, { code: 'SENSOR_LOST', message });
    return;
  }
  await putBack(trx, place, { notBefore: at, counts: 'expiries' });
}

/** Ends tasks of which somebody else has done the work: their images are scanned. */
export async function settleShared(
  trx: Trx,
  registry: RegistryRecord,
  tasks: readonly Pick<TaskRecord, 'id'>[],
  at: Date,
): Promise<void> {
  const runs = new Set<string>();
  for (const { id } of tasks) {
    await endTask(trx, id, { state: 'done', at, result: { isShared: true } });
    const moved = await moveImagesOfTasks(trx, [id], { to: 'scanned', at, reason: 'analysed-elsewhere' });
    for (const run of moved) runs.add(run);
  }
  for (const run of runs) await advanceRun(trx, registry, run, at);
}

/** Ends the queued tasks of a run whose images somebody else has read meanwhile. */
export async function settleKnown(
  trx: Trx,
  registry: RegistryRecord,
  { runId, at }: { readonly runId: string; readonly at: Date },
): Promise<void> {
  const ids = await findKnownTasks(trx, runId);
  await settleShared(
    trx,
    registry,
    ids.map(id => ({ id })),
    at,
  );
}

async function completeTask(
  trx: Trx,
  context: JobContext,
  place: TaskPlace,
  outcome: TaskOutcome | undefined,
): Promise<void> {
  const { registry, task, at } = place;
  const progress = outcome?.progress ?? (task.progress as TaskProgress | undefined);
  const runs = await listOpenRunsOf(trx, task.id);
  for (const run of runs) await addPulled(trx, run, progress);
  const work = task.work as Work;
  const done = outcome?.kind === 'done' ? outcome : undefined;
  if (work.kind === 'scan') {
    await markScanDone(trx, work.digest);
    await moveImagesOfTasks(trx, [task.id], {
      to: 'scanned',
      at,
      bytesPulled: progress?.bytesPulled,
      isAttempt: true,
    });
    await tellImage(trx, place, { kind: 'image.scanned', runs });
  }
  if (work.kind === 'catalogue') await endCatalogue(trx, place, runs);
  if (work.kind === 'list' && task.repositoryId !== undefined) {
    await endListing(trx, context, {
      registry,
      task,
      repositoryId: task.repositoryId,
      work,
      tagsSeen: done?.tagsSeen ?? 0,
      problems: done?.problems ?? [],
      runs: await planRuns(trx, place, runs),
      at,
    });
  }
  if (work.kind === 'catalogue' || work.kind === 'list') {
    for (const run of runs) await addToRun(trx, run, { listingsOpen: -1 });
    await clearStaged(trx, [task.id]);
  }
  const probe = work.kind === 'probe' ? await keepProbe(trx, place, done?.steps ?? []) : undefined;
  const { tagsSeen, tagsMatched } = done ?? {};
  await endTask(trx, task.id, { state: 'done', at, progress, result: probe ?? { tagsSeen, tagsMatched } });
  if (work.kind !== 'probe') await keepHealth(trx, place, { health: 'connected', detail: undefined });
  for (const run of runs) await advanceRun(trx, registry, run, at);
  if (task.digest !== undefined) await wakeOthers(trx, context, place);
}

async function endCatalogue(trx: Trx, place: TaskPlace, runs: readonly string[]): Promise<void> {
  const { registry, task, at } = place;
  const rows = await trx.selectFrom('taskRepository').select('name').where('taskId', '=', task.id).execute();
  const names = rows.map(({ name }) => name);
  for (const planned of await planRuns(trx, place, runs)) {
    await listRepositoriesOf(trx, registry, planned, { names, at });
  }
  await applyCatalogue(trx, { taskId: task.id, registryId: registry.id, at });
}

/** Runs that can be planned; one that cannot is told so when it ends. */
async function planRuns(trx: Trx, { registry, at }: TaskPlace, ids: readonly string[]): Promise<readonly PlannedRun[]> {
  const planned: PlannedRun[] = [];
  for (const id of ids) {
    const run = (await loadRun(trx, registry, id))?.run;
    if (run === undefined) continue;
    try {
      planned.push(await planRun(registry, run));
    } catch (error) {
      const { code = 'BUG', message } = error as { code?: string; message: string };
      await addError(trx, id, { code, message, at: at.toISOString() });
      await updateRun(trx, id, { reason: message });
    }
  }
  return planned;
}

async function failOrRetry(
  trx: Trx,
  context: JobContext,
  place: TaskPlace,
  failure: Failure & { readonly retryAt: Date | undefined },
): Promise<void> {
  const { registry, task, at } = place;
  const { code, message, retryAt } = failure;
  const fraction = (context.random ?? Math.random)();
  const plan = planRetry({ code, failures: task.failures, retryAt, now: at, fraction });
  switch (plan.kind) {
    case 'cool-down':
      await coolDown(trx, registry.id, plan.until);
      await keepHealth(trx, place, { health: 'rate-limited', detail: message });
      await putBack(trx, place, { notBefore: plan.until, error: failure });
      await holdRuns(trx, place, { reason: 'rate-limit', resumeAt: plan.until, of: 'registry' });
      return;
    case 'retry':
      if (plan.coolsDownRegistry) await coolDown(trx, registry.id, plan.at);
      await putBack(trx, place, { notBefore: plan.at, counts: 'failures', error: failure });
      return;
    case 'give-up':
      await failTask(trx, place, failure);
      return;
    default:
      plan satisfies never;
  }
}

async function failTask(trx: Trx, place: TaskPlace, error: Failure): Promise<void> {
  const { registry, task, at } = place;
  const work = task.work as Work;
  const runs = await listOpenRunsOf(trx, task.id);
  await endTask(trx, task.id, { state: 'failed', at, error });
  if (error.code === 'REGISTRY_DENIED') await keepHealth(trx, place, { health: 'auth-error', detail: error.message });
  if (error.code === 'REGISTRY_UNAVAILABLE' && work.kind !== 'scan') {
    await keepHealth(trx, place, { health: 'unreachable', detail: error.message });
  }
  if (work.kind === 'scan') {
    await markScanFailed(trx, work.digest, { error, at });
    await moveImagesOfTasks(trx, [task.id], { to: 'failed', at, error, isAttempt: true });
    await tellImage(trx, place, { kind: 'image.failed', runs, error });
    for (const run of runs) {
      await addError(trx, run, { ...pick(error), repository: work.repository, at: at.toISOString() });
    }
  }
  if (work.kind === 'list' && error.code === 'MANIFEST_UNKNOWN' && task.repositoryId !== undefined) {
    await markNeverThere(trx, task.repositoryId, at);
  }
  if (work.kind === 'catalogue' || work.kind === 'list') {
    for (const id of runs) {
      const run = (await loadRun(trx, registry, id))?.run;
      if (run === undefined) continue;
      if (work.kind === 'list' && task.repositoryId !== undefined) {
        const { repository } = work;
        await failListing(trx, { run, repository, repositoryId: task.repositoryId, error, at });
      } else {
        await addError(trx, id, { ...pick(error), at: at.toISOString() });
        // Nobody knows which repositories were missed.
        await updateRun(trx, id, { reason: `The repositories could not be listed: ${error.message}` });
      }
      await addToRun(trx, id, { listingsOpen: -1 });
    }
    await clearStaged(trx, [task.id]);
  }
  for (const run of runs) await advanceRun(trx, registry, run, at);
}

async function takeBack(
  trx: Trx,
  place: TaskPlace,
  reason: (TaskOutcome & { kind: 'returned' })['reason'],
): Promise<void> {
  const isShort = reason === 'disk' || reason === 'blackout';
  const notBefore = isShort ? new Date(place.at.getTime() + DISK_WAIT_MS) : place.at;
  await putBack(trx, place, { notBefore });
  if (isShort && !(await hasOtherSensor(trx, place))) {
    await holdRuns(trx, place, { reason, resumeAt: notBefore, of: 'task' });
  }
}

/** Whether a sensor other than the one of the task was heard of lately and may take it. */
async function hasOtherSensor(trx: Trx, { registry, task, at }: TaskPlace): Promise<boolean> {
  const rows = await trx
    .selectFrom('sensor')
    .select(['id', 'labels'])
    .where('retiredAt', 'is', null)
    .where('isDraining', '=', false)
    .where('lastHeartbeatAt', '>=', new Date(at.getTime() - 90_000).toISOString())
    .execute();
  const wanted = Object.entries(registry.sensorSelector);
  return rows.some(({ id, labels }) => {
    const has = labels as Readonly<Record<string, string>>;
    return id !== task.sensorId && wanted.every(([name, value]) => has[name] === value);
  });
}

async function putBack(
  trx: Trx,
  { task, registry, at }: TaskPlace,
  how: Parameters<typeof requeueTask>[2],
): Promise<void> {
  await requeueTask(trx, task.id, how);
  const runs = await moveImagesOfTasks(trx, [task.id], { to: 'queued', at });
  for (const run of runs) await advanceRun(trx, registry, run, at);
}

/** Holds running runs: of the whole registry, or those that want the task. */
async function holdRuns(
  trx: Trx,
  { registry, task, at }: TaskPlace,
  {
    reason,
    resumeAt,
    of,
  }: { readonly reason: 'rate-limit' | 'disk' | 'blackout'; readonly resumeAt: Date; readonly of: 'registry' | 'task' },
): Promise<void> {
  const own = new Set(await listOpenRunsOf(trx, task.id));
  const runs = await listOpenRuns(trx, registry.id);
  for (const run of runs.filter(
    ({ id, state }) => isRunning(state as JobState) && (of === 'registry' || own.has(id)),
  )) {
    const handle = await loadRun(trx, registry, run.id);
    if (handle === undefined) continue;
    await applyToJob(trx, handle, { kind: 'held', run: run.number, reason, resumeAt: resumeAt.toISOString() }, { at });
  }
}

async function addPulled(trx: Trx, runId: string, progress: TaskProgress | undefined): Promise<void> {
  await addToRun(trx, runId, { bytesPulled: progress?.bytesPulled ?? 0, pullsCounted: progress?.pulls ?? 0 });
}

/** Keeps what the registry said of its limit. What is left below the reserve is for people: tasks wait for the next window. */
async function keepRateLimit(trx: Trx, place: TaskPlace, { rateLimit }: TaskProgress): Promise<void> {
  if (rateLimit === undefined) return;
  const { registry, at } = place;
  await keepSeen(trx, registry.id, { rateLimit });
  const until = endOfReserve(rateLimit, at);
  if (until === undefined) return;
  await coolDown(trx, registry.id, until);
  await holdRuns(trx, place, { reason: 'rate-limit', resumeAt: until, of: 'registry' });
}

/** Remembers how the registry answered last. Success says nothing new after success. */
async function keepHealth(
  trx: Trx,
  { registry, at }: TaskPlace,
  { health, detail }: { readonly health: RegistryRecord['health']; readonly detail: string | undefined },
): Promise<void> {
  if (registry.health === health && registry.healthDetail === detail) return;
  const isNew = await saveHealth(trx, registry.id, { health, detail });
  if (isNew) await tellHealth(trx, registry, { health, detail, at });
}

async function keepProbe(trx: Trx, { registry, task, at }: TaskPlace, steps: readonly unknown[]): Promise<StoredProbe> {
  const { health, detail, isOk } = healthOfProbe(steps);
  const probe: StoredProbe = { at: at.toISOString(), sensorId: task.sensorId, isOk, steps };
  const isNew = await saveHealth(trx, registry.id, { health, detail, lastProbe: probe });
  if (isNew) await tellHealth(trx, registry, { health, detail, at });
  return probe;
}

async function tellHealth(
  trx: Trx,
  registry: RegistryRecord,
  { health, detail, at }: { readonly health: string; readonly detail: string | undefined; readonly at: Date },
): Promise<void> {
  await recordEvents(trx, [
    {
      kind: 'registry.health',
      at,
      namespaceId: registry.namespaceId,
      registryId: registry.id,
      data: { name: registry.name, health, from: registry.health, ...(detail === undefined ? {} : { detail }) },
    },
  ]);
}

async function tellImage(
  trx: Trx,
  { registry, task, at }: TaskPlace,
  {
    kind,
    runs,
    error,
  }: {
    readonly kind: 'image.scanned' | 'image.failed';
    readonly runs: readonly string[];
    readonly error?: Failure | undefined;
  },
): Promise<void> {
  const work = task.work as Work & { readonly kind: 'scan' };
  const data = {
    digest: work.digest,
    repository: work.repository,
    tag: work.tag,
    ...(error === undefined ? {} : { error: pick(error) }),
  };
  const about = { kind, at, namespaceId: registry.namespaceId, registryId: registry.id, data };
  const handles: (RunRecord | undefined)[] = [];
  for (const run of runs) handles.push((await loadRun(trx, registry, run))?.run);
  const events = handles.flatMap(run =>
    run === undefined ? [] : [{ ...about, runId: run.id, scheduleId: run.scheduleId }],
  );
  await recordEvents(trx, events.length === 0 ? [about] : events);
}

/** Tells runs of other registries that wait for the same image: they need not read it. */
async function wakeOthers(trx: Trx, { queue }: JobContext, { task }: TaskPlace): Promise<void> {
  const rows = await trx
    .selectFrom('task')
    .innerJoin('taskRun', 'taskRun.taskId', 'task.id')
    .select('taskRun.runId')
    .distinct()
    .where('task.kind', '=', 'scan')
    .where('task.state', '=', 'queued')
    .where('task.digest', '=', task.digest ?? '')
    .where('task.id', '<>', task.id)
    .limit(1000)
    .execute();
  for (const { runId } of rows) await queue.send(trx, 'run-step', { runId }, { singletonKey: runId });
}

function pick({ code, message }: Failure): Failure {
  return { code, message };
}
