/** What goes wrong with sensors, registries and servers, and what becomes of runs: nothing is stuck, lost, or done twice for nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Store, toJson } from '#store/database.ts';
import { describeStores } from '#store/testing/stores.ts';
import type { Heartbeat } from '../task/contract.ts';
import { LEASE_MS } from './leasing.ts';
import { runScheduleNow } from './manage-schedule.ts';
import { ACTOR, type JobWorld, openWorld } from './testing/job-world.ts';
import type { Trouble } from './testing/scripted-sensor.ts';

const MINUTE = 60_000;
const DAILY = { scanType: 'Automatic', recurrence: { intervalDays: 1, startTime: '08:00' } } as const;
const signal = new AbortController().signal;
const failed = (code: string, retryAt?: string): Trouble['outcome'] => ({
  kind: 'failed',
  code,
  message: `trouble: ${code}`,
  ...(retryAt === undefined ? {} : { retryAt }),
});

/** What a sensor without room tells of itself. */
const FULL: Omit<Heartbeat, 'clock'> = {
  sequence: 9,
  version: '1',
  host: 'test',
  platform: 'linux/x64',
  startedAt: '2026-11-21T12:00:00.000Z',
  analyserVersion: 'analyser-1',
  cacheBytes: 0,
  cacheFreeBytes: 0,
  checks: [{ name: 'disk', ok: false, detail: '0 B free' }],
  profileVersion: 1,
  tasks: [],
};

/** Lets time pass and work be done until nothing more happens for half an hour. */
async function exhaust(world: JobWorld): Promise<void> {
  for (let i = 0; i < 30; i += 1) {
    await world.settle();
    world.pass(MINUTE);
    await world.sensor.beat(i);
    await world.tick();
  }
}

