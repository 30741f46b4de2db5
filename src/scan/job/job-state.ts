/**
 * Moving a job along its states: the reducer decides, this writes schedule, run and events in the transaction that holds the registry's lock.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import type { Trx } from '#store/database.ts';
import { type EventKind, recordEvents } from '#store/event.ts';
import type { RegistryRecord } from '#store/registry.ts';
import { findRun, insertRun, type RunRecord, type RunTrigger, updateRun } from '#store/run.ts';
import { cutImagesShort } from '#store/run-image.ts';
import { cutRepositoriesShort } from '#store/run-repository.ts';
import { unmarkScansQueued } from '#store/scan-state.ts';
import { findSchedule, type ScheduleRecord, updateSchedule } from '#store/schedule.ts';
import { cancelTasksOf } from '#store/task.ts';
import { applyEvent, createJob, type Job, type JobEvent, type PauseReason } from '../schedule/job-reducer.ts';
import type { ScheduleSettings } from '../schedule/settings.ts';
import { isActive, type JobState } from '../schedule/state.ts';
import { ViolationError } from './violation-error.ts';

/** A schedule with its active run, or a run without a schedule; its registry is locked. */
export interface JobHandle {
  readonly registry: RegistryRecord;
  readonly schedule: ScheduleRecord | undefined;
  /** The run that is active, or the one in hand that is over. */
  readonly run: RunRecord | undefined;
}

/** What a launch is told besides. */
export interface LaunchFacts {
  readonly trigger: RunTrigger;
  readonly plannedAt: Date | undefined;
  readonly isDeep: boolean;
  /** The run to continue or repeat. */
  readonly previousRunId: string | undefined;
}

/** What came of an event: the job after it, or why nothing changed. */
export type Applied =
  | { readonly kind: 'changed'; readonly handle: JobHandle; readonly isLaunched: boolean }
  | { readonly kind: 'dropped'; readonly why: string };

/** The settings that a schedule or run was saved with; only checked ones are ever saved. */
export function settingsOf({ settings }: { readonly settings: unknown }): ScheduleSettings {
  return settings as ScheduleSettings;
}

/** A schedule and its active run. */
export async function loadSchedule(trx: Trx, registry: RegistryRecord, id: string): Promise<JobHandle | undefined> {
  const schedule = await findSchedule(trx, id);
  if (schedule === undefined || schedule.registryId !== registry.id) return undefined;
  const run = schedule.currentRunId === undefined ? undefined : await findRun(trx, schedule.currentRunId);
  return { registry, schedule, run };
}

/** A run and its schedule. */
export async function loadRun(trx: Trx, registry: RegistryRecord, id: string): Promise<JobHandle | undefined> {
  const run = await findRun(trx, id);
  if (run === undefined || run.registryId !== registry.id) return undefined;
  const schedule = run.scheduleId === undefined ? undefined : await findSchedule(trx, run.scheduleId);
  return { registry, schedule, run };
}

/** The job as the reducer knows it. */
function toJob({ schedule, run }: Pick<JobHandle, 'schedule' | 'run'>): Job {
  const active = run !== undefined && run.completedAt === undefined ? run : undefined;
  const pauseReason = schedule === undefined ? active?.pauseReason : schedule.pauseReason;
  const resumeAt = schedule === undefined ? active?.resumeAt : schedule.resumeAt;
  const shared = {
    run:
      active === undefined
        ? undefined
        : {
            number: active.number,
            kind: active.kind === 'image' ? ('forced' as const) : active.kind,
            mode: active.mode,
          },
    pause: pauseReason === undefined ? undefined : { reason: pauseReason as PauseReason, resumeAt },
  };
  if (schedule === undefined) {
    const job = createJob({ scanType: 'OnDemand', scanAllImages: true, enabled: true });
    const state = run === undefined ? job.state : (run.state as JobState);
    return { ...job, ...shared, state, runs: run?.number ?? 0, sequence: run?.sequence ?? 0 };
  }
  const settings = settingsOf(schedule);
  return {
    ...shared,
    scanType: settings.scanType,
    scanAllImages: settings.scanAllImages,
    enabled: schedule.isEnabled,
    state: schedule.state as JobState,
    desiredState: schedule.desiredState as Job['desiredState'],
    runs: schedule.runCount,
    hasBaseline: schedule.baselineVersion !== undefined,
    skippedOverlaps: schedule.skippedOverlaps,
    sequence: schedule.sequence,
  };
}

/**
 * Applies an event. A launch inserts the run; an end cancels what is left of it.
 * @throws {ViolationError} `CONFLICT` when a user is refused.
 */
export async function applyToJob(
  trx: Trx,
  handle: JobHandle,
  event: JobEvent,
  {
    at,
    launch,
    reason,
  }: { readonly at: Date; readonly launch?: LaunchFacts | undefined; readonly reason?: string | undefined },
): Promise<Applied> {
  const before = toJob(handle);
  const outcome = applyEvent(before, event);
  if (outcome.kind === 'dropped') return outcome;
  if (outcome.kind === 'refused') throw new ViolationError('CONFLICT', [outcome.violation]);
  const { job } = outcome;
  const isLaunched = job.run !== undefined && job.run.number !== before.run?.number;
  const run = isLaunched
    ? await insertLaunched(trx, handle, job, { at, launch })
    : await writeRun(trx, handle, { before, job, at, reason });
  const schedule =
    handle.schedule === undefined ? undefined : await writeSchedule(trx, handle.schedule, { before, job, run });
  const after: JobHandle = { ...handle, schedule, run };
  await tell(trx, after, { before, job, at });
  return { kind: 'changed', handle: after, isLaunched };
}

