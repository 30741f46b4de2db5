/**
 * Tasks of sensors: what waits, what is leased and by whom, and how each ended.
 *
 * All of these but heartbeats run under the lock of the task's registry (`lockRegistry`).
 */
import { randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import type { TaskTable } from './tables.ts';

/** The channel on which servers tell each other that there may be something to lease. The payload is empty. */
export const TASK_CHANNEL = 'plimsoll_task';

/** Clocks of servers that are kept in time differ by less. */
const CLOCKS_DIFFER_MS = 60_000;

export type TaskKind = 'catalogue' | 'list' | 'scan' | 'probe';
export type TaskState = 'queued' | 'leased' | 'done' | 'failed' | 'cancelled';

/** A task as it is kept. */
export interface TaskRecord {
  readonly id: string;
  readonly kind: TaskKind;
  /** What shares a limit of the registry. */
  readonly lane: 'probe' | 'list' | 'scan';
  readonly key: string;
  readonly registryId: string;
  readonly repositoryId: number | undefined;
  readonly digest: string | undefined;
  /** As in scan/task/contract.ts. */
  readonly work: unknown;
  readonly state: TaskState;
  /** Leases so far. */
  readonly attempt: number;
  /** Failures that were tried again. */
  readonly failures: number;
  /** Leases that ran out. */
  readonly expiries: number;
  readonly sensorId: string | undefined;
  readonly leaseToken: string | undefined;
  readonly leaseUntil: string | undefined;
  readonly inventoryAt: string | undefined;
  readonly progress: unknown;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly result: unknown;
  /** Lower goes first. */
  readonly rankedAt: string;
  readonly createdAt: string;
  readonly endedAt: string | undefined;
}

/** A task to be queued. */
export interface NewTask {
  readonly kind: TaskKind;
  readonly key: string;
  readonly repositoryId?: number | undefined;
  readonly digest?: string | undefined;
  readonly work: unknown;
}

/** Who wants tasks, and how urgently. */
export interface TaskWish {
  readonly registryId: string;
  /** The run that they are for; missing when somebody waits for the result. */
  readonly runId?: string | undefined;
  readonly selector: Readonly<Record<string, string>>;
  /** Tasks of a handicap of 10 minutes more go after those that are made up to 10 minutes later. */
  readonly handicapMinutes: number;
  readonly at: Date;
}

/** Queues tasks, or joins those in flight that do the same. Task by key; `isNew` where nobody wanted it before. */
export async function wantTasks(
  trx: Trx,
  tasks: readonly NewTask[],
  { registryId, runId, selector, handicapMinutes, at }: TaskWish,
): Promise<ReadonlyMap<string, { readonly id: string; readonly state: TaskState; readonly isNew: boolean }>> {
  if (tasks.length === 0) return new Map();
  const rows = tasks.map(task => ({
    id: randomUUID(),
    kind: task.kind,
    key: task.key,
    repository: task.repositoryId,
    digest: task.digest,
    work: task.work,
  }));
  const given = toJson(rows);
  await sql`
    INSERT INTO task (id, kind, lane, key, registry_id, repository_id, digest, known_report, work, selector, state, ranked_at, not_before,
      created_at)
    SELECT t.id, t.kind, CASE t.kind WHEN 'catalogue' THEN 'list' ELSE t.kind END, t.key, ${registryId}::uuid, t.repository, t.digest, s.scanned_at, t.work, ${toJson(selector)}::jsonb, 'queued',
      ${at}::timestamptz + make_interval(mins => ${handicapMinutes}::int), ${at}::timestamptz, ${at}::timestamptz
    FROM jsonb_to_recordset(${given}::jsonb)
      AS t(id uuid, kind text, key text, repository bigint, digest text, work jsonb)
    LEFT JOIN manifest m ON m.digest = t.digest LEFT JOIN image_scan s ON s.manifest_id = m.id
    ON CONFLICT (kind, key) WHERE state IN ('queued', 'leased') DO NOTHING`.execute(trx);
  const { rows: found } = await sql<{ id: string; key: string; state: TaskState; isNew: boolean }>`
    SELECT task.id, task.key, task.state, task.id = t.id AS is_new
    FROM jsonb_to_recordset(${given}::jsonb) AS t(id uuid, kind text, key text)
    JOIN task ON task.kind = t.kind AND task.key = t.key AND task.state IN ('queued', 'leased')`.execute(trx);
  if (runId !== undefined) {
    await sql`
      INSERT INTO task_run (task_id, run_id)
      SELECT value::uuid, ${runId}::uuid FROM jsonb_array_elements_text(${toJson(found.map(({ id }) => id))}::jsonb)
      ON CONFLICT DO NOTHING`.execute(trx);
    // Whoever joins may be in more of a hurry.
    await sql`
      UPDATE task SET ranked_at = least(ranked_at, ${at}::timestamptz + make_interval(mins => ${handicapMinutes}::int))
      WHERE state = 'queued' AND id IN
        (SELECT value::uuid FROM jsonb_array_elements_text(${toJson(found.filter(({ isNew }) => !isNew).map(({ id }) => id))}::jsonb))`.execute(
      trx,
    );
  }
  await ringTasks(trx);
  return new Map(found.map(({ id, key, state, isNew }) => [key, { id, state, isNew }]));
}

/** Tells everybody who waits for a lease that there may be one, when the transaction is committed. */
export async function ringTasks(db: Db): Promise<void> {
  await sql`SELECT pg_notify(${TASK_CHANNEL}, '')`.execute(db);
}

/** A task, whatever became of it. */
export async function findTask(db: Db, id: string): Promise<TaskRecord | undefined> {
  const row = await db.selectFrom('task').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toTask(row);
}

/** The task that is leased with this token, locked; `undefined` when the lease is over. */
export async function lockLease(
  trx: Trx,
  { taskId, leaseToken }: { readonly taskId: string; readonly leaseToken: string },
): Promise<TaskRecord | undefined> {
  const row = await trx
    .selectFrom('task')
    .selectAll()
    .where('id', '=', taskId)
    .where('leaseToken', '=', leaseToken)
    .where('state', '=', 'leased')
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? undefined : toTask(row);
}

/** Ids of the runs that are not over and want a task. */
export async function listOpenRunsOf(db: Db, taskId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('taskRun')
    .innerJoin('run', 'run.id', 'taskRun.runId')
    .select('run.id')
    .where('taskRun.taskId', '=', taskId)
    .where('run.completedAt', 'is', null)
    .orderBy('run.id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Puts a leased task back to be leased again. */
export async function requeueTask(
  trx: Trx,
  id: string,
  {
    notBefore,
    counts,
    error,
  }: {
    readonly notBefore: Date;
    readonly counts?: 'failures' | 'expiries' | undefined;
    readonly error?: { readonly code: string; readonly message: string } | undefined;
  },
): Promise<void> {
  await trx
    .updateTable('task')
    .set({ state: 'queued', leaseToken: null, leaseUntil: null, sensorId: null, notBefore, progress: null })
    .$if(counts !== undefined, query =>
      query.set(eb =>
        counts === 'failures' ? { failures: eb('failures', '+', 1) } : { expiries: eb('expiries', '+', 1) },
      ),
    )
    .$if(error !== undefined, query =>
      query.set({ errorCode: error?.code ?? null, errorMessage: error?.message ?? null }),
    )
    .where('id', '=', id)
    .execute();
  await ringTasks(trx);
}

/** Ends a task, leased or not. */
export async function endTask(
  trx: Trx,
  id: string,
  {
    state,
    at,
    error,
    result,
    progress,
  }: {
    readonly state: 'done' | 'failed' | 'cancelled';
    readonly at: Date;
    readonly error?: { readonly code: string; readonly message: string } | undefined;
    readonly result?: unknown;
    readonly progress?: unknown;
  },
): Promise<void> {
  await trx
    .updateTable('task')
    .set({
      state,
      leaseToken: null,
      leaseUntil: null,
      endedAt: at,
      errorCode: error?.code ?? null,
      errorMessage: error?.message ?? null,
      ...(result === undefined ? {} : { result: toJson(result) }),
      ...(progress === undefined ? {} : { progress: toJson(progress) }),
    })
    .where('id', '=', id)
    .execute();
  // A freed slot, or a digest that nobody reads any more.
  await ringTasks(trx);
}

/** Cancels the tasks of a run that no other open run wants. Returns the digests of scans among them. */
export async function cancelTasksOf(trx: Trx, runId: string, at: Date): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string; digest: string | null }>`
    UPDATE task SET state = 'cancelled', lease_token = NULL, lease_until = NULL, ended_at = ${at}
    WHERE state IN ('queued', 'leased')
      AND id IN (SELECT task_id FROM task_run WHERE run_id = ${runId})
      AND NOT EXISTS (
        SELECT 1 FROM task_run o JOIN run r ON r.id = o.run_id
        WHERE o.task_id = task.id AND o.run_id <> ${runId} AND r.completed_at IS NULL)
    RETURNING id, digest`.execute(trx);
  await sql`
    DELETE FROM task_tag WHERE task_id IN (SELECT value::uuid FROM jsonb_array_elements_text(
      ${toJson(rows.filter(({ digest }) => digest === null).map(({ id }) => id))}::jsonb))`.execute(trx);
  await ringTasks(trx);
  return rows.flatMap(({ digest }) => digest ?? []);
}

/** What a heartbeat says of a lease. */
export interface LeaseReport {
  readonly id: string;
  readonly leaseToken: string;
  readonly progress: unknown;
}

/** Makes leases last until `until`. Ids of those that are over: cancelled, ended, or somebody else's. */
export async function extendLeases(
  trx: Trx,
  {
    sensorId,
    reports,
    until,
  }: { readonly sensorId: string; readonly reports: readonly LeaseReport[]; readonly until: Date },
): Promise<readonly string[]> {
  if (reports.length === 0) return [];
  const given = sql`jsonb_to_recordset(${toJson(reports)}::jsonb) AS r(id uuid, "leaseToken" uuid, progress jsonb)`;
  const isHeld = sql`task.id = r.id AND task.lease_token = r."leaseToken" AND task.sensor_id = ${sensorId}
    AND task.state = 'leased'`;
  const { rows: held } = await sql<{ id: string }>`SELECT task.id FROM task JOIN ${given} ON ${isHeld}`.execute(trx);
  // A row that somebody holds is about to end, or to be read: waiting for it could be waiting in a circle.
  const { rows: locked } = await sql<{ id: string }>`
    SELECT task.id FROM task JOIN ${given} ON ${isHeld} ORDER BY task.id FOR UPDATE OF task SKIP LOCKED`.execute(trx);
  await sql`
    UPDATE task SET lease_until = ${until}, progress = r.progress FROM ${given}
    WHERE ${isHeld} AND task.id IN (SELECT value::uuid FROM jsonb_array_elements_text(
      ${toJson(locked.map(({ id }) => id))}::jsonb))`.execute(trx);
  const holds = new Set(held.map(({ id }) => id));
  return reports.filter(({ id }) => !holds.has(id)).map(({ id }) => id);
}

/** Leases that ran out before `at`, oldest first. */
export async function listExpiredLeases(
  db: Db,
  at: Date,
  limit: number,
): Promise<readonly { readonly id: string; readonly registryId: string; readonly leaseToken: string }[]> {
  const rows = await db
    .selectFrom('task')
    .select(['id', 'registryId', 'leaseToken'])
    .where('state', '=', 'leased')
    .where('leaseUntil', '<', at.toISOString())
    .orderBy('leaseUntil')
    .limit(limit)
    .execute();
  return rows.map(({ id, registryId, leaseToken }) => ({ id, registryId, leaseToken: leaseToken ?? '' }));
}

/** Shortens leases that a clock, since set back, has made longer than `leaseMs` from now. Servers whose clocks differ by a minute do no harm. */
export async function shortenLeases(db: Db, at: Date, leaseMs: number): Promise<void> {
  await db
    .updateTable('task')
    .set({ leaseUntil: new Date(at.getTime() + leaseMs) })
    .where('state', '=', 'leased')
    .where('leaseUntil', '>', new Date(at.getTime() + leaseMs + CLOCKS_DIFFER_MS).toISOString())
    .execute();
}

/** Removes tasks that ended before `before`, at most `limit`. Returns how many. */
export async function removeOldTasks(db: Db, before: Date, limit: number): Promise<number> {
  const result = await db
    .deleteFrom('task')
    .where('id', 'in', eb =>
      eb.selectFrom('task').select('id').where('endedAt', '<', before.toISOString()).orderBy('endedAt').limit(limit),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** A row as a record. */
export function toTask(row: Selectable<TaskTable>): TaskRecord {
  return {
    id: row.id,
    kind: row.kind as TaskKind,
    lane: row.lane as TaskRecord['lane'],
    key: row.key,
    registryId: row.registryId,
    repositoryId: row.repositoryId ?? undefined,
    digest: row.digest ?? undefined,
    work: row.work,
    state: row.state as TaskState,
    attempt: row.attempt,
    failures: row.failures,
    expiries: row.expiries,
    sensorId: row.sensorId ?? undefined,
    leaseToken: row.leaseToken ?? undefined,
    leaseUntil: row.leaseUntil ?? undefined,
    inventoryAt: row.inventoryAt ?? undefined,
    progress: row.progress ?? undefined,
    errorCode: row.errorCode ?? undefined,
    errorMessage: row.errorMessage ?? undefined,
    result: row.result ?? undefined,
    rankedAt: row.rankedAt,
    createdAt: row.createdAt,
    endedAt: row.endedAt ?? undefined,
  };
}
