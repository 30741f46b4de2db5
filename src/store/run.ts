/**
 * Runs of scan jobs, and their counters. Written under the lock of the registry; a constraint keeps the counters adding up.
 */
import { type Selectable, sql, type Updateable } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import { isDue } from './due.ts';
import type { RunTable } from './tables.ts';

export type StoredRunKind = 'baseline' | 'incremental' | 'forced' | 'image';
export type StoredRunMode = 'fresh' | 'resume' | 'from-the-beginning';
export type RunTrigger = 'schedule' | 'user' | 'webhook' | 'push';

/** The columns that count. */
export const RUN_COUNTERS = [
  'repositoriesListed',
  'tagsSeen',
  'tagsMatched',
  'digestsSelected',
  'digestsSkippedKnown',
  'digestsSkippedPlatform',
  'digestsSkippedNotScannable',
  'digestsQueued',
  'digestsRunning',
  'digestsScanned',
  'digestsFailed',
  'digestsNotReached',
  'bytesPulled',
  'pullsCounted',
] as const;
export type RunCounter = (typeof RUN_COUNTERS)[number];

/** A run as it is kept. */
export interface RunRecord {
  readonly id: string;
  readonly registryId: string;
  /** Missing for one image asked for by itself, and when the schedule was removed. */
  readonly scheduleId: string | undefined;
  readonly number: number;
  readonly kind: StoredRunKind;
  readonly mode: StoredRunMode;
  readonly previousRunId: string | undefined;
  readonly trigger: RunTrigger;
  /** As they were at the start: scan/schedule/settings.ts. */
  readonly settings: unknown;
  readonly settingsVersion: number;
  readonly isDeep: boolean;
  readonly state: string;
  readonly sequence: number;
  readonly pauseReason: string | undefined;
  readonly resumeAt: string | undefined;
  readonly reason: string | undefined;
  readonly plannedAt: string | undefined;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly listingStartedAt: string | undefined;
  readonly listingCompletedAt: string | undefined;
  readonly scanningStartedAt: string | undefined;
  readonly scanningCompletedAt: string | undefined;
  readonly completedAt: string | undefined;
  readonly progressAt: string | undefined;
  readonly listingsOpen: number;
  readonly counters: Readonly<Record<RunCounter, number>>;
  readonly patterns: unknown;
  readonly noImagesMatched: boolean;
  readonly errors: unknown;
}

/** A run to be launched. */
export interface NewRun {
  readonly id: string;
  readonly registryId: string;
  readonly scheduleId: string | undefined;
  readonly number: number;
  readonly kind: StoredRunKind;
  readonly mode: StoredRunMode;
  readonly previousRunId: string | undefined;
  readonly trigger: RunTrigger;
  readonly settings: unknown;
  readonly settingsVersion: number;
  readonly isDeep: boolean;
  readonly state: string;
  readonly plannedAt: Date | undefined;
  readonly at: Date;
}