async function insertLaunched(
  trx: Trx,
  { registry, schedule }: JobHandle,
  job: Job,
  { at, launch }: { readonly at: Date; readonly launch: LaunchFacts | undefined },
): Promise<RunRecord> {
  if (schedule === undefined || job.run === undefined || launch === undefined) {
    throw new PlimsollError('BUG', 'Cannot launch a run: nobody said of what, or why');
  }
  return await insertRun(trx, {
    ...launch,
    id: randomUUID(),
    registryId: registry.id,
    scheduleId: schedule.id,
    number: job.run.number,
    kind: job.run.kind,
    mode: job.run.mode,
    settings: schedule.settings,
    settingsVersion: schedule.settingsVersion,
    state: job.state,
    at,
  });
}

interface Change {
  readonly before: Job;
  readonly job: Job;
}

async function writeRun(
  trx: Trx,
  { run }: JobHandle,
  { before, job, at, reason }: Change & { readonly at: Date; readonly reason: string | undefined },
): Promise<RunRecord | undefined> {
  if (run === undefined || run.completedAt !== undefined) return run;
  const isOver = before.run !== undefined && job.run === undefined;
  if (isOver) await cutShort(trx, run.id, at);
  const isStarted = run.startedAt === undefined && !isOver && job.state !== before.state;
  return await updateRun(trx, run.id, {
    state: job.state,
    sequence: run.sequence + 1,
    pauseReason: job.pause?.reason ?? null,
    resumeAt: job.pause?.resumeAt ?? null,
    ...(isStarted ? { startedAt: at } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(isOver ? { completedAt: at } : {}),
  });
}

/** Ends what is left of a run. After one that came to its end by itself there is nothing. */
async function cutShort(trx: Trx, runId: string, at: Date): Promise<void> {
  const digests = await cancelTasksOf(trx, runId, at);
  await unmarkScansQueued(trx, digests);
  await cutImagesShort(trx, runId, at);
  await cutRepositoriesShort(trx, runId, at);
  await updateRun(trx, runId, { listingsOpen: 0 });
}

async function writeSchedule(
  trx: Trx,
  schedule: ScheduleRecord,
  { before, job, run }: Change & { readonly run: RunRecord | undefined },
): Promise<ScheduleRecord> {
  const isBaselineDone = before.run?.kind === 'baseline' && job.state === 'BaselineCompleted';
  return await updateSchedule(trx, schedule, {
    state: job.state,
    sequence: job.sequence,
    desiredState: job.desiredState ?? null,
    pauseReason: job.pause?.reason ?? null,
    resumeAt: job.pause?.resumeAt ?? null,
    isEnabled: job.enabled,
    skippedOverlaps: job.skippedOverlaps,
    runCount: job.runs,
    currentRunId: job.run === undefined ? null : (run?.id ?? null),
    ...(isBaselineDone ? { baselineVersion: run?.settingsVersion ?? schedule.settingsVersion } : {}),
  });
}

async function tell(
  trx: Trx,
  { registry, schedule, run }: JobHandle,
  { before, job, at }: Change & { readonly at: Date },
): Promise<void> {
  const kind = eventOf(before, job);
  if (kind === undefined) return;
  await recordEvents(trx, [
    {
      kind,
      at,
      namespaceId: registry.namespaceId,
      registryId: registry.id,
      scheduleId: schedule?.id,
      runId: run?.id,
      data: {
        state: job.state,
        from: before.state,
        name: schedule?.name,
        number: run?.number,
        kind: run?.kind,
        ...(job.pause === undefined ? {} : { pause: job.pause }),
        ...(run?.reason === undefined ? {} : { reason: run.reason }),
        ...(kind === 'run.skipped' ? { skippedOverlaps: job.skippedOverlaps } : {}),
        ...(run === undefined || isActive(job.state) ? {} : { counters: run.counters, errors: run.errors }),
      },
    },
  ]);
}

function eventOf(before: Job, job: Job): EventKind | undefined {
  if (job.skippedOverlaps > before.skippedOverlaps) return 'run.skipped';
  if (job.state === before.state) return undefined;
  switch (job.state) {
    case 'Queued':
    case 'BaselineQueued':
      return 'run.queued';
    case 'Running':
    case 'BaselineRunning':
      return before.state === 'Paused' ? 'run.resumed' : 'run.started';
    case 'Paused':
      return 'run.paused';
    case 'Canceled':
      return before.run === undefined ? undefined : 'run.cancelled';
    case 'Error':
    case 'Failed':
      return 'run.failed';
    case 'BaselineCompleted':
    case 'Completed':
    case 'Finished':
      return before.run === undefined ? undefined : 'run.completed';
    case 'Created':
    case 'BaselineCreated':
      return undefined;
    default:
      return job.state satisfies never;
  }
}
