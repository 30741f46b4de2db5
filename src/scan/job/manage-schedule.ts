/**
 * What people do with scan jobs: save, edit, launch, hold, stop and remove them. Each change is one transaction with its events and its entry
 * in the audit log.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import { type Trx, toJson } from '#store/database.ts';
import { getRegistry, lockRegistry, noRegistry } from '#store/registry.ts';
import {
  deleteSchedule as deleteStored,
  findSchedule,
  getSchedule,
  insertSchedule,
  type ScheduleRecord,
  updateSchedule as updateStored,
} from '#store/schedule.ts';
import { ringTasks } from '#store/task.ts';
import { inTransaction } from '#store/transaction.ts';
import { createJob, type RunMode } from '../schedule/job-reducer.ts';
import { firstRun, replan, toCadence } from '../schedule/recurrence.ts';
import type { ScheduleSettings } from '../schedule/settings.ts';
import { describeChange, type SettingsChange } from '../schedule/settings-change.ts';
import type { JobState } from '../schedule/state.ts';
import type { Violation } from '../schedule/violation.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, type JobHandle, loadSchedule, settingsOf } from './job-state.ts';
import { launchBy, launchDue, planLaunch } from './launch.ts';
import { requireConnected } from './require-connected.ts';
import { advanceRun } from './run-progress.ts';
import { checkSettings } from './schedule-facts.ts';

/** A schedule after a change, and what people should know. */
export interface SavedSchedule {
  readonly schedule: ScheduleRecord;
  readonly warnings: readonly Violation[];
}

/**
 * Saves a schedule. An On Demand one runs at once, an Automatic one when it is first due, which may be now.
 * @throws {ViolationError} `SCHEDULE_INVALID`. @throws {PlimsollError} `NOT_FOUND`, `CONFLICT` for a name that is taken.
 */
export async function createSchedule(
  context: JobContext,
  { registryId, input, actor }: { readonly registryId: string; readonly input: unknown; readonly actor: Actor },
): Promise<SavedSchedule> {
  const { store, now } = context;
  const known = await getRegistry(store.db, registryId);
  requireConnected(known, 'schedule scans of');
  const { settings, warnings } = await checkSettings(context, known, input);
  const schedule = await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, registryId);
    if (registry === undefined || registry.removedAt !== undefined) throw noRegistry(registryId);
    const at = now();
    const saved = await insertSchedule(trx, {
      id: randomUUID(),
      registryId,
      name: settings.name,
      settings,
      state: createJob(settings).state,
      isEnabled: settings.enabled,
      createdBy: actor.name,
      at,
    });
    await recordAudit(trx, {
      at,
      actor,
      action: 'schedule.create',
      namespaceId: registry.namespaceId,
      subjectKind: 'schedule',
      subjectId: saved.id,
      detail: { name: settings.name, registry: registry.name },
    });
    await startNew(trx, context, { registry, schedule: saved, run: undefined }, at);
    return await getSchedule(trx, saved.id);
  });
  return { schedule, warnings };
}

/**
 * What an edit would mean, before it is saved.
 * @throws {ViolationError} `SCHEDULE_INVALID`, or `CONFLICT` where no edit is allowed.
 */
export async function previewUpdate(
  context: JobContext,
  { id, input }: { readonly id: string; readonly input: unknown },
): Promise<{ readonly change: SettingsChange; readonly warnings: readonly Violation[] }> {
  const schedule = await getSchedule(context.store.db, id);
  const registry = await getRegistry(context.store.db, schedule.registryId);
  const before = settingsOf(schedule);
  const existing = { settings: before, state: schedule.state as JobState };
  const { settings, warnings } = await checkSettings(context, registry, input, existing);
  return { change: describeChange(before, settings), warnings };
}

/**
 * Edits a schedule. `ifRevision`: only when it is still that one.
 * @throws {ViolationError} `SCHEDULE_INVALID`, or `CONFLICT` where no edit is allowed. @throws {PlimsollError} `VERSION_CONFLICT`.
 */
