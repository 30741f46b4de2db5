/**
 * The server's side of what sensors ask: leases, reports and ends of tasks, on the store. Served as it is to the sensor in the server's own
 * process, and over HTTPS to the others.
 *
 * Whatever is acknowledged is committed. Every report names its lease, and may be repeated; one whose lease is over is dropped.
 */
import { PlimsollError } from '#base/errors.ts';
import { registryCredentials } from '#connector/credentials.ts';
import type { RegistryType } from '#connector/registry-type.ts';
import { parsePlatform, platformMatch, toPlatform } from '#oci/platform.ts';
import { tellAway } from '#store/away.ts';
import type { Db, Trx } from '#store/database.ts';
import { findLayerFacts, keepLayerFacts } from '#store/layer-facts.ts';
import { findListedManifests, type ListedManifest } from '#store/listing.ts';
import { findSealedCredentials, keepSeen, lockRegistry, type RegistryRecord } from '#store/registry.ts';
import { upsertRepositories } from '#store/repository.ts';
import { storable } from '#store/row-set.ts';
import { findRun } from '#store/run.ts';
import { endLeasesOf, findSensor, type StoredSensor } from '#store/sensor.ts';
import { stageRepositories, stageTags } from '#store/tag.ts';
import { extendLeases, findTask, listOpenRunsOf, lockLease, type TaskRecord } from '#store/task.ts';
import { inTransaction } from '#store/transaction.ts';
import type { JobContext } from '../job/job-context.ts';
import { type GivenTask, LEASE_MS, leaseTasks } from '../job/leasing.ts';
import { listRepositoriesOf, planRun } from '../job/run-listing.ts';
import { settleOutcome } from '../job/task-end.ts';
import { lastReportOf, recordHeartbeat } from '../sensor/presence.ts';
import { sensorProfile } from '../sensor/profile.ts';
import type {
  FoundManifest,
  Heartbeat,
  HeartbeatAnswer,
  Lease,
  LeaseAnswer,
  LeasedTask,
  SensorPort,
  Work,
} from './contract.ts';
import { NO_BELL, type TaskBell } from './task-bell.ts';

/** What the port does with images: `content-functions.ts`. */
export interface ContentFunctions {
  findUnknownManifests(db: Db, digests: readonly string[]): Promise<readonly string[]>;
  storeManifests(db: Db, found: readonly FoundManifest[], now: Date): Promise<void>;
  /**
   * Stores the inventory of an image, JSON text, and judges what is new in it. `also` runs in the transaction that makes it the image's
   * report; when it throws there is no report.
   */
  storeInventory(
    digest: string,
    inventory: string,
    options: {
      readonly analyserVersion: string;
      readonly signal: AbortSignal;
      readonly also: (trx: Trx) => Promise<void>;
    },
  ): Promise<unknown>;
}

/** What the port works with. */
export interface ServerPortContext extends JobContext {
  readonly content: ContentFunctions;
  /** Wakes those that wait for a lease; without one they look every second. */
  readonly bell?: Pick<TaskBell, 'wait'> | undefined;
}

/** Without a notice a waiting sensor looks again after this: a lease may have run out, a pause ended, a notice been lost. */
const POLL_MS = 5000;
const POLL_WITHOUT_BELL_MS = 1000;
const MAX_WAIT_MS = 60_000;
const MAX_COUNT = 32;

/** The port for one sensor, which has been authenticated. Fails with `STORE_UNAVAILABLE` while the database is away: that may be tried again. */
export function openServerPort(context: ServerPortContext, sensorId: string): SensorPort {
  const port = portOn(context, sensorId);
  return Object.fromEntries(
    Object.entries(port).map(([name, call]: [string, (...args: never[]) => Promise<unknown>]) => [
      name,
      async (...args: never[]) => {
        try {
          return await call(...args);
        } catch (error) {
          throw tellAway(error);
        }
      },
    ]),
  ) as unknown as SensorPort;
}

