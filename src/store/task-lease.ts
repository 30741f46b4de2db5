/**
 * Handing tasks to a sensor: fairly over registries, within every limit, each to one sensor only.
 *
 * Leases are given one after the other (a lock of the whole database, held for milliseconds), so that limits hold across servers. Registries
 * that somebody is just changing are passed over, never waited for.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { type Trx, toJson } from './database.ts';
import { isDue } from './due.ts';
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

const LANES = ['probe', 'list', 'scan'] as const;
type Lane = (typeof LANES)[number];

/** Picks tasks that may be leased now, best first, and locks their registries; nothing is changed yet. */
export async function pickTasks(trx: Trx, request: LeaseRequest): Promise<readonly LeasedRow[]> {
  await sql`SELECT pg_advisory_xact_lock(${LEASE_LOCK})`.execute(trx);
  const { rows: inFlight } = await sql<{ registryId: string; lane: Lane; count: number; own: number }>`
    SELECT registry_id, lane, count(*)::int AS count,
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
    for (const lane of LANES) {
      const used = counts.find(row => row.lane === lane)?.count ?? 0;
      const room = Math.min(limits[lane] - used, free);
      const tasks = room <= 0 ? [] : await candidates(trx, { registryId: registry.id, lane, room, request });
      found.push(...tasks.map(task => ({ task, registry })));
    }
    const ranked = found.map(row => ({ row, rankedAt: Date.parse(row.task.rankedAt) }));
    ranked.sort((a, b) => laneOrder(a.row) - laneOrder(b.row) || a.rankedAt - b.rankedAt);
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

/** Tasks of a lane that may be leased, in the order of their rank. */
async function candidates(
  trx: Trx,
  {
    registryId,
    lane,
    room,
    request,
  }: { readonly registryId: string; readonly lane: Lane; readonly room: number; readonly request: LeaseRequest },
): Promise<readonly TaskRecord[]> {
  const isHeld = await heldFilter(trx, registryId);
  const busy = lane === 'scan' ? await digestsBeingRead(trx) : [];
  const rows = await trx
    .selectFrom('task as t')
    .selectAll()
    .where('t.registryId', '=', registryId)
    .where('t.state', '=', 'queued')
    .where('t.lane', '=', lane)
    // What was made later than now was made by a clock that has been set back: what it waits for has no meaning any more.
    .where(eb => eb.or([isDue('t.not_before', request.at), eb('t.createdAt', '>', request.at.toISOString())]))
    .where(sql<boolean>`t.selector <@ ${toJson(request.labels)}::jsonb`)
    .$if(isHeld !== undefined, query => query.where(sql<boolean>`NOT ${isHeld}`))
    // Few, and a list that the plan need not guess the length of.
    .$if(busy.length > 0, query => query.where('t.digest', 'not in', busy))
    .orderBy('t.rankedAt')
    .orderBy('t.id')
    .limit(room)
    .execute();
  return rows.map(toTask);
}

/** Images that some sensor reads now, whatever registry they come from. */
async function digestsBeingRead(trx: Trx): Promise<string[]> {
  const rows = await trx
    .selectFrom('task')
    .select('digest')
    .where('state', '=', 'leased')
    .where('lane', '=', 'scan')
    .execute();
  return rows.flatMap(({ digest }) => digest ?? []);
}

/** Whether a task is of runs that are all held, and waits with them; `undefined` where no run is, which is nearly always. */
async function heldFilter(trx: Trx, registryId: string) {
  const open = await trx
    .selectFrom('run')
    .select(['id', 'state'])
    .where('registryId', '=', registryId)
    .where('completedAt', 'is', null)
    .execute();
  if (open.every(({ state }) => state !== 'Paused')) return undefined;
  const active = toJson(open.filter(({ state }) => state !== 'Paused').map(({ id }) => id));
  return sql<boolean>`(EXISTS (SELECT 1 FROM task_run x WHERE x.task_id = t.id) AND NOT EXISTS (
    SELECT 1 FROM task_run x WHERE x.task_id = t.id
      AND x.run_id IN (SELECT value::uuid FROM jsonb_array_elements_text(${active}::jsonb))))`;
}

function laneOrder({ task }: LeasedRow): number {
  return LANES.indexOf(task.lane);
}
