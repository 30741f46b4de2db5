/**
 * Testing the connection to a registry from a sensor: step by step, with what to do about what fails. The result stays with the registry.
 */
import { PlimsollError } from '#base/errors.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import { lockRegistry, noRegistry, type RegistryHealth } from '#store/registry.ts';
import { endTask, findTask, wantTasks } from '#store/task.ts';
import { inTransaction } from '#store/transaction.ts';
import type { Work } from '../task/contract.ts';
import { awaitTask } from './await-task.ts';
import type { JobContext } from './job-context.ts';
import { healthOfProbe, type StoredProbe } from './probe-health.ts';
import { requireConnected } from './require-connected.ts';
import { keyOf } from './run-listing.ts';

/** A test of a connection. */
export interface ConnectionTest extends StoredProbe {
  readonly health: RegistryHealth;
}

const TIMEOUT_MS = 60_000;

/**
 * Has a sensor test the connection, and waits for the result. Two tests at once share one.
 * @throws {PlimsollError} `SERVER_UNAVAILABLE` when no sensor took it in time, `TIMED_OUT` when one did and did not end, or the failure of
 * the test itself.
 */
export async function testConnection(
  { store, now }: JobContext,
  {
    id,
    repository,
    actor,
    timeoutMs = TIMEOUT_MS,
    signal,
  }: {
    readonly id: string;
    /** A repository to look into. */
    readonly repository?: string | undefined;
    readonly actor: Actor;
    readonly timeoutMs?: number | undefined;
    readonly signal: AbortSignal;
  },
): Promise<ConnectionTest> {
  const work: Work = { kind: 'probe', repository };
  const taskId = await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, id);
    if (registry === undefined || registry.removedAt !== undefined) throw noRegistry(id);
    requireConnected(registry, 'test');
    const at = now();
    const key = keyOf(id, repository ?? '', 'probe');
    const wish = { registryId: id, selector: {}, handicapMinutes: 0, at };
    const task = (await wantTasks(trx, [{ kind: 'probe', key, work }], wish)).get(key);
    await recordAudit(trx, {
      at,
      actor,
      action: 'registry.test',
      namespaceId: registry.namespaceId,
      subjectKind: 'registry',
      subjectId: id,
      detail: { name: registry.name },
    });
    return task?.id;
  });
  if (taskId === undefined) throw new PlimsollError('BUG', 'Cannot test the connection: the task was not queued');
  const task = await awaitTask(store, taskId, { timeoutMs, signal });
  if (task?.state === 'done') {
    const probe = task.result as StoredProbe;
    return { ...probe, health: healthOfProbe(probe.steps).health };
  }
  if (task?.state === 'failed') {
    throw new PlimsollError('REGISTRY_UNAVAILABLE', task.errorMessage ?? 'Cannot test the connection: the test failed');
  }
  const left = await findTask(store.db, taskId);
  if (left?.state === 'leased') {
    throw new PlimsollError('TIMED_OUT', 'Cannot test the connection: the sensor that tests it has not ended in time');
  }
  await inTransaction(store.db, async trx => {
    await lockRegistry(trx, id);
    // Nobody looks at the result any more.
    if ((await findTask(trx, taskId))?.state === 'queued')
      await endTask(trx, taskId, { state: 'cancelled', at: now() });
  });
  throw new PlimsollError(
    'SERVER_UNAVAILABLE',
    'Cannot test the connection: no sensor took the test; start one that has the labels which the registry asks for',
  );
}