export async function insertRun(trx: Trx, run: NewRun): Promise<RunRecord> {
  const { at, settings, scheduleId, previousRunId, plannedAt, ...rest } = run;
  const row = await trx
    .insertInto('run')
    .values({
      ...rest,
      scheduleId: scheduleId ?? null,
      previousRunId: previousRunId ?? null,
      plannedAt: plannedAt ?? null,
      settings: toJson(settings),
      patterns: toJson([]),
      errors: toJson([]),
      createdAt: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRun(row);
}

/** A run, over or not. */
export async function findRun(db: Db, id: string): Promise<RunRecord | undefined> {
  const row = await db.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toRun(row);
}

/** Which runs to list, latest first. */
export interface RunQuery {
  readonly registryId?: string | undefined;
  readonly scheduleId?: string | undefined;
  /** Missing: of all namespaces. */
  readonly namespaceIds?: readonly string[] | undefined;
  readonly before?: { readonly createdAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

export async function listRuns(
  db: Db,
  { registryId, scheduleId, namespaceIds, before, limit }: RunQuery,
): Promise<readonly RunRecord[]> {
  if (namespaceIds?.length === 0) return [];
  let select = db.selectFrom('run').innerJoin('registry', 'registry.id', 'run.registryId').selectAll('run');
  if (registryId !== undefined) select = select.where('run.registryId', '=', registryId);
  if (scheduleId !== undefined) select = select.where('run.scheduleId', '=', scheduleId);
  if (namespaceIds !== undefined) select = select.where('registry.namespaceId', 'in', [...namespaceIds]);
  if (before !== undefined) {
    select = select.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('run.createdAt', 'run.id'), '<', tuple(before.createdAt, before.id)),
    );
  }
  const rows = await select.orderBy('run.createdAt', 'desc').orderBy('run.id', 'desc').limit(limit).execute();
  return rows.map(toRun);
}

/** Runs of a registry that are not over. */
export async function listOpenRuns(db: Db, registryId: string): Promise<readonly RunRecord[]> {
  const rows = await db
    .selectFrom('run')
    .selectAll()
    .where('registryId', '=', registryId)
    .where('completedAt', 'is', null)
    .orderBy('createdAt')
    .execute();
  return rows.map(toRun);
}

/** The last run of a schedule that is over, other than `exceptId`. */
export async function findLastRun(db: Db, scheduleId: string, exceptId?: string): Promise<RunRecord | undefined> {
  let select = db
    .selectFrom('run')
    .selectAll()
    .where('scheduleId', '=', scheduleId)
    .where('completedAt', 'is not', null);
  if (exceptId !== undefined) select = select.where('id', '<>', exceptId);
  const row = await select.orderBy('number', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? undefined : toRun(row);
}

/** Writes columns of a run. */
export async function updateRun(trx: Trx, id: string, change: Updateable<RunTable>): Promise<RunRecord> {
  const row = await trx.updateTable('run').set(change).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
  return toRun(row);
}

/** Adds to counters, and to the listings that are open; what is negative is taken off. */
export async function addToRun(
  trx: Trx,
  id: string,
  change: Readonly<Partial<Record<RunCounter | 'listingsOpen', number>>>,
): Promise<void> {
  const entries = (Object.entries(change) as [RunCounter | 'listingsOpen', number][]).filter(([, by]) => by !== 0);
  if (entries.length === 0) return;
  await trx
    .updateTable('run')
    .set(eb => Object.fromEntries(entries.map(([column, by]) => [column, eb(column, '+', by)])))
    .where('id', '=', id)
    .execute();
}

/** Sets the first of these dates that is not set yet. */
export async function startPhase(
  trx: Trx,
  ids: readonly string[],
  phase: 'listingStartedAt' | 'scanningStartedAt',
  at: Date,
): Promise<void> {
  if (ids.length === 0) return;
  await trx
    .updateTable('run')
    .set({ [phase]: at })
    .where('id', 'in', [...ids])
    .where(phase, 'is', null)
    .execute();
}

/** Runs whose pause ends by itself, at or before `at`. */
export async function listDuePauses(
  db: Db,
  at: Date,
): Promise<readonly { readonly id: string; readonly registryId: string }[]> {
  return await db
    .selectFrom('run')
    .select(['id', 'registryId'])
    .where('state', '=', 'Paused')
    .where('pauseReason', '<>', 'user')
    .where('completedAt', 'is', null)
    .where(isDue('resume_at', at))
    .orderBy('resumeAt')
    .limit(1000)
    .execute();
}

/** Whether every sensor that holds a task of the run has been silent since `silentSince`; false when none holds one. */
export async function isSensorSilent(db: Db, runId: string, silentSince: Date): Promise<boolean> {
  const { rows } = await sql<{ isSilent: boolean | null }>`
    SELECT bool_and(coalesce(s.last_heartbeat_at, s.created_at, 'epoch') < ${silentSince}) AS is_silent
    FROM task_run x JOIN task t ON t.id = x.task_id LEFT JOIN sensor s ON s.id = t.sensor_id
    WHERE x.run_id = ${runId} AND t.state = 'leased'`.execute(db);
  return rows[0]?.isSilent ?? false;
}

/** A row as a record. */
function toRun(row: Selectable<RunTable>): RunRecord {
  return {
    id: row.id,
    registryId: row.registryId,
    scheduleId: row.scheduleId ?? undefined,
    number: row.number,
    kind: row.kind as StoredRunKind,
    mode: row.mode as StoredRunMode,
    previousRunId: row.previousRunId ?? undefined,
    trigger: row.trigger as RunTrigger,
    settings: row.settings,
    settingsVersion: row.settingsVersion,
    isDeep: row.isDeep,
    state: row.state,
    sequence: row.sequence,
    pauseReason: row.pauseReason ?? undefined,
    resumeAt: row.resumeAt ?? undefined,
    reason: row.reason ?? undefined,
    plannedAt: row.plannedAt ?? undefined,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    listingStartedAt: row.listingStartedAt ?? undefined,
    listingCompletedAt: row.listingCompletedAt ?? undefined,
    scanningStartedAt: row.scanningStartedAt ?? undefined,
    scanningCompletedAt: row.scanningCompletedAt ?? undefined,
    completedAt: row.completedAt ?? undefined,
    progressAt: row.progressAt ?? undefined,
    listingsOpen: row.listingsOpen,
    counters: Object.fromEntries(RUN_COUNTERS.map(key => [key, row[key]])) as Record<RunCounter, number>,
    patterns: row.patterns,
    noImagesMatched: row.noImagesMatched,
    errors: row.errors,
  };
}
