/** Two servers on one PostgreSQL: they share the work of a run, of a due time, and of a server that goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore, type Store } from '#store/database.ts';
import { openQueue, type Queue } from '#store/queue.ts';
import { findPostgres } from '#store/testing/postgres-server.ts';
import { newDatabase } from '#store/testing/stores.ts';
import { resets, startRegistryServer } from '../../fixtures/registry-server.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';

const DAY_MS = 24 * 60 * 60_000;
const SENSORS = ['left', 'right', 'far'] as const;

describe.skipIf(findPostgres() === undefined)(
  'two servers and three sensors on one PostgreSQL',
  { timeout: 120_000 },
  () => {
    let world: FaultWorld;
    let store: Store;
    let queue: Queue;

    beforeAll(async () => {
      const location = await newDatabase();
      world = await openFaultWorld({ databaseUrl: location.url, blobDelayMs: 40 });
      await world.startServer('one', { hasSensor: false });
      await world.startServer('two', { hasSensor: false });
      await world.startSensor('left', 'one', ['--concurrency', '2']);
      await world.startSensor('right', 'two', ['--concurrency', '2']);
      await world.startSensor('far', 'two', ['--concurrency', '2']);
      store = await openStore(location);
      queue = await openQueue(store, { onError: () => {} });
    });
    afterAll(async () => {
      await queue?.[Symbol.asyncDispose]();
      await store?.[Symbol.asyncDispose]();
      await world?.[Symbol.asyncDispose]();
    });

    /** Has the servers look at the clock, each at least once. */
    async function tick(): Promise<void> {
      for (let round = 0; round < 3; round += 1) {
        await queue.send(store.db, 'schedule-tick', {});
        for (;;) {
          const { rows } = await sql`
          SELECT 1 FROM pgboss.job WHERE name = 'schedule-tick' AND state IN ('created', 'active') AND start_after <= now()`.execute(
            store.db,
          );
          if (rows.length === 0) break;
          await sleep(50);
        }
      }
    }

    async function runsOf(scheduleId: string): Promise<readonly { readonly id: string; readonly trigger: string }[]> {
      return (await world.get(`/runs?schedule=${scheduleId}&limit=100`)).items;
    }

    test('every image is scanned once, every layer read once by each sensor at most, and all have a share', async () => {
      const pushed = await world.push('shared', 24);
      const run = await world.scan('shared');
      expect(await world.settle(run)).toMatchObject({ state: 'Finished', counters: { digestsScanned: 24 } });
      expect(pushed.own.filter(digest => world.pulls(digest) !== 1)).toEqual([]);
      expect(pushed.shared.filter(digest => world.pulls(digest) > SENSORS.length)).toEqual([]);
      const { items } = await world.get(`/events?run=${run}&kind=image.scanned&limit=100`);
      expect(items).toHaveLength(24);
      const tasks = await store.db
        .selectFrom('task')
        .select(['sensorId', 'attempt'])
        .where('kind', '=', 'scan')
        .execute();
      expect(tasks.filter(({ attempt }) => attempt !== 1)).toEqual([]);
      expect(new Set(tasks.map(({ sensorId }) => sensorId)).size).toBe(SENSORS.length);
    });

    test('a due time that both servers see is one run', async () => {
      await world.push('nightly', 2);
      const startTime = new Date(world.now().getTime() + 3_600_000).toISOString().slice(11, 16);
      const recurrence = { intervalDays: 1, startTime, pinStart: true };
      const { id } = await world.schedule('nightly', { scanType: 'Automatic', recurrence });
      expect(await runsOf(id)).toHaveLength(0);
      await world.pass(3_660_000);
      await tick();
      const runs = await runsOf(id);
      expect(runs).toMatchObject([{ trigger: 'schedule' }]);
      expect(await world.settle(runs[0]?.id ?? '')).toMatchObject({ counters: { digestsScanned: 2 } });
      await tick();
      expect(await runsOf(id)).toHaveLength(1);
    });

    test('due times that passed while every server was down are one run', async () => {
      await world.push('daily', 2);
      const startTime = new Date(world.now().getTime() + 3_600_000).toISOString().slice(11, 16);
      const recurrence = { intervalDays: 1, startTime, pinStart: true };
      const { id } = await world.schedule('daily', { scanType: 'Automatic', recurrence });
      await Promise.all([world.end('one'), world.end('two')]);
      world.jump(3 * DAY_MS);
      await Promise.all([world.restart('one'), world.restart('two')]);
      await tick();
      const runs = await runsOf(id);
      expect(runs).toHaveLength(1);
      expect(await world.settle(runs[0]?.id ?? '')).toMatchObject({ counters: { digestsScanned: 2 } });
      const { nextDueAt } = await world.get(`/schedules/${id}`);
      const ahead = Date.parse(nextDueAt) - world.now().getTime();
      expect(ahead > 0 && ahead <= DAY_MS).toBe(true);
    });

    test('a clock that jumps ahead and back in the middle of a run loses nothing and does nothing twice', async () => {
      const pushed = await world.push('clock', 12);
      const run = await world.scan('clock');
      await world.asked(20, AbortSignal.timeout(5000));
      world.jump(DAY_MS);
      await world.asked(10, AbortSignal.timeout(5000));
      world.jump(-DAY_MS);
      expect(await world.settle(run)).toMatchObject({
        state: 'Finished',
        counters: { digestsScanned: 12, digestsFailed: 0 },
      });
      const { items } = await world.get(`/events?run=${run}&kind=image.scanned&limit=100`);
      expect(items).toHaveLength(12);
      expect((await world.reportsOf('clock')).size).toBe(pushed.images.length);
    });

    test('a registry that goes away in the middle of a run and comes back fails nothing', async () => {
      const pushed = await world.push('away', 12);
      const run = await world.scan('away');
      await world.asked(25, AbortSignal.timeout(5000));
      world.trouble = resets;
      await world.asked(12, AbortSignal.timeout(20_000));
      world.trouble = undefined;
      expect(await world.settle(run)).toMatchObject({
        state: 'Finished',
        counters: { digestsScanned: 12, digestsFailed: 0 },
      });
      expect((await world.reportsOf('away')).size).toBe(pushed.images.length);
    });

    test('a token that ends in the middle of a run is replaced by another', async () => {
      const login = { username: 'reader', password: 'secret' };
      await using registry = await startRegistryServer({ auth: 'bearer', login });
      const pushed = await world.push('guarded', 12, registry);
      const credentials = { kind: 'basic', ...login };
      const id = await world.connect('guarded', { url: registry.url, credentials });
      // Far enough apart that a request can meet two ends at most, however slowly the machine lets it go on.
      let endsAt = 7;
      registry.playAlways(/\/blobs\//, (_, response, proceed) => {
        if (registry.requests.length >= endsAt) {
          registry.endTokens();
          endsAt = registry.requests.length + 20;
        }
        const timer = setTimeout(proceed, 20);
        response.on('close', () => clearTimeout(timer));
      });
      const run = await world.scan('guarded', id);
      const counters = { digestsScanned: pushed.images.length, digestsFailed: 0 };
      expect(await world.settle(run)).toMatchObject({ state: 'Finished', errors: [], counters });
      expect(registry.count(/\/token/)).toBeGreaterThan(SENSORS.length);
    });

    test('sensors without room on their disks give images back, and the run goes on when there is room', async () => {
      for (const name of SENSORS) expect(await world.end(name, 'SIGTERM')).toBe(0);
      for (const name of SENSORS) await world.restart(name, ['--disk-floor', '8000TiB']);
      await world.push('crowded', 4);
      const run = await world.scan('crowded');
      for (;;) {
        const { state, pauseReason } = await world.get(`/runs/${run}`);
        if (state === 'Paused') {
          expect(pauseReason).toBe('disk');
          break;
        }
        await sleep(50);
      }
      for (const name of SENSORS) expect(await world.end(name, 'SIGTERM')).toBe(0);
      for (const name of SENSORS) await world.restart(name);
      await world.pass(60_000);
      await world.pass(60_000);
      await tick();
      const counters = { digestsScanned: 4, digestsFailed: 0 };
      expect(await world.settle(run)).toMatchObject({ state: 'Finished', counters });
    });

    test('a server that is asked to stop returns its work, and the other one finishes', async () => {
      await world.startServer('three');
      for (const name of SENSORS) await world.end(name, 'SIGTERM');
      const pushed = await world.push('handover', 12);
      const run = await world.scan('handover');
      await world.asked(20, AbortSignal.timeout(10_000));
      for (const name of SENSORS.slice(0, 2)) await world.restart(name);
      // It ends by itself with 1 when it takes over ten seconds.
      expect(await world.end('three', 'SIGTERM')).toBe(0);
      const counters = { digestsScanned: 12, digestsFailed: 0 };
      expect(await world.settle(run)).toMatchObject({ state: 'Finished', errors: [], counters });
      expect((await world.reportsOf('handover')).size).toBe(pushed.images.length);
      const tasks = await store.db
        .selectFrom('task')
        .innerJoin('taskRun', 'taskRun.taskId', 'task.id')
        .select('task.expiries')
        .where('taskRun.runId', '=', run)
        .where('task.expiries', '>', 0)
        .execute();
      expect(tasks).toEqual([]);
    });
  },
);
