/**
 * Handing tasks to a sensor: fairly over registries, within every limit, each to one sensor only.
 *
 * Leases are given one after the other (a lock of the whole database, held for milliseconds), so that limits hold across servers. Registries
 * that somebody is just changing are passed over, never waited for.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Trx, toJson } from './database.ts';
import { lockFreeRegistries, type RegistryRecord } from './registry.ts';
import { clearStaged } from './tag.ts';
import { type TaskRecord, toTask } from './task.ts';

/** Who asks for tasks. */
export interface LeaseRequest {
  readonly sensorId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Tasks that the sensor works on at a time; those that it has count. */
  readonly concurrency: number;
  readonly count: number;
  readonly at: Date;
  readonly leaseMs: number;
}

/** A task with the registry that it is about. */
export interface LeasedRow {
  readonly task: TaskRecord;
  readonly registry: RegistryRecord;
}

/** Any number that nothing else locks. */
const LEASE_LOCK = 7_242_001;
/** Tests of a connection are short, and people wait for them. */
const MAX_PROBES = 4;
/** Registries looked at for one request. */
const MAX_REGISTRIES = 200;

type Class = 'probe' | 'list' | 'scan';
const CLASS_OF = sql<Class>`CASE kind WHEN 'scan' THEN 'scan' WHEN 'probe' THEN 'probe' ELSE 'list' END`;

/** Picks tasks that may be leased now, best first, and locks their registries; nothing is changed yet. */
export async function pickTasks(trx: Trx, request: LeaseRequest): Promise<readonly LeasedRow[]> {
  await sql`SELECT pg_advisory_xact_lock(${LEASE_LOCK})`.execute(trx);
  const { rows: inFlight } = await sql<{ registryId: string; class: Class; count: number; own: number }>`
    SELECT registry_id, ${CLASS_OF} AS class, count(*)::int AS count,
      (count(*) FILTER (WHERE sensor_id = ${request.sensorId}))::int AS own
    FROM task WHERE state = 'leased' GROUP BY 1, 2`.execute(trx);
  const own = inFlight.reduce((sum, row) => sum + row.own, 0);
  const free = Math.min(request.count, request.concurrency - own);
  if (free <= 0) return [];
  const registries = await lockFreeRegistries(trx, { ...request, limit: MAX_REGISTRIES });
  const queues: { slot: number; rankedAt: number; row: LeasedRow }[] = [];
  for (const registry of registries) {
    const limits = { probe: MAX_PROBES, list: registry.maxListings, scan: registry.maxScans };
    const counts = inFlight.filter(({ registryId }) => registryId === registry.id);
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    const found: LeasedRow[] = [];
    for (const name of ['probe', 'list', 'scan'] as const) {
      const used = counts.find(row => row.class === name)?.count ?? 0;
      const room = Math.min(limits[name] - used, free);
      const tasks = room <= 0 ? [] : await candidates(trx, { registryId: registry.id, name, room, request });
      found.push(...tasks.map(task => ({ task, registry })));
    }
    const ranked = found.map(row => ({ row, rankedAt: Date.parse(row.task.rankedAt) }));
    ranked.sort((a, b) => classOrder(a.row) - classOrder(b.row) || a.rankedAt - b.rankedAt);
    queues.push(...ranked.map((one, place) => ({ ...one, slot: total + place })));
  }
  // Round robin: who has least in hand goes first; among equals who has waited longest.
  queues.sort((a, b) => a.slot - b.slot || a.rankedAt - b.rankedAt);
  // Two may be for one image: in two registries, or wanted with different labels.
  const digests = new Set<string>();
  const picked: LeasedRow[] = [];
  for (const { row } of queues) {
    const { digest } = row.task;
    if (digest !== undefined && digests.has(digest)) continue;
    if (digest !== undefined) digests.add(digest);
    picked.push(row);
    if (picked.length === free) break;
  }
  return picked;
}

/** Gives picked tasks to a sensor. Each has a new token; what earlier attempts at a listing left is forgotten. */
export async function markLeased(
  trx: Trx,
  tasks: readonly TaskRecord[],
  { sensorId, at, leaseMs }: Pick<LeaseRequest, 'sensorId' | 'at' | 'leaseMs'>,
): Promise<readonly TaskRecord[]> {
  if (tasks.length === 0) return [];
  await clearStaged(
    trx,
    tasks.filter(({ kind }) => kind !== 'scan').map(({ id }) => id),
  );
  const leased: TaskRecord[] = [];
  for (const { id } of tasks) {
    const row = await trx
      .updateTable('task')
      .set({
        state: 'leased',
        leaseToken: randomUUID(),
        leasedAt: at,
        leaseUntil: new Date(at.getTime() + leaseMs),
        sensorId,
      })
      .set(eb => ({ attempt: eb('attempt', '+', 1) }))
      .where('id', '=', id)
      .where('state', '=', 'queued')
      .returningAll()
      .executeTakeFirst();
    if (row !== undefined) leased.push(toTask(row));
  }
  return leased;
}

/** When the next task that waits for its time may be leased; `undefined` when none does. */
export async function nextNotBefore(trx: Trx, after: Date): Promise<Date | undefined> {
  const row = await trx
    .selectFrom('task')
    .select(({ fn }) => fn.min('notBefore').as('at'))
    .where('state', '=', 'queued')
    .where('notBefore', '>', after.toISOString())
    .executeTakeFirst();
  return row?.at === undefined || row.at === null ? undefined : new Date(row.at);
}

async function candidates(
  trx: Trx,
  {
    registryId,
    name,
    room,
    request,
  }: { readonly registryId: string; readonly name: Class; readonly room: number; readonly request: LeaseRequest },
): Promise<readonly TaskRecord[]> {
  let select = trx
    .selectFrom('task as t')
    .selectAll()
    .where('t.registryId', '=', registryId)
    .where('t.state', '=', 'queued')
    .where(sql<boolean>`(t.kind = 'scan')`, '=', name === 'scan')
    .where('t.notBefore', '<=', request.at.toISOString())
    .where(sql<boolean>`t.selector <@ ${toJson(request.labels)}::jsonb`)
    // Tasks of runs that are all held wait with them.
    .where(
      sql<boolean>`(NOT EXISTS (SELECT 1 FROM task_run x WHERE x.task_id = t.id) OR EXISTS (
        SELECT 1 FROM task_run x JOIN run r ON r.id = x.run_id
        WHERE x.task_id = t.id AND r.completed_at IS NULL AND r.state <> 'Paused'))`,
    );
  if (name === 'scan') {
    select = select.where(
      sql<boolean>`NOT EXISTS (
        SELECT 1 FROM task o WHERE o.kind = 'scan' AND o.state = 'leased' AND o.digest = t.digest)`,
    );
  } else {
    select = select.where('t.kind', name === 'probe' ? '=' : '<>', 'probe');
  }
  const rows = await select.orderBy('t.rankedAt').orderBy('t.id').limit(room).execute();
  return rows.map(toTask);
}

function classOrder({ task }: LeasedRow): number {
  return task.kind === 'probe' ? 0 : task.kind === 'scan' ? 2 : 1;
}
