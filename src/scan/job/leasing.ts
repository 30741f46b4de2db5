/**
 * Leases of tasks to sensors: given, taken back when they run out, and what both mean for runs.
 */
import type { Trx } from '#store/database.ts';
import { lockRegistry, type RegistryRecord } from '#store/registry.ts';
import { startPhase } from '#store/run.ts';
import { moveImagesOfTasks } from '#store/run-image.ts';
import { findSharedTasks } from '#store/scan-state.ts';
import { listExpiredLeases, listOpenRunsOf, lockLease, type TaskRecord } from '#store/task.ts';
import { type LeaseRequest, markLeased, pickTasks } from '#store/task-lease.ts';
import { inTransaction } from '#store/transaction.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, loadRun } from './job-state.ts';
import { settleExpiry, settleShared } from './task-end.ts';

/** How long a lease lasts without a heartbeat, which comes every 30 s. */
export const LEASE_MS = 120_000;

/** Expired leases that are taken back at a time. */
const MAX_EXPIRED = 200;
/** Rounds of finding that others did the work already, before a sensor is told that there is nothing. */
const MAX_ROUNDS = 20;

/** A leased task with its registry. */
export interface GivenTask {
  readonly task: TaskRecord;
  readonly registry: RegistryRecord;
}

/** Leases up to `count` tasks to a sensor; none when there is nothing that it may do now. */
export async function leaseTasks(
  context: JobContext,
  sensor: Omit<LeaseRequest, 'at' | 'leaseMs'>,
): Promise<readonly GivenTask[]> {
  await takeBackExpired(context);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const at = context.now();
    const given = await inTransaction(context.store.db, async trx => {
      const picked = await pickTasks(trx, { ...sensor, at, leaseMs: LEASE_MS });
      if (picked.length === 0) return [];
      const shared = new Set(
        await findSharedTasks(
          trx,
          picked.filter(({ task }) => task.kind === 'scan').map(({ task }) => task.id),
        ),
      );
      for (const { task, registry } of picked) {
        if (shared.has(task.id)) await settleShared(trx, registry, [task], at);
      }
      const wanted = picked.filter(({ task }) => !shared.has(task.id));
      const leased = await markLeased(
        trx,
        wanted.map(({ task }) => task),
        { sensorId: sensor.sensorId, at, leaseMs: LEASE_MS },
      );
      const registries = new Map(picked.map(({ registry }) => [registry.id, registry]));
      const rows = leased.flatMap(task => {
        const registry = registries.get(task.registryId);
        return registry === undefined ? [] : [{ task, registry }];
      });
      await startRuns(trx, rows, at);
      return rows.length === 0 && shared.size > 0 ? undefined : rows;
    });
    if (given !== undefined) return given;
  }
  return [];
}

/** Takes back leases that ran out. Any server may, at any time. Returns how many. */
export async function takeBackExpired(context: JobContext): Promise<number> {
  const { store, now } = context;
  const expired = await listExpiredLeases(store.db, now(), MAX_EXPIRED);
  for (const { id, registryId, leaseToken } of expired) {
    await inTransaction(store.db, async trx => {
      const registry = await lockRegistry(trx, registryId);
      const task = await lockLease(trx, { taskId: id, leaseToken });
      const at = now();
      // A heartbeat may have come in the meantime.
      if (registry === undefined || task?.leaseUntil === undefined || Date.parse(task.leaseUntil) >= at.getTime())
        return;
      await settleExpiry(trx, context, { registry, task, at });
    });
  }
  return expired.length;
}

/** What a lease means for the runs that want it: they are running. */
async function startRuns(trx: Trx, given: readonly GivenTask[], at: Date): Promise<void> {
  for (const { task, registry } of given) {
    const runs = await listOpenRunsOf(trx, task.id);
    for (const id of runs) {
      const handle = await loadRun(trx, registry, id);
      const { state, number } = handle?.run ?? {};
      if (handle === undefined || number === undefined) continue;
      if (state === 'Queued' || state === 'BaselineQueued') {
        await applyToJob(trx, handle, { kind: 'started', run: number }, { at });
      }
    }
    await startPhase(trx, runs, task.kind === 'scan' ? 'scanningStartedAt' : 'listingStartedAt', at);
    if (task.kind === 'scan') await moveImagesOfTasks(trx, [task.id], { to: 'running', at });
  }
}
