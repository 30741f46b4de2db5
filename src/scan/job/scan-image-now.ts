/**
 * Scanning one image at once, outside of any schedule: a run of its own.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import { recordEvents } from '#store/event.ts';
import { getRegistry, lockRegistry, noRegistry } from '#store/registry.ts';
import { findRun, insertRun, type RunRecord, type RunTrigger } from '#store/run.ts';
import { inTransaction } from '#store/transaction.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, loadRun } from './job-state.ts';
import { beginRun } from './launch.ts';
import { requireConnected } from './require-connected.ts';
import { checkSettings } from './schedule-facts.ts';

/** What to scan. */
export interface ImageWish {
  readonly registryId: string;
  readonly repository: string;
  readonly tag: string;
  /** `linux/amd64` when missing. */
  readonly platforms?: readonly string[] | undefined;
  /** Layers are read again, even where a report by the present analyser exists. */
  readonly isDeep?: boolean | undefined;
  readonly trigger?: Extract<RunTrigger, 'user' | 'webhook' | 'push'> | undefined;
  readonly actor: Actor;
}

/** Launches a run for one tag. @throws {PlimsollError} `NOT_FOUND`, `SCHEDULE_INVALID` for a repository or tag that cannot be. */
export async function scanImageNow(context: JobContext, wish: ImageWish): Promise<RunRecord> {
  const { store, now } = context;
  const { registryId, repository, tag, platforms, isDeep = false, trigger = 'user', actor } = wish;
  if (/[*:]/.test(repository) || /[*:,]/.test(tag)) {
    throw new PlimsollError(
      'SCHEDULE_INVALID',
      `Cannot scan "${printable(repository, 100)}:${printable(tag, 100)}": it must be one repository and one tag`,
    );
  }
  const known = await getRegistry(store.db, registryId);
  requireConnected(known, 'scan an image of');
  const { settings } = await checkSettings(context, known, {
    name: `${repository}:${tag}`.slice(0, 200),
    scanType: 'OnDemand',
    targets: [{ repository, tags: [tag] }],
    ...(platforms === undefined ? {} : { platforms }),
  });
  return await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, registryId);
    if (registry === undefined || registry.removedAt !== undefined) throw noRegistry(registryId);
    const at = now();
    const run = await insertRun(trx, {
      id: randomUUID(),
      registryId,
      scheduleId: undefined,
      number: 1,
      kind: 'image',
      mode: 'fresh',
      previousRunId: undefined,
      trigger,
      settings,
      settingsVersion: 1,
      isDeep,
      state: 'Queued',
      plannedAt: undefined,
      at,
    });
    const about = { at, namespaceId: registry.namespaceId, registryId };
    const data = { state: 'Queued', kind: 'image', repository, tag };
    await recordEvents(trx, [{ ...about, kind: 'run.queued', runId: run.id, data }]);
    await recordAudit(trx, {
      at,
      actor,
      action: 'image.scan',
      namespaceId: registry.namespaceId,
      subjectKind: 'run',
      subjectId: run.id,
      detail: { registry: registry.name, repository, tag },
    });
    return (await beginRun(trx, { registry, schedule: undefined, run }, at)).run ?? run;
  });
}

/** Cancels a run, of a schedule or not, at once. @throws {ViolationError} `CONFLICT` when it is over. @throws {PlimsollError} `NOT_FOUND`. */
export async function cancelRun(
  { store, now }: JobContext,
  { id, actor }: { readonly id: string; readonly actor: Actor },
): Promise<RunRecord> {
  const known = await findRun(store.db, id);
  if (known === undefined) throw noRun(id);
  return await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, known.registryId);
    const handle = registry === undefined ? undefined : await loadRun(trx, registry, id);
    if (registry === undefined || handle?.run === undefined) throw noRun(id);
    if (handle.run.completedAt !== undefined) {
      throw new PlimsollError('CONFLICT', `Cannot cancel the run ${id}: it is over (${handle.run.state})`);
    }
    const at = now();
    const reason = `Cancelled by ${actor.name}`;
    await applyToJob(trx, handle, { kind: 'cancel', hasWorkInHand: false }, { at, reason });
    await recordAudit(trx, {
      at,
      actor,
      action: 'run.cancel',
      namespaceId: registry.namespaceId,
      subjectKind: 'run',
      subjectId: id,
    });
    return (await findRun(trx, id)) ?? handle.run;
  });
}

function noRun(id: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find the run ${id}: there is none`);
}
