/**
 * What happens by the clock: schedules that are due are launched, leases that ran out are taken back, pauses end. Any number of servers may
 * tick at once: each looks again under the lock of the registry, and finds what another has done.
 */
import { LONGEST_WAIT_MS } from '#store/due.ts';
import { lockRegistry } from '#store/registry.ts';
import { listDuePauses } from '#store/run.ts';
import { listDueSchedules, nextLaunchAt, type ScheduleRecord } from '#store/schedule.ts';
import { removeOldTasks, ringTasks, shortenLeases } from '#store/task.ts';
import { inTransaction } from '#store/transaction.ts';
import { watchSensors } from '../sensor/presence.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, type JobHandle, loadRun, loadSchedule } from './job-state.ts';
import { launchDue } from './launch.ts';
import { LEASE_MS, takeBackExpired } from './leasing.ts';
import { advanceRun } from './run-progress.ts';
import { settleKnown } from './task-end.ts';

/** Schedules launched by one tick; the others by the next. */
const MAX_DUE = 500;
/** Looks ahead this far, so that what is due between two ticks starts on its minute. */
const LOOK_AHEAD_MS = 60_000;

/** What a run has to say of its tasks is with its images and repositories; tasks that ended are kept for a look back. */
const TASKS_KEPT_MS = 24 * 60 * 60_000;
const MAX_REMOVED = 5000;

/** One tick. */
export async function tick(context: JobContext, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const { store, queue, now } = context;
  await watchSensors(context);
  await shortenLeases(store.db, now(), LEASE_MS);
  await takeBackExpired(context);
  for (const { id, registryId } of await listDuePauses(store.db, now())) {
    signal.throwIfAborted();
    await releaseRun(context, { runId: id, registryId });
  }
  for (const { id, registryId } of await listDueSchedules(store.db, now(), MAX_DUE)) {
    signal.throwIfAborted();
    await inTransaction(store.db, async trx => {
      const registry = await lockRegistry(trx, registryId);
      const handle = registry === undefined ? undefined : await loadSchedule(trx, registry, id);
      if (handle?.schedule === undefined || registry?.removedAt !== undefined) return;
      await launchDue(trx, context, handle as JobHandle & { readonly schedule: ScheduleRecord }, now());
    });
  }
  await removeOldTasks(store.db, new Date(now().getTime() - TASKS_KEPT_MS), MAX_REMOVED);
  const next = await nextLaunchAt(store.db);
  if (next !== undefined && Date.parse(next) < now().getTime() + LOOK_AHEAD_MS) {
    await queue.send(store.db, 'schedule-tick', {}, { startAfter: new Date(next), singletonKey: next });
  }
}

/** Goes on with a run after something about it changed: what others did meanwhile counts, and it may be over. */
export async function stepRun(context: JobContext, runId: string): Promise<void> {
  const { store, now } = context;
  const row = await store.db.selectFrom('run').select('registryId').where('id', '=', runId).executeTakeFirst();
  if (row === undefined) return;
  await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, row.registryId);
    if (registry === undefined) return;
    const at = now();
    await settleKnown(trx, registry, { runId, at });
    await advanceRun(trx, registry, runId, at);
  });
}

/** Lets a run go on whose pause is over. */
async function releaseRun(
  { store, now }: JobContext,
  { runId, registryId }: { readonly runId: string; readonly registryId: string },
): Promise<void> {
  await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, registryId);
    const handle = registry === undefined ? undefined : await loadRun(trx, registry, runId);
    const at = now();
    const { run } = handle ?? {};
    if (registry === undefined || handle === undefined || run?.resumeAt === undefined) return;
    const leftMs = Date.parse(run.resumeAt) - at.getTime();
    if (leftMs > 0 && leftMs <= LONGEST_WAIT_MS) return;
    await applyToJob(trx, handle, { kind: 'released', run: run.number }, { at });
    await advanceRun(trx, registry, runId, at);
    await ringTasks(trx);
  });
}
