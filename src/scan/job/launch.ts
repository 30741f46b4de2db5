/**
 * Launching runs: when a job is due, when its user says so, and again after a run that was cut short.
 */
import { toPlimsollError } from '#base/errors.ts';
import type { Trx } from '#store/database.ts';
import { findLastRun } from '#store/run.ts';
import { countSameMinute, type ScheduleRecord, updateSchedule } from '#store/schedule.ts';
import type { JobEvent } from '../schedule/job-reducer.ts';
import { settleDue, toCadence, withJitter } from '../schedule/recurrence.ts';
import { isActive, type JobState } from '../schedule/state.ts';
import type { JobContext } from './job-context.ts';
import { type Applied, applyToJob, type JobHandle, type LaunchFacts, settingsOf } from './job-state.ts';
import { planRun, startListing } from './run-listing.ts';
import { addError } from './run-progress.ts';

/** Applies an event that may launch a run, and queues what the run begins with. */
export async function launchBy(
  trx: Trx,
  handle: JobHandle,
  event: { readonly kind: 'due' | 'run-now' } | Extract<JobEvent, { kind: 'restart' }>,
  { at, launch }: { readonly at: Date; readonly launch: Omit<LaunchFacts, 'previousRunId'> },
): Promise<Applied> {
  const isRepeat = event.kind === 'restart';
  const last = isRepeat && handle.schedule !== undefined ? await findLastRun(trx, handle.schedule.id) : undefined;
  const applied = await applyToJob(trx, handle, event, { at, launch: { ...launch, previousRunId: last?.id } });
  if (applied.kind !== 'changed' || !applied.isLaunched) return applied;
  return { ...applied, handle: await beginRun(trx, applied.handle, at) };
}

/** Queues what a run begins with; one that cannot begin ends in Error at once, with the reason. */
export async function beginRun(trx: Trx, handle: JobHandle, at: Date): Promise<JobHandle> {
  const { registry, run } = handle;
  if (run === undefined) return handle;
  let planned: Awaited<ReturnType<typeof planRun>>;
  try {
    planned = await planRun(registry, run);
  } catch (error) {
    const { code, message } = toPlimsollError(error);
    await addError(trx, run.id, { code, message, at: at.toISOString() });
    const applied = await applyToJob(trx, handle, { kind: 'errored', run: run.number }, { at, reason: message });
    return applied.kind === 'changed' ? applied.handle : handle;
  }
  await startListing(trx, registry, planned, at);
  return handle;
}

/** Launches a schedule whose time has come, once however many times passed, and plans the next. Nothing when it has not. */
export async function launchDue(
  trx: Trx,
  context: JobContext,
  handle: JobHandle & { readonly schedule: ScheduleRecord },
  at: Date,
): Promise<Applied | undefined> {
  const { schedule } = handle;
  const cadence = toCadence(settingsOf(schedule).recurrence);
  const { launchAt, nextDueAt } = schedule;
  if (launchAt === undefined || Date.parse(launchAt) > at.getTime()) return undefined;
  if (cadence === undefined || nextDueAt === undefined) {
    await updateSchedule(trx, schedule, { nextDueAt: null, launchAt: null });
    return undefined;
  }
  const due = settleDue(cadence, {
    planned: new Date(nextDueAt),
    now: at,
    hasActiveRun: isActive(schedule.state as JobState),
  });
  const planned = await planLaunch(trx, context, schedule, due.next);
  if (due.kind === 'not-due') {
    await updateSchedule(trx, schedule, planned);
    return undefined;
  }
  const next = await updateSchedule(trx, schedule, { ...planned, lastPlannedAt: due.plannedFor });
  const launch = { trigger: 'schedule' as const, plannedAt: due.plannedFor, isDeep: false };
  return await launchBy(trx, { ...handle, schedule: next }, { kind: 'due' }, { at, launch });
}

/** The columns of a due time: as planned, and when it really starts, which differs where several jobs share the minute. */
export async function planLaunch(
  trx: Trx,
  { random = Math.random }: Pick<JobContext, 'random'>,
  schedule: ScheduleRecord,
  due: Date,
): Promise<{ readonly nextDueAt: Date; readonly launchAt: Date }> {
  const { recurrence } = settingsOf(schedule);
  const others = recurrence.pinStart
    ? 0
    : await countSameMinute(trx, { registryId: schedule.registryId, scheduleId: schedule.id, at: due });
  return { nextDueAt: due, launchAt: withJitter(due, others === 0 ? 0 : random()) };
}
