/** Scan jobs and runs, as the API shows them. */
import { z } from 'zod';
import { ACTIONS, allowedActions } from '#scan/schedule/action.ts';
import { SCAN_TYPES, type ScheduleSettings, scheduleDraftSchema } from '#scan/schedule/settings.ts';
import { JOB_STATES, type JobState, showState } from '#scan/schedule/state.ts';
import type { Violation } from '#scan/schedule/violation.ts';
import { RUN_COUNTERS, type RunRecord } from '#store/run.ts';
import { RUN_IMAGE_STATES, type RunImageRecord } from '#store/run-image.ts';
import type { ScheduleRecord } from '#store/schedule.ts';

const STATES = [...(Object.keys(JOB_STATES) as JobState[]), 'Unknown' as const];
const time = z.iso.datetime().nullable();

/** Settings of a scan job, as they are given. */
export const settingsInput = scheduleDraftSchema.meta({ id: 'ScheduleSettings' });

/** Something wrong with settings, or worth knowing. */
export const violationSchema = z
  .object({ code: z.string(), field: z.string(), message: z.string(), remedy: z.string() })
  .meta({ id: 'Violation' });

/** A scan job. */
export const scheduleSchema = z
  .object({
    id: z.uuid(),
    registryId: z.uuid(),
    name: z.string(),
    scanType: z.enum(SCAN_TYPES),
    settings: z.record(z.string(), z.unknown()).describe('As ScheduleSettings, with defaults filled in'),
    settingsVersion: z.number().int(),
    state: z.enum(STATES),
    desiredState: z.string().nullable().describe('What it is on the way to: Running (cancelling…)'),
    allowedActions: z.array(z.enum(ACTIONS)),
    pauseReason: z.string().nullable(),
    resumeAt: time,
    isEnabled: z.boolean(),
    nextDueAt: time,
    lastPlannedAt: time,
    skippedOverlaps: z.number().int(),
    runCount: z.number().int(),
    currentRunId: z.uuid().nullable(),
    createdBy: z.string(),
    revision: z.number().int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Schedule' });

/** A run. */
export const runSchema = z
  .object({
    id: z.uuid(),
    registryId: z.uuid(),
    scheduleId: z.uuid().nullable(),
    number: z.number().int(),
    kind: z.enum(['baseline', 'incremental', 'forced', 'image']),
    mode: z.enum(['fresh', 'resume', 'from-the-beginning']),
    trigger: z.enum(['schedule', 'user', 'webhook', 'push']),
    isDeep: z.boolean(),
    state: z.enum(STATES),
    pauseReason: z.string().nullable(),
    resumeAt: time,
    reason: z.string().nullable(),
    plannedAt: time,
    createdAt: z.iso.datetime(),
    startedAt: time,
    listingStartedAt: time,
    listingCompletedAt: time,
    scanningStartedAt: time,
    scanningCompletedAt: time,
    completedAt: time,
    counters: z.object(
      Object.fromEntries(RUN_COUNTERS.map(name => [name, z.number().int()])) as Record<
        (typeof RUN_COUNTERS)[number],
        z.ZodNumber
      >,
    ),
    noImagesMatched: z.boolean(),
    patterns: z.array(z.unknown()).describe('Per pattern: candidates seen, matched, excluded and why'),
    errors: z.array(z.unknown()).describe('The ten newest kinds of error with their counts'),
  })
  .meta({ id: 'Run' });

/** An image of a run. */
export const runImageSchema = z
  .object({
    repository: z.string(),
    digest: z.string(),
    tags: z.array(z.string()),
    state: z.enum(RUN_IMAGE_STATES),
    attempts: z.number().int(),
    errorCode: z.string().nullable(),
    reason: z.string().nullable(),
    bytesPulled: z.number().int(),
    startedAt: time,
    endedAt: time,
  })
  .meta({ id: 'RunImage' });

export function presentSchedule(schedule: ScheduleRecord): z.output<typeof scheduleSchema> {
  const settings = schedule.settings as ScheduleSettings;
  const state = schedule.state as JobState;
  const desiredState = schedule.desiredState as JobState | undefined;
  return {
    id: schedule.id,
    registryId: schedule.registryId,
    name: schedule.name,
    scanType: settings.scanType,
    settings: { ...settings },
    settingsVersion: schedule.settingsVersion,
    state: showState({ state, scanType: settings.scanType }),
    desiredState: desiredState ?? null,
    allowedActions: [
      ...allowedActions({ state, scanType: settings.scanType, desiredState } as Parameters<typeof allowedActions>[0]),
    ],
    pauseReason: schedule.pauseReason ?? null,
    resumeAt: schedule.resumeAt ?? null,
    isEnabled: schedule.isEnabled,
    nextDueAt: schedule.launchAt ?? schedule.nextDueAt ?? null,
    lastPlannedAt: schedule.lastPlannedAt ?? null,
    skippedOverlaps: schedule.skippedOverlaps,
    runCount: schedule.runCount,
    currentRunId: schedule.currentRunId ?? null,
    createdBy: schedule.createdBy,
    revision: schedule.revision,
    createdAt: schedule.createdAt,
    updatedAt: schedule.updatedAt,
  };
}

export function presentRun(run: RunRecord): z.output<typeof runSchema> {
  return {
    id: run.id,
    registryId: run.registryId,
    scheduleId: run.scheduleId ?? null,
    number: run.number,
    kind: run.kind,
    mode: run.mode,
    trigger: run.trigger,
    isDeep: run.isDeep,
    state: showState({ state: run.state as JobState, scanType: (run.settings as ScheduleSettings).scanType }),
    pauseReason: run.pauseReason ?? null,
    resumeAt: run.resumeAt ?? null,
    reason: run.reason ?? null,
    plannedAt: run.plannedAt ?? null,
    createdAt: run.createdAt,
    startedAt: run.startedAt ?? null,
    listingStartedAt: run.listingStartedAt ?? null,
    listingCompletedAt: run.listingCompletedAt ?? null,
    scanningStartedAt: run.scanningStartedAt ?? null,
    scanningCompletedAt: run.scanningCompletedAt ?? null,
    completedAt: run.completedAt ?? null,
    counters: { ...run.counters },
    noImagesMatched: run.noImagesMatched,
    patterns: Array.isArray(run.patterns) ? run.patterns : [],
    errors: Array.isArray(run.errors) ? run.errors : [],
  };
}

export function presentRunImage(image: RunImageRecord): z.output<typeof runImageSchema> {
  const { errorCode, reason, startedAt, endedAt, tags, ...rest } = image;
  return {
    ...rest,
    tags: [...tags],
    errorCode: errorCode ?? null,
    reason: reason ?? null,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
  };
}

export function presentViolations(violations: readonly Violation[]): z.output<typeof violationSchema>[] {
  return violations.map(({ code, field, message, remedy }) => ({ code, field, message, remedy }));
}