export async function updateSchedule(
  context: JobContext,
  {
    id,
    input,
    ifRevision,
    actor,
  }: { readonly id: string; readonly input: unknown; readonly ifRevision?: number | undefined; readonly actor: Actor },
): Promise<SavedSchedule> {
  const { db } = context.store;
  const known = await getSchedule(db, id);
  const registry = await getRegistry(db, known.registryId);
  const existing = { settings: settingsOf(known), state: known.state as JobState };
  const { settings, warnings } = await checkSettings(context, registry, input, existing);
  const schedule = await changeSchedule(context, { id, actor, action: 'schedule.update' }, async (trx, handle, at) => {
    const { revision } = handle.schedule;
    if (revision !== (ifRevision ?? known.revision)) {
      throw new PlimsollError('VERSION_CONFLICT', `Cannot save the scan job ${id}: it was changed since you read it`);
    }
    await writeSettings(trx, context, handle, { settings, at });
  });
  return { schedule, warnings };
}

/** Lets due times launch runs again, or pass by. Nothing when it is so already. */
export async function setScheduleEnabled(
  context: JobContext,
  { id, isEnabled, actor }: { readonly id: string; readonly isEnabled: boolean; readonly actor: Actor },
): Promise<ScheduleRecord> {
  const kind = isEnabled ? 'enabled' : 'disabled';
  return await changeSchedule(context, { id, actor, action: `schedule.${kind}` }, async (trx, handle, at) => {
    const applied = await applyToJob(trx, handle, { kind }, { at });
    if (applied.kind === 'dropped') return;
    const settings = { ...settingsOf(handle.schedule), enabled: isEnabled };
    await updateStored(trx, handle.schedule, {
      settings: toJson(settings),
      revision: handle.schedule.revision + 1,
      updatedAt: at,
    });
  });
}

/** Stops the active run, at once. The schedule stays, and so does its next due time. @throws {ViolationError} `CONFLICT`. */
export async function cancelSchedule(context: JobContext, { id, actor }: Wish): Promise<ScheduleRecord> {
  return await changeSchedule(context, { id, actor, action: 'schedule.cancel' }, async (trx, handle, at) => {
    const reason = `Cancelled by ${actor.name}`;
    await applyToJob(trx, handle, { kind: 'cancel', hasWorkInHand: false }, { at, reason });
  });
}

/** Holds the active run: what sensors have in hand ends, nothing more is leased. @throws {ViolationError} `CONFLICT`. */
export async function pauseSchedule(context: JobContext, { id, actor }: Wish): Promise<ScheduleRecord> {
  return await changeSchedule(context, { id, actor, action: 'schedule.pause' }, async (trx, handle, at) => {
    await applyToJob(trx, handle, { kind: 'pause' }, { at });
  });
}

/** Lets a run go on that is held, whoever or whatever held it. @throws {ViolationError} `CONFLICT`. */
export async function resumeSchedule(context: JobContext, { id, actor }: Wish): Promise<ScheduleRecord> {
  return await changeSchedule(context, { id, actor, action: 'schedule.resume' }, async (trx, handle, at) => {
    await applyToJob(trx, handle, { kind: 'resume' }, { at });
    await ringTasks(trx);
    if (handle.run !== undefined) await advanceRun(trx, handle.registry, handle.run.id, at);
  });
}

/** Launches a run besides the planned ones. `isDeep`: layers are read again. @throws {ViolationError} `CONFLICT` while one is active. */
export async function runScheduleNow(
  context: JobContext,
  { id, isDeep = false, actor }: Wish & { readonly isDeep?: boolean | undefined },
): Promise<ScheduleRecord> {
  return await changeSchedule(context, { id, actor, action: 'schedule.run-now' }, async (trx, handle, at) => {
    const launch = { trigger: 'user' as const, plannedAt: undefined, isDeep };
    await launchBy(trx, handle, { kind: 'run-now' }, { at, launch });
  });
}

/** Continues the last run where it was cut short, or repeats it. @throws {ViolationError} `CONFLICT` while a run is active. */
export async function restartSchedule(
  context: JobContext,
  {
    id,
    mode = 'resume',
    isDeep = false,
    actor,
  }: Wish & { readonly mode?: Exclude<RunMode, 'fresh'> | undefined; readonly isDeep?: boolean | undefined },
): Promise<ScheduleRecord> {
  return await changeSchedule(context, { id, actor, action: 'schedule.restart' }, async (trx, handle, at) => {
    const launch = { trigger: 'user' as const, plannedAt: undefined, isDeep };
    await launchBy(trx, handle, { kind: 'restart', mode }, { at, launch });
  });
}

