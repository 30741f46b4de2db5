/**
 * Cancelling and removing several scan jobs of a registry at once. What became of each is kept under an id, to be looked up.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import { toJson } from '#store/database.ts';
import { lockRegistry, noRegistry } from '#store/registry.ts';
import { isSensorSilent } from '#store/run.ts';
import { listSchedules } from '#store/schedule.ts';
import { inTransaction } from '#store/transaction.ts';
import { type BulkPlan, planBulk } from '../schedule/action.ts';
import { isRunning, type JobState } from '../schedule/state.ts';
import { SENSOR_THRESHOLDS } from '../sensor/state.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, loadSchedule, settingsOf } from './job-state.ts';
import { deleteIn } from './manage-schedule.ts';

/** What became of a call on several jobs; each id is in one list. */
export interface BulkResult extends BulkPlan {
  /** Under which this can be looked up. */
  readonly jobId: string;
}

/**
 * Cancels or removes schedules of a registry, in one transaction. With both `ids` and `filter` the ids win; see `planBulk` for filters.
 * @throws {PlimsollError} `REQUEST_INVALID` for neither, or a filter that cannot be read; `NOT_FOUND`.
 */
export async function changeSchedules(
  { store, now }: JobContext,
  {
    registryId,
    action,
    ids,
    filter,
    actor,
  }: {
    readonly registryId: string;
    readonly action: 'cancel' | 'delete';
    readonly ids?: readonly string[] | undefined;
    readonly filter?: string | undefined;
    readonly actor: Actor;
  },
): Promise<BulkResult> {
  return await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, registryId);
    if (registry === undefined || registry.removedAt !== undefined) throw noRegistry(registryId);
    const at = now();
    const silentSince = new Date(at.getTime() - SENSOR_THRESHOLDS.unknownAfterMs);
    const jobs = [];
    for (const schedule of await listSchedules(trx, { registryId })) {
      const state = schedule.state as JobState;
      const runId = schedule.currentRunId;
      const isSilent = runId !== undefined && isRunning(state) && (await isSensorSilent(trx, runId, silentSince));
      jobs.push({ id: schedule.id, state, scanType: settingsOf(schedule).scanType, isSensorSilent: isSilent });
    }
    const plan = planBulk(action, jobs, { ids, filter });
    if (plan === undefined) {
      throw new PlimsollError(
        'REQUEST_INVALID',
        `Cannot ${action} scan jobs: expected ids, or a filter such as scheduleUuid:* or status:Running`,
      );
    }
    for (const id of plan.accepted) {
      const handle = await loadSchedule(trx, registry, id);
      if (handle?.schedule === undefined) continue;
      if (action === 'delete') await deleteIn(trx, { ...handle, schedule: handle.schedule }, { at, actor });
      else {
        const reason = `Cancelled by ${actor.name}`;
        await applyToJob(trx, handle, { kind: 'cancel', hasWorkInHand: false }, { at, reason });
      }
    }
    const jobId = randomUUID();
    await trx
      .insertInto('bulkAction')
      .values({ id: jobId, registryId, action, result: toJson(plan), createdAt: at })
      .execute();
    await recordAudit(trx, {
      at,
      actor,
      action: `schedule.bulk-${action}`,
      namespaceId: registry.namespaceId,
      subjectKind: 'registry',
      subjectId: registryId,
      detail: { jobId, accepted: plan.accepted },
    });
    return { ...plan, jobId };
  });
}

/** What became of an earlier call. @throws {PlimsollError} `NOT_FOUND`. */
export async function showBulk(
  { store }: Pick<JobContext, 'store'>,
  { registryId, jobId }: { readonly registryId: string; readonly jobId: string },
): Promise<BulkResult> {
  const row = await store.db
    .selectFrom('bulkAction')
    .select('result')
    .where('id', '=', jobId)
    .where('registryId', '=', registryId)
    .executeTakeFirst();
  if (row === undefined) throw new PlimsollError('NOT_FOUND', `Cannot find the call ${jobId}: there was none`);
  return { ...(row.result as BulkPlan), jobId };
}
