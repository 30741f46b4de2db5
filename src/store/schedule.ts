/**
 * Schedules of scan jobs. Written under the lock of the registry.
 */
import type { Selectable, Updateable } from 'kysely';
import { PlimsollError } from '#base/errors.ts';
import { type Db, type Trx, toJson } from './database.ts';
import type { ScheduleTable } from './tables.ts';

/** A schedule as it is kept. */
export interface ScheduleRecord {
  readonly id: string;
  readonly registryId: string;
  readonly name: string;
  /** As in scan/schedule/settings.ts. */
  readonly settings: unknown;
  readonly settingsVersion: number;
  readonly state: string;
  readonly sequence: number;
  readonly desiredState: string | undefined;
  readonly pauseReason: string | undefined;
  readonly resumeAt: string | undefined;
  readonly isEnabled: boolean;
  /** Version of the settings whose baseline completed last. */
  readonly baselineVersion: number | undefined;
  /** As planned. */
  readonly nextDueAt: string | undefined;
  /** When it really starts. */
  readonly launchAt: string | undefined;
  readonly lastPlannedAt: string | undefined;
  readonly skippedOverlaps: number;
  readonly runCount: number;
  readonly currentRunId: string | undefined;
  readonly createdBy: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A schedule to be saved. */
export interface NewSchedule {
  readonly id: string;
  readonly registryId: string;
  readonly name: string;
  readonly settings: unknown;
  readonly state: string;
  readonly isEnabled: boolean;
  readonly createdBy: string;
  readonly at: Date;
}

/** @throws {PlimsollError} `CONFLICT` when the registry has one of that name. */
export async function insertSchedule(trx: Trx, schedule: NewSchedule): Promise<ScheduleRecord> {
  const { at, settings, ...rest } = schedule;
  await refuseTakenName(trx, schedule);
  const row = await trx
    .insertInto('schedule')
    .values({ ...rest, settings: toJson(settings), createdAt: at, updatedAt: at })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toSchedule(row);
}

export async function findSchedule(db: Db, id: string): Promise<ScheduleRecord | undefined> {
  const row = await db.selectFrom('schedule').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toSchedule(row);
}

/** @throws {PlimsollError} `NOT_FOUND`. */
export async function getSchedule(db: Db, id: string): Promise<ScheduleRecord> {
  const schedule = await findSchedule(db, id);
  if (schedule === undefined) throw new PlimsollError('NOT_FOUND', `Cannot find the scan job ${id}: there is none`);
  return schedule;
}

/** Schedules by name. */
export async function listSchedules(
  db: Db,
  {
    registryId,
    namespaceIds,
    after,
    limit,
  }: {
    readonly registryId?: string | undefined;
    readonly namespaceIds?: readonly string[] | undefined;
    readonly after?: { readonly name: string; readonly id: string } | undefined;
    readonly limit?: number | undefined;
  },
): Promise<readonly ScheduleRecord[]> {
  if (namespaceIds?.length === 0) return [];
  let select = db
    .selectFrom('schedule')
    .innerJoin('registry', 'registry.id', 'schedule.registryId')
    .selectAll('schedule');
  if (registryId !== undefined) select = select.where('schedule.registryId', '=', registryId);
  if (namespaceIds !== undefined) select = select.where('registry.namespaceId', 'in', [...namespaceIds]);
  if (after !== undefined) {
    select = select.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('schedule.name', 'schedule.id'), '>', tuple(after.name, after.id)),
    );
  }
  if (limit !== undefined) select = select.limit(limit);
  return (await select.orderBy('schedule.name').orderBy('schedule.id').execute()).map(toSchedule);
}

/** Writes columns of a schedule. @throws {PlimsollError} `CONFLICT` when a new name is taken. */
export async function updateSchedule(
  trx: Trx,
  schedule: Pick<ScheduleRecord, 'id' | 'registryId'>,
  change: Updateable<ScheduleTable>,
): Promise<ScheduleRecord> {
  if (typeof change.name === 'string') await refuseTakenName(trx, { ...schedule, name: change.name });
  const row = await trx
    .updateTable('schedule')
    .set(change)
    .where('id', '=', schedule.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toSchedule(row);
}

/** Removes a schedule; its runs stay. */
export async function deleteSchedule(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('schedule').where('id', '=', id).execute();
}

/** Schedules whose time to launch is at or before `at`, earliest first. */
export async function listDueSchedules(
  db: Db,
  at: Date,
  limit: number,
): Promise<readonly { readonly id: string; readonly registryId: string }[]> {
  return await db
    .selectFrom('schedule')
    .select(['id', 'registryId'])
    .where('launchAt', '<=', at.toISOString())
    .orderBy('launchAt')
    .limit(limit)
    .execute();
}

/** The earliest time to launch of any schedule. */
export async function nextLaunchAt(db: Db): Promise<string | undefined> {
  const row = await db
    .selectFrom('schedule')
    .select(({ fn }) => fn.min('launchAt').as('at'))
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** How many other schedules of the registry are due at the same minute. */
export async function countSameMinute(
  db: Db,
  { registryId, scheduleId, at }: { readonly registryId: string; readonly scheduleId: string; readonly at: Date },
): Promise<number> {
  const minute = Math.floor(at.getTime() / 60_000) * 60_000;
  const { count } = await db
    .selectFrom('schedule')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('registryId', '=', registryId)
    .where('id', '<>', scheduleId)
    .where('nextDueAt', '>=', new Date(minute).toISOString())
    .where('nextDueAt', '<', new Date(minute + 60_000).toISOString())
    .executeTakeFirstOrThrow();
  return Number(count);
}

async function refuseTakenName(
  trx: Trx,
  { id, registryId, name }: { readonly id: string; readonly registryId: string; readonly name: string },
): Promise<void> {
  const other = await trx
    .selectFrom('schedule')
    .select('id')
    .where('registryId', '=', registryId)
    .where('name', '=', name)
    .where('id', '<>', id)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new PlimsollError('CONFLICT', `Cannot name the scan job "${name}": the registry has one of that name`);
}

function toSchedule(row: Selectable<ScheduleTable>): ScheduleRecord {
  return {
    id: row.id,
    registryId: row.registryId,
    name: row.name,
    settings: row.settings,
    settingsVersion: row.settingsVersion,
    state: row.state,
    sequence: row.sequence,
    desiredState: row.desiredState ?? undefined,
    pauseReason: row.pauseReason ?? undefined,
    resumeAt: row.resumeAt ?? undefined,
    isEnabled: row.isEnabled,
    baselineVersion: row.baselineVersion ?? undefined,
    nextDueAt: row.nextDueAt ?? undefined,
    launchAt: row.launchAt ?? undefined,
    lastPlannedAt: row.lastPlannedAt ?? undefined,
    skippedOverlaps: row.skippedOverlaps,
    runCount: row.runCount,
    currentRunId: row.currentRunId ?? undefined,
    createdBy: row.createdBy,
    revision: row.revision,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
