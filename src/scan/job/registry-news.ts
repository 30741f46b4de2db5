/** What tasks tell of a registry: how it is, how much may still be asked of it, and runs that wait because of that. */
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { coolDown, keepSeen, type RegistryRecord, saveHealth } from '#store/registry.ts';
import { listOpenRuns } from '#store/run.ts';
import { listOpenRunsOf } from '#store/task.ts';
import { isRunning, type JobState } from '../schedule/state.ts';
import type { TaskProgress } from '../task/contract.ts';
import { applyToJob, loadRun } from './job-state.ts';
import { healthOfProbe, type StoredProbe } from './probe-health.ts';
import { endOfReserve } from './retry.ts';
import type { TaskPlace } from './task-place.ts';

/** Holds running runs: of the whole registry, or those that want the task. */
export async function holdRuns(
  trx: Trx,
  { registry, task, at }: TaskPlace,
  {
    reason,
    resumeAt,
    of,
  }: { readonly reason: 'rate-limit' | 'disk' | 'blackout'; readonly resumeAt: Date; readonly of: 'registry' | 'task' },
): Promise<void> {
  const own = new Set(await listOpenRunsOf(trx, task.id));
  const runs = await listOpenRuns(trx, registry.id);
  for (const run of runs.filter(
    ({ id, state }) => isRunning(state as JobState) && (of === 'registry' || own.has(id)),
  )) {
    const handle = await loadRun(trx, registry, run.id);
    if (handle === undefined) continue;
    await applyToJob(trx, handle, { kind: 'held', run: run.number, reason, resumeAt: resumeAt.toISOString() }, { at });
  }
}

/** Keeps what the registry said of its limit. What is left below the reserve is for people: tasks wait for the next window. */
export async function keepRateLimit(trx: Trx, place: TaskPlace, { rateLimit }: TaskProgress): Promise<void> {
  if (rateLimit === undefined) return;
  const { registry, at } = place;
  await keepSeen(trx, registry.id, { rateLimit });
  const until = endOfReserve(rateLimit, at);
  if (until === undefined) return;
  await coolDown(trx, registry.id, until);
  await holdRuns(trx, place, { reason: 'rate-limit', resumeAt: until, of: 'registry' });
}

/** Remembers how the registry answered last. Success says nothing new after success. */
export async function keepHealth(
  trx: Trx,
  { registry, at }: TaskPlace,
  { health, detail }: { readonly health: RegistryRecord['health']; readonly detail: string | undefined },
): Promise<void> {
  if (registry.health === health && registry.healthDetail === detail) return;
  const isNew = await saveHealth(trx, registry.id, { health, detail });
  if (isNew) await tellHealth(trx, registry, { health, detail, at });
}

/** Keeps the steps of a test with its registry. */
export async function keepProbe(
  trx: Trx,
  { registry, task, at }: TaskPlace,
  steps: readonly unknown[],
): Promise<StoredProbe> {
  const { health, detail, isOk } = healthOfProbe(steps);
  const probe: StoredProbe = { at: at.toISOString(), sensorId: task.sensorId, isOk, steps };
  const isNew = await saveHealth(trx, registry.id, { health, detail, lastProbe: probe });
  if (isNew) await tellHealth(trx, registry, { health, detail, at });
  return probe;
}

async function tellHealth(
  trx: Trx,
  registry: RegistryRecord,
  { health, detail, at }: { readonly health: string; readonly detail: string | undefined; readonly at: Date },
): Promise<void> {
  await recordEvents(trx, [
    {
      kind: 'registry.health',
      at,
      namespaceId: registry.namespaceId,
      registryId: registry.id,
      data: { name: registry.name, health, from: registry.health, ...(detail === undefined ? {} : { detail }) },
    },
  ]);
}