/** Removes a schedule; its runs, images and reports stay. @throws {ViolationError} `CONFLICT` while it runs. */
export async function deleteSchedule(context: JobContext, { id, actor }: Wish): Promise<void> {
  await changeSchedule(context, { id, actor, action: 'schedule.delete' }, async (trx, handle, at) => {
    await deleteIn(trx, handle, { at, actor });
  });
}

/** Removes a schedule in a transaction of the caller's. */
export async function deleteIn(
  trx: Trx,
  handle: JobHandle & { readonly schedule: ScheduleRecord },
  { at, actor }: { readonly at: Date; readonly actor: Actor },
): Promise<void> {
  await applyToJob(trx, handle, { kind: 'delete' }, { at, reason: `Its job was removed by ${actor.name}` });
  await deleteStored(trx, handle.schedule.id);
}

/** A schedule, and who wants something of it. */
export interface Wish {
  readonly id: string;
  readonly actor: Actor;
}

/** Runs a change under the lock of the registry, with its entry in the audit log. Returns the schedule after it, or as it was last. */
async function changeSchedule(
  { store, now }: JobContext,
  { id, actor, action }: Wish & { readonly action: string },
  change: (trx: Trx, handle: JobHandle & { readonly schedule: ScheduleRecord }, at: Date) => Promise<void>,
): Promise<ScheduleRecord> {
  const { registryId } = await getSchedule(store.db, id);
  return await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, registryId);
    if (registry === undefined) throw noRegistry(registryId);
    const handle = await loadSchedule(trx, registry, id);
    const schedule = handle?.schedule ?? (await getSchedule(trx, id));
    const at = now();
    await change(trx, { registry, run: handle?.run, schedule }, at);
    await recordAudit(trx, {
      at,
      actor,
      action,
      namespaceId: registry.namespaceId,
      subjectKind: 'schedule',
      subjectId: id,
      detail: { name: schedule.name },
    });
    return (await findSchedule(trx, id)) ?? schedule;
  });
}

async function startNew(
  trx: Trx,
  context: JobContext,
  handle: JobHandle & { readonly schedule: ScheduleRecord },
  at: Date,
): Promise<void> {
  const { recurrence } = settingsOf(handle.schedule);
  const cadence = toCadence(recurrence);
  if (cadence === undefined) {
    const launch = { trigger: 'user' as const, plannedAt: at, isDeep: false };
    await launchBy(trx, handle, { kind: 'due' }, { at, launch });
    return;
  }
  const first = firstRun(cadence, at, { runBaselineNow: recurrence.runBaselineNow });
  const planned =
    first.getTime() <= at.getTime()
      ? { nextDueAt: first, launchAt: first }
      : await planLaunch(trx, context, handle.schedule, first);
  const schedule = await updateStored(trx, handle.schedule, planned);
  await launchDue(trx, context, { ...handle, schedule }, at);
}

async function writeSettings(
  trx: Trx,
  context: JobContext,
  handle: JobHandle & { readonly schedule: ScheduleRecord },
  { settings, at }: { readonly settings: ScheduleSettings; readonly at: Date },
): Promise<void> {
  const { schedule } = handle;
  const { bumpsVersion, replans } = describeChange(settingsOf(schedule), settings);
  const { scanType, scanAllImages, enabled, name } = settings;
  await applyToJob(trx, handle, { kind: 'updated', scanType, scanAllImages, enabled }, { at });
  const saved = await updateStored(trx, schedule, {
    name,
    settings: toJson(settings),
    settingsVersion: schedule.settingsVersion + (bumpsVersion ? 1 : 0),
    revision: schedule.revision + 1,
    updatedAt: at,
  });
  if (!replans) return;
  const cadence = toCadence(settings.recurrence);
  const last = schedule.lastPlannedAt === undefined ? undefined : new Date(schedule.lastPlannedAt);
  const next = cadence === undefined ? undefined : replan(cadence, last, at);
  await updateStored(
    trx,
    saved,
    next === undefined ? { nextDueAt: null, launchAt: null } : await planLaunch(trx, context, saved, next),
  );
}
