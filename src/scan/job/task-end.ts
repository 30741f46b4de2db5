/**
 * The end of a task, however it came: told by its sensor, by a lease that ran out, or because somebody else did the same. Everything that
 * follows from it is written in the same transaction, under the lock of the registry.
 */
import type { Trx } from '#store/database.ts';
import type { RegistryRecord } from '#store/registry.ts';
import { applyCatalogue } from '#store/repository.ts';
import { addToRun, updateRun } from '#store/run.ts';
import { moveImagesOfTasks } from '#store/run-image.ts';
import { findKnownTasks, markScanDone } from '#store/scan-state.ts';
import { clearStaged } from '#store/tag.ts';
import { endTask, listOpenRunsOf, type TaskRecord } from '#store/task.ts';
import type { TaskOutcome, TaskProgress, Work } from '../task/contract.ts';
import type { JobContext } from './job-context.ts';
import { loadRun } from './job-state.ts';
import { keepHealth, keepProbe, keepRateLimit } from './registry-news.ts';
import { MAX_EXPIRIES } from './retry.ts';
import { listRepositoriesOf, type PlannedRun, planRun } from './run-listing.ts';
import { addError, advanceRun } from './run-progress.ts';
import { endListing } from './run-selection.ts';
import { failOrRetry, failTask, putBack, takeBack } from './task-failure.ts';
import { type TaskPlace, tellImage } from './task-place.ts';

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

async function addPulled(trx: Trx, runId: string, progress: TaskProgress | undefined): Promise<void> {
  await addToRun(trx, runId, { bytesPulled: progress?.bytesPulled ?? 0, pullsCounted: progress?.pulls ?? 0 });
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