function portOn(context: ServerPortContext, sensorId: string): SensorPort {
  const { store, content } = context;
  return {
    heartbeat: (report, { signal }) => takeHeartbeat(context, { sensorId, report, signal }),
    lease: (count, options) => waitForLease(context, sensorId, { ...options, count: Math.min(count, MAX_COUNT) }),
    reportRepositories: (lease, page, { signal }) => takeRepositories(context, { sensorId, lease, page, signal }),
    async findUnknownManifests(lease, digests, { signal }) {
      signal.throwIfAborted();
      const task = await findHeld(store.db, sensorId, lease);
      if (task === undefined) return [];
      return await findMissing(context, task.work as Work, digests);
    },
    async reportManifests(lease, manifests, { signal }) {
      signal.throwIfAborted();
      if ((await findHeld(store.db, sensorId, lease)) === undefined) return 'stop';
      await content.storeManifests(store.db, manifests, context.now());
      return 'go-on';
    },
    async reportTags(lease, page, { signal }) {
      signal.throwIfAborted();
      return await inTransaction(store.db, async trx => {
        const task = await lockLease(trx, lease);
        if (task?.sensorId !== sensorId || task.kind !== 'list') return 'stop';
        await stageTags(trx, task.id, page);
        return 'go-on';
      });
    },
    async findLayerFacts(layerDigest, version, { signal }) {
      signal.throwIfAborted();
      return await findLayerFacts(store.db, layerDigest, version);
    },
    async keepLayerFacts(layerDigest, version, facts, { signal }) {
      signal.throwIfAborted();
      await keepLayerFacts(store.db, { layerDigest, version, facts, at: context.now() });
    },
    reportInventory: (lease, inventory, { signal }) => takeInventory(context, { sensorId, lease, inventory, signal }),
    async end(lease, outcome, { signal }) {
      signal.throwIfAborted();
      const found = await findHeld(store.db, sensorId, lease);
      if (found === undefined) return;
      await inTransaction(store.db, async trx => {
        const registry = await lockRegistry(trx, found.registryId);
        const task = await lockLease(trx, lease);
        if (registry === undefined || task === undefined) return;
        await settleOutcome(trx, context, { registry, task, at: context.now() }, storable(outcome));
      });
    },
  };
}

async function takeHeartbeat(
  context: ServerPortContext,
  { sensorId, report, signal }: { readonly sensorId: string; readonly report: Heartbeat; readonly signal: AbortSignal },
): Promise<HeartbeatAnswer> {
  signal.throwIfAborted();
  const answer = await recordHeartbeat(context, sensorId, storable(report));
  for (const { id, rateLimit, warnings } of storable(report.registries ?? [])) {
    await keepSeen(context.store.db, id, { rateLimit, warnings });
  }
  const stop = await inTransaction(context.store.db, async trx => {
    const at = context.now();
    // The first heartbeat of a process: what a former one had in hand died with it, and need not wait for the end of its leases.
    if (report.sequence === 1) {
      const held = report.tasks.map(({ id }) => id);
      await endLeasesOf(trx, sensorId, at, held);
    }
    const until = new Date(at.getTime() + LEASE_MS);
    return await extendLeases(trx, { sensorId, reports: storable(report.tasks), until });
  });
  return { ...answer, stop: [...stop] };
}

/** A report whose lease ended while it was being stored. */
class LeaseOver extends Error {}

async function takeInventory(
  { store, content, now }: ServerPortContext,
  {
    sensorId,
    lease,
    inventory,
    signal,
  }: {
    readonly sensorId: string;
    readonly lease: Lease;
    readonly inventory: string;
    readonly signal: AbortSignal;
  },
): Promise<LeaseAnswer> {
  signal.throwIfAborted();
  const task = await findHeld(store.db, sensorId, lease);
  const work = task?.work as Work | undefined;
  if (work?.kind !== 'scan') return 'stop';
  const analyserVersion = lastReportOf(await getSensor(store.db, sensorId))?.analyserVersion ?? '';
  try {
    await content.storeInventory(work.digest, inventory, {
      analyserVersion,
      signal,
      // In the same transaction: a report that is acknowledged counts, even when nothing more is ever heard of the sensor.
      async also(trx) {
        const { numUpdatedRows } = await trx
          .updateTable('task')
          .set({ inventoryAt: now() })
          .where('id', '=', lease.taskId)
          .where('leaseToken', '=', lease.leaseToken)
          .where('state', '=', 'leased')
          .executeTakeFirst();
        if (numUpdatedRows === 0n) throw new LeaseOver();
      },
    });
    return 'go-on';
  } catch (error) {
    if (error instanceof LeaseOver) return 'stop';
    throw error;
  }
}

/** What the server does not have: also indexes of which it has not every child for the platforms of the listing. */
async function findMissing(
  { store, content }: ServerPortContext,
  work: Work,
  digests: readonly string[],
): Promise<readonly string[]> {
  const unknown = new Set(await content.findUnknownManifests(store.db, digests));
  if (work.kind !== 'list') return digests.filter(digest => unknown.has(digest));
  const { children } = await findListedManifests(
    store.db,
    digests.filter(digest => !unknown.has(digest)),
  );
  const wanted = [...children.values()].flat().filter(child => isWanted(child, work.platforms));
  const missing = new Set(
    await content.findUnknownManifests(
      store.db,
      wanted.map(({ digest }) => digest),
    ),
  );
  const isIncomplete = (digest: string) =>
    (children.get(digest) ?? []).some(child => missing.has(child.digest) && isWanted(child, work.platforms));
  return [...new Set(digests)].filter(digest => unknown.has(digest) || isIncomplete(digest));
}