describeStores('scan jobs in trouble', open => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  test('what a killed sensor had in hand another finishes, and late reports are dropped', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    await world.sensor.work(2);
    const [task] = await world.sensor.hold(1);
    expect(task?.work.kind).toBe('scan');
    const other = await world.addSensor('other');
    expect(await other.work()).toBe(0);
    world.pass(LEASE_MS + 1);
    await other.work();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
    const before = await store.db.selectFrom('imageScan').select(['scannedAt']).execute();
    world.pass(MINUTE);
    // The dead sensor comes back, with what it still has in hand.
    await world.sensor.work();
    expect(await world.sensor.beat()).toEqual([]);
    expect(await store.db.selectFrom('imageScan').select(['scannedAt']).execute()).toEqual(before);
    expect(await world.run(id)).toMatchObject({ counters: { digestsScanned: 1, bytesPulled: 1000 } });
  });

  test('a heartbeat keeps leases alive, and tells of those that are over', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    const [task] = await world.sensor.hold(1);
    for (let i = 0; i < 10; i += 1) {
      world.pass(LEASE_MS / 2);
      expect(await world.sensor.beat(i)).toEqual([]);
      await world.tick();
    }
    world.pass(LEASE_MS + 1);
    await world.tick();
    expect(await world.sensor.beat(11)).toEqual([task?.id]);
    world.sensor.held.length = 0;
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted' });
  });

  test('a sensor that was killed and started again goes on at once', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    await world.sensor.work(2);
    expect(await world.sensor.hold(1)).toHaveLength(1);
    world.sensor.held.length = 0;
    await world.sensor.beat(2);
    world.pass(1000);
    expect(await world.sensor.work()).toBe(0);
    await world.sensor.beat(1);
    world.pass(1);
    await world.sensor.work();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
  });

  test('an image whose report was acknowledged is scanned, even when its sensor is never heard of again', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    await world.sensor.work(2);
    await world.sensor.hold(1);
    const task = world.sensor.held.shift();
    const end = world.sensor.port.end;
    Object.assign(world.sensor.port, { end: async () => {} });
    if (task !== undefined) await world.sensor.perform(task);
    Object.assign(world.sensor.port, { end });
    expect(await world.run(id)).toMatchObject({ state: 'BaselineRunning', counters: { digestsRunning: 1 } });
    world.pass(LEASE_MS + 1);
    await world.tick();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
    await world.settle();
    expect(world.contents.scanned).toHaveLength(1);
  });

  test('an image that kills every sensor is given up after three, and the run ends', async () => {
    await using world = await openWorld(store);
    const poison = world.contents.push('app', 'bad', 'poison');
    world.contents.push('app', 'good', 'fine');
    world.contents.troubles.push({ kind: 'scan', subject: poison, outcome: 'silence', times: 99 });
    const { id } = await world.create();
    await exhaust(world);
    expect(await world.run(id)).toMatchObject({
      state: 'BaselineCompleted',
      counters: { digestsScanned: 1, digestsFailed: 1 },
      errors: [{ code: 'SENSOR_LOST', count: 1 }],
    });
    expect(99 - (world.contents.troubles[0]?.times ?? 0)).toBe(3);
  });

  const failures = [
    { code: 'TIMED_OUT', times: 5, scanned: 1, why: 'passing trouble is tried five times more' },
    { code: 'TIMED_OUT', times: 6, scanned: 0, why: 'and then given up' },
    { code: 'REGISTRY_DENIED', times: 1, scanned: 1, why: 'refused credentials are tried once more' },
    { code: 'REGISTRY_DENIED', times: 2, scanned: 0, why: 'and then believed' },
    { code: 'MANIFEST_UNKNOWN', times: 1, scanned: 0, why: 'what is not there is not asked for again' },
    { code: 'RATE_LIMITED', times: 12, scanned: 1, why: 'a rate limit never fails an image' },
  ] as const;
  test.each(failures)('$code $times times leaves $scanned scanned: $why', async ({ code, times, scanned }) => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    world.contents.troubles.push({ kind: 'scan', outcome: failed(code), times });
    const { id } = await world.create();
    await exhaust(world);
    expect(await world.run(id)).toMatchObject({
      state: 'BaselineCompleted',
      counters: { digestsScanned: scanned, digestsFailed: 1 - scanned },
    });
  });

  test.each([{ code: 'MANIFEST_UNKNOWN' }, { code: 'REFERENCE_INVALID' }] as const)(
    'a repository that was only ever named is not one of the registry: $code',
    async ({ code }) => {
      await using world = await openWorld(store);
      world.contents.push('app', 'v1', 'one');
      world.contents.troubles.push({ kind: 'list', outcome: failed(code), times: 99 });
      await world.create({ targets: [{ repository: 'TEAM/App', tags: [] }] });
      await exhaust(world);
      const there = store.db.selectFrom('repository').select('name').where('goneAt', 'is', null);
      expect(await there.where('name', '=', 'TEAM/App').execute()).toEqual([]);
    },
  );

  test('an image that failed in three runs is passed over until somebody asks for it', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    world.contents.troubles.push({ kind: 'scan', outcome: failed('LAYER_INVALID'), times: 99 });
    const { id } = await world.create(DAILY);
    for (let i = 0; i < 4; i += 1) {
      world.pass(MINUTE);
      await runScheduleNow(world.context, { id, actor: ACTOR });
      await world.settle();
    }
    expect(await world.run(id, 3)).toMatchObject({ counters: { digestsFailed: 1 } });
    expect(await world.run(id, 4)).toMatchObject({ counters: { digestsFailed: 0, digestsSkippedKnown: 1 } });
    expect(await store.db.selectFrom('imageScan').select(['state', 'attempts', 'errorCode']).execute()).toEqual([
      { state: 'failed', attempts: 3, errorCode: 'LAYER_INVALID' },
    ]);
  });

  test('a failed scan leaves the report that there was', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create(DAILY);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.settle();
    world.pass(MINUTE);
    world.contents.troubles.push({ kind: 'scan', outcome: failed('LAYER_INVALID'), times: 1 });
    const { scannedAt } = await store.db.selectFrom('imageScan').select('scannedAt').executeTakeFirstOrThrow();
    await store.db.updateTable('imageScan').set({ analyserVersion: 'older' }).execute();
    await store.db.updateTable('schedule').set({ baselineVersion: null }).execute();
    await store.db.deleteFrom('runImage').execute();
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.settle();
    expect(await store.db.selectFrom('imageScan').select(['state', 'scannedAt']).execute()).toEqual([
      { state: 'failed', scannedAt },
    ]);
  });

  test('a rate limit holds the run until the registry said to come back', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const retryAt = '2026-11-21T13:00:00.000Z';
    world.contents.troubles.push({ kind: 'list', outcome: failed('RATE_LIMITED', retryAt), times: 1 });
    const { id } = await world.create();
    await world.settle();
    expect(await world.schedule(id)).toMatchObject({ state: 'Paused', pauseReason: 'rate-limit', resumeAt: retryAt });
    world.pass(59 * MINUTE);
    await world.tick();
    expect(await world.sensor.work()).toBe(0);
    world.pass(MINUTE);
    await world.tick();
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineRunning' });
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
  });

  test('the last of a rate limit is left for people', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create({ targets: [{ repository: 'app', tags: [] }] });
    const [task] = await world.sensor.hold(1);
    const at = world.context.now().toISOString();
    const rateLimit = { limit: 100, remaining: 10, windowSeconds: 1800, at };
    const progress = { bytesPulled: 0, pulls: 1, rateLimit };
    const lease = { taskId: task?.id ?? '', leaseToken: task?.leaseToken ?? '' };
    await world.sensor.port.end(lease, { kind: 'returned', reason: 'stopping', progress }, { signal });
    world.sensor.held.length = 0;
    expect(await world.schedule(id)).toMatchObject({
      state: 'Paused',
      pauseReason: 'rate-limit',
      resumeAt: '2026-11-21T12:30:00.000Z',
    });
  });

  test('a full disk holds the run unless another sensor has room, and fails nothing', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    world.contents.troubles.push({ kind: 'scan', outcome: { kind: 'returned', reason: 'disk' }, times: 1 });
    const { id } = await world.create();
    await world.settle();
    expect(await world.schedule(id)).toMatchObject({ state: 'Paused', pauseReason: 'disk' });
    world.pass(MINUTE);
    await world.tick();
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
    await world.addSensor('other');
    world.contents.push('app', 'v2', 'two');
    world.contents.troubles.push({ kind: 'scan', outcome: { kind: 'returned', reason: 'disk' }, times: 1 });
    const second = await world.create();
    await world.settle();
    expect(await world.schedule(second.id)).toMatchObject({ state: 'BaselineRunning' });
    // When the other one has no room either, its last report says so.
    await store.db
      .updateTable('sensor')
      .set({ report: toJson({ ...FULL, clock: world.context.now().toISOString() }) })
      .where('name', '=', 'other')
      .execute();
    world.contents.push('app', 'v3', 'three');
    world.contents.troubles.push({ kind: 'scan', outcome: { kind: 'returned', reason: 'disk' }, times: 1 });
    const third = await world.create();
    await world.settle();
    expect(await world.schedule(third.id)).toMatchObject({ state: 'Paused', pauseReason: 'disk' });
  });

  test('a registry that goes away during a listing leaves everything where it was; a whole listing tells what is gone', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    world.contents.push('app', 'v2', 'two');
    const { id } = await world.create(DAILY);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.settle();
    world.contents.remove('app', 'v2');
    const gone = () =>
      store.db.selectFrom('repositoryManifest').select('goneAt').where('goneAt', 'is not', null).execute();
    world.contents.troubles.push({ kind: 'list', outcome: failed('REGISTRY_UNAVAILABLE'), times: 6 });
    world.pass(MINUTE);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await exhaust(world);
    expect(await world.run(id, 2)).toMatchObject({ state: 'Error', errors: [{ code: 'REGISTRY_UNAVAILABLE' }] });
    expect(await gone()).toEqual([]);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.settle();
    expect(await gone()).toHaveLength(1);
    expect(await world.events()).toContain('image.gone');
    expect(await store.db.selectFrom('imageScan').select('state').execute()).toHaveLength(2);
  });

  test('a repository that cannot be listed does not keep the others from being scanned', async () => {
    await using world = await openWorld(store);
    world.contents.push('good', 'v1', 'one');
    world.contents.push('bad', 'v1', 'two');
    world.contents.troubles.push({ kind: 'list', subject: 'bad', outcome: failed('REGISTRY_DENIED'), times: 2 });
    const { id } = await world.create();
    await exhaust(world);
    expect(await world.run(id)).toMatchObject({
      state: 'BaselineCompleted',
      counters: { repositoriesListed: 1, digestsScanned: 1 },
      errors: [{ code: 'REGISTRY_DENIED', repository: 'bad' }],
    });
  });

  test('a registry without a catalogue for these credentials is told as the reason', async () => {
    await using world = await openWorld(store);
    world.contents.troubles.push({ kind: 'catalogue', outcome: failed('CATALOG_UNSUPPORTED'), times: 1 });
    const { id } = await world.create();
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'Error', errors: [{ code: 'CATALOG_UNSUPPORTED' }] });
  });

  test('a clock that jumps a day ahead, or back, ends no run and loses none', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    await world.sensor.hold(1);
    world.pass(24 * 60 * MINUTE);
    await world.tick();
    world.pass(-25 * 60 * MINUTE);
    await world.tick();
    await exhaust(world);
    await exhaust(world);
    world.pass(24 * 60 * MINUTE);
    await exhaust(world);
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
  });

  test.each([
    { why: 'a run that was just asked for starts at once', backMs: 3 * 60 * MINUTE, before: 'nothing' },
    { why: 'a lease that a dead sensor holds runs out', backMs: 365 * 24 * 60 * MINUTE, before: 'hold' },
    { why: 'what waited for another attempt is tried', backMs: 365 * 24 * 60 * MINUTE, before: 'fail' },
    { why: 'a registry that wanted a pause is asked', backMs: 365 * 24 * 60 * MINUTE, before: 'limit' },
  ] as const)('a clock that was ahead and is set right holds nobody up: $why', async ({ backMs, before }) => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    if (before === 'fail' || before === 'limit') {
      const code = before === 'fail' ? 'REGISTRY_UNAVAILABLE' : 'RATE_LIMITED';
      world.contents.troubles.push({ kind: 'list', outcome: failed(code), times: 1 });
    }
    const { id } = await world.create();
    if (before === 'hold') await world.sensor.hold(1);
    if (before === 'fail' || before === 'limit') await world.sensor.work();
    world.pass(-backMs);
    for (let minutes = 0; minutes < 6; minutes += 1) {
      await world.tick();
      await world.settle();
      world.pass(MINUTE);
    }
    expect(await world.run(id)).toMatchObject({ counters: { digestsScanned: 1 } });
  });
});
