/**
 * Tasks that did not come to their end: tried again, later or elsewhere, or given up.
 */
import type { Trx } from '#store/database.ts';
import { coolDown } from '#store/registry.ts';
import { markNeverThere } from '#store/repository.ts';
import { addToRun, updateRun } from '#store/run.ts';
import { moveImagesOfTasks } from '#store/run-image.ts';
import { markScanFailed } from '#store/scan-state.ts';
import { clearStaged } from '#store/tag.ts';
import { endTask, listOpenRunsOf, requeueTask } from '#store/task.ts';
import { lastReportOf } from '../sensor/presence.ts';
import type { TaskOutcome, Work } from '../task/contract.ts';
import type { JobContext } from './job-context.ts';
import { loadRun } from './job-state.ts';
import { holdRuns, keepHealth } from './registry-news.ts';
import { planRetry } from './retry.ts';
import { addError, advanceRun } from './run-progress.ts';
import { failListing } from './run-selection.ts';
import { type Failure, pick, type TaskPlace, tellImage } from './task-place.ts';

/** How long a sensor without room is left alone. */
const DISK_WAIT_MS = 60_000;
/** Codes for a repository that a registry does not have: nothing is under the name, or it cannot be asked for, as `TEAM/App`. */
export const NO_SUCH_REPOSITORY: ReadonlySet<string> = new Set(['MANIFEST_UNKNOWN', 'REFERENCE_INVALID']);

/** Tries a task again when that may help, else gives it up. */
export async function failOrRetry(
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

/** Gives a task up, with all that follows for the runs that wanted it. */
export async function failTask(trx: Trx, place: TaskPlace, error: Failure): Promise<void> {
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
  if (work.kind === 'list' && NO_SUCH_REPOSITORY.has(error.code) && task.repositoryId !== undefined) {
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

/** Takes a task back that its sensor returned. */
export async function takeBack(
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

/** Lets a leased task be leased again. */
export async function putBack(
  trx: Trx,
  { task, registry, at }: TaskPlace,
  how: Parameters<typeof requeueTask>[2],
): Promise<void> {
  await requeueTask(trx, task.id, how);
  const runs = await moveImagesOfTasks(trx, [task.id], { to: 'queued', at });
  for (const run of runs) await advanceRun(trx, registry, run, at);
}

/** Whether a sensor other than the one of the task was heard of lately, has room on its disk, and may take it. */
async function hasOtherSensor(trx: Trx, { registry, task, at }: TaskPlace): Promise<boolean> {
  const rows = await trx
    .selectFrom('sensor')
    .select(['id', 'labels', 'report'])
    .where('retiredAt', 'is', null)
    .where('isDraining', '=', false)
    .where('lastHeartbeatAt', '>=', new Date(at.getTime() - 90_000).toISOString())
    .execute();
  const wanted = Object.entries(registry.sensorSelector);
  return rows.some(({ id, labels, report }) => {
    const has = labels as Readonly<Record<string, string>>;
    const isFull = lastReportOf({ report })?.checks.some(({ name, ok }) => name === 'disk' && !ok) === true;
    return id !== task.sensorId && !isFull && wanted.every(([name, value]) => has[name] === value);
  });
}