function isWanted({ kind, os, architecture, variant }: ListedManifest, platforms: readonly string[]): boolean {
  if (kind !== 'image') return kind === 'index';
  if (platforms.includes('all') || os === undefined || architecture === undefined) return true;
  const offered = toPlatform(os, architecture, variant);
  return platforms.some(platform => platformMatch(parsePlatform(platform), offered) > 0);
}

async function waitForLease(
  context: ServerPortContext,
  sensorId: string,
  { count, waitMs, signal }: { readonly count: number; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<readonly LeasedTask[]> {
  const { bell = NO_BELL } = context;
  const pollMs = context.bell === undefined ? POLL_WITHOUT_BELL_MS : POLL_MS;
  const until = performance.now() + Math.min(waitMs, MAX_WAIT_MS);
  for (;;) {
    signal.throwIfAborted();
    // Heard from before looking: what is queued in between rings.
    const left = until - performance.now();
    const waiting = left > 0 ? bell.wait(Math.min(left, pollMs), { signal }) : undefined;
    waiting?.catch(() => {});
    const given = await leaseNow(context, sensorId, count);
    if (given.length > 0 || waiting === undefined) return given;
    await waiting;
  }
}

async function leaseNow(context: ServerPortContext, sensorId: string, count: number): Promise<readonly LeasedTask[]> {
  const sensor = await getSensor(context.store.db, sensorId);
  const profile = sensorProfile.safeParse(sensor.profile);
  if (sensor.isDraining || !profile.success) return [];
  const { concurrency } = profile.data;
  const given = await leaseTasks(context, { sensorId, labels: sensor.labels, concurrency, count });
  return await Promise.all(given.map(one => toLeasedTask(context, one)));
}

async function toLeasedTask(context: ServerPortContext, { task, registry }: GivenTask): Promise<LeasedTask> {
  return {
    id: task.id,
    leaseToken: task.leaseToken ?? '',
    leaseUntil: task.leaseUntil ?? '',
    attempt: task.attempt,
    registry: await accessOf(context, registry),
    work: task.work as Work,
  };
}

async function accessOf(
  { store, sealer }: ServerPortContext,
  registry: RegistryRecord,
): Promise<LeasedTask['registry']> {
  const sealed = await findSealedCredentials(store.db, registry.id);
  const credentials =
    sealed === undefined
      ? ({ kind: 'none' } as const)
      : registryCredentials.parse(JSON.parse(sealer.open(sealed, `registry/${registry.id}`)));
  const { tls, proxy, product } = registry.settings as Pick<LeasedTask['registry'], 'tls' | 'proxy' | 'product'>;
  return {
    id: registry.id,
    name: registry.name,
    type: registry.type as RegistryType,
    url: registry.url,
    ...(tls === undefined ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy }),
    product,
    credentials,
    maxConcurrency: Math.min(64, Math.max(1, 2 * (registry.maxListings + registry.maxScans))),
  };
}

async function takeRepositories(
  context: ServerPortContext,
  {
    sensorId,
    lease,
    page,
    signal,
  }: {
    readonly sensorId: string;
    readonly lease: Lease;
    readonly page: Parameters<SensorPort['reportRepositories']>[1];
    readonly signal: AbortSignal;
  },
): Promise<LeaseAnswer> {
  signal.throwIfAborted();
  const found = await findHeld(context.store.db, sensorId, lease);
  if (found?.kind !== 'catalogue') return 'stop';
  return await inTransaction(context.store.db, async trx => {
    const registry = await lockRegistry(trx, found.registryId);
    const task = await lockLease(trx, lease);
    if (registry === undefined || task === undefined) return 'stop';
    const at = context.now();
    const names = page.map(({ name }) => name);
    await upsertRepositories(trx, registry.id, storable(page), { at, isCatalogued: true });
    await stageRepositories(trx, task.id, names);
    for (const id of await listOpenRunsOf(trx, task.id)) {
      const run = await findRun(trx, id);
      if (run === undefined) continue;
      try {
        await listRepositoriesOf(trx, registry, await planRun(registry, run), { names, at });
      } catch (error) {
        // The run is told at the end of the catalogue, which plans it again.
        if (!(error instanceof PlimsollError)) throw error;
      }
    }
    return 'go-on';
  });
}

/** The task when the sensor holds it. */
async function findHeld(db: Db, sensorId: string, { taskId, leaseToken }: Lease): Promise<TaskRecord | undefined> {
  const task = await findTask(db, taskId);
  const isHeld = task?.state === 'leased' && task.leaseToken === leaseToken && task.sensorId === sensorId;
  return isHeld ? task : undefined;
}

async function getSensor(db: Db, id: string): Promise<StoredSensor> {
  const sensor = await findSensor(db, id);
  if (sensor === undefined) throw new PlimsollError('UNAUTHENTICATED', 'Cannot lease tasks: the sensor was retired');
  return sensor;
}
