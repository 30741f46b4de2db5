/** Who gets which task: order, fairness, limits, labels, and several servers and sensors at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, type Store } from '#store/database.ts';
import { migrate } from '#store/migrate.ts';
import { listRuns } from '#store/run.ts';
import { findPostgres } from '#store/testing/postgres-server.ts';
import { describeStores, newDatabase } from '#store/testing/stores.ts';
import { whyNotAddingUp } from '../schedule/counters.ts';
import { openServerPort } from '../task/server-port.ts';
import { openTaskBell } from '../task/task-bell.ts';
import { LEASE_MS } from './leasing.ts';
import { createRegistry, removeRegistry, updateRegistry } from './manage-registry.ts';
import { cancelSchedule, restartSchedule } from './manage-schedule.ts';
import { previewSchedule } from './preview.ts';
import { finishRemoval } from './removal.ts';
import { testConnection } from './test-connection.ts';
import { ACTOR, openWorld } from './testing/job-world.ts';
import { ScriptedSensor } from './testing/scripted-sensor.ts';
import { tick } from './tick.ts';

const MINUTE = 60_000;
const signal = new AbortController().signal;

describeStores('leases', open => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  test('a registry is never asked more at a time than it allows, nor a sensor', async () => {
    await using world = await openWorld(store);
    for (let i = 0; i < 9; i += 1) world.contents.push('app', `v${i}`, `image ${i}`);
    const narrow = await world.addRegistry('narrow', { maxScans: 2 });
    await world.create({ targets: [{ repository: 'app', tags: [] }] }, narrow.id);
    await world.sensor.work(1);
    expect(await world.sensor.hold(20)).toHaveLength(2);
    const other = await world.addSensor('other');
    expect(await other.hold(20)).toHaveLength(0);
    world.sensor.held.length = 0;
    await store.db.updateTable('registry').set({ maxScans: 20 }).execute();
    expect(await other.hold(20)).toHaveLength(4);
  });

  test('a large registry does not keep a small one waiting', async () => {
    await using world = await openWorld(store);
    for (let i = 0; i < 30; i += 1) world.contents.push('app', `v${i}`, `image ${i}`);
    world.contents.push('small', 'v1', 'tiny');
    const small = await world.addRegistry('small', { maxScans: 20 });
    await store.db.updateTable('registry').set({ maxScans: 20 }).execute();
    await world.create({ targets: [{ repository: 'app', tags: [] }] });
    await world.sensor.work(1);
    world.pass(MINUTE);
    await world.create({ targets: [{ repository: 'small', tags: [] }] }, small.id);
    const held = await world.sensor.hold(2);
    expect(new Set(held.map(({ registry }) => registry.id))).toEqual(new Set([world.registry.id, small.id]));
  });

  test('what people wait for overtakes, and what waits long enough is not overtaken for ever', async () => {
    await using world = await openWorld(store);
    world.contents.push('slow', 'v1', 'one');
    world.contents.push('quick', 'v1', 'two');
    const weekly = { scanType: 'Automatic', recurrence: { intervalDays: 14 } } as const;
    await world.create({ ...weekly, targets: [{ repository: 'slow', tags: [] }] });
    const first = async () => {
      const [task] = await world.sensor.hold(1);
      const work = task?.work;
      const lease = { taskId: task?.id ?? '', leaseToken: task?.leaseToken ?? '' };
      const progress = { bytesPulled: 0, pulls: 0 };
      await world.sensor.port.end(lease, { kind: 'returned', reason: 'stopping', progress }, { signal });
      world.sensor.held.length = 0;
      return work !== undefined && 'repository' in work ? work.repository : undefined;
    };
    world.pass(5 * MINUTE);
    const quick = await world.create({ targets: [{ repository: 'quick', tags: [] }] });
    expect(await first()).toBe('quick');
    await cancelSchedule(world.context, { id: quick.id, actor: ACTOR });
    world.pass(10 * MINUTE);
    await world.create({ targets: [{ repository: 'quick', tags: [] }] });
    expect(await first()).toBe('slow');
  });

  test('registries and jobs choose sensors by labels', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create({ sensorSelector: { labels: { zone: 'dc1' } } });
    expect(await world.sensor.work()).toBe(0);
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineQueued' });
    const near = await world.addSensor('near', { zone: 'dc1', disk: 'ssd' });
    expect(await near.work()).toBe(3);
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineCompleted' });
    await updateRegistry(world.context, {
      id: world.registry.id,
      input: { sensorSelector: { zone: 'dc2' } },
      actor: ACTOR,
    });
    await world.create();
    expect(await near.work()).toBe(0);
  });

  test('two jobs that want the same image of a registry share one task', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const a = await world.create({ targets: [{ repository: 'app', tags: ['v1'] }] });
    const b = await world.create({ targets: [{ repository: 'app', tags: [] }] });
    await world.sensor.work(2);
    await world.sensor.hold(4);
    await cancelSchedule(world.context, { id: a.id, actor: ACTOR });
    await world.settle();
    expect(await world.run(a.id)).toMatchObject({ state: 'Canceled', counters: { digestsNotReached: 1 } });
    expect(await world.run(b.id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
    expect(world.contents.scanned).toHaveLength(1);
  });

  test('who waits for work is woken when there is some', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    await using bell = await openTaskBell(store);
    const { sensorId } = { sensorId: (await store.db.selectFrom('sensor').select('id').executeTakeFirstOrThrow()).id };
    const port = openServerPort({ ...world.context, bell }, sensorId);
    const waiting = port.lease(1, { waitMs: 60_000, signal });
    await world.create();
    expect(await waiting).toMatchObject([{ work: { kind: 'catalogue' }, attempt: 1 }]);
    const stop = new AbortController();
    const stopped = port.lease(1, { waitMs: 60_000, signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toThrow();
  });

  test('the test of a connection runs on a sensor, and its result stays with the registry', async () => {
    await using world = await openWorld(store);
    const test = testConnection(world.context, { id: world.registry.id, actor: ACTOR, signal });
    while ((await world.sensor.work()) === 0);
    expect(await test).toMatchObject({ isOk: true, health: 'connected', steps: [{ step: 'ping', result: 'ok' }] });
    expect(await store.db.selectFrom('registry').select(['health', 'lastProbe']).execute()).toMatchObject([
      { health: 'connected', lastProbe: { isOk: true } },
    ]);
    expect(await world.events()).toContain('registry.health');
    const alone = { id: world.registry.id, actor: ACTOR, timeoutMs: 10, signal };
    await expect(testConnection(world.context, alone)).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
    expect(await world.sensor.work()).toBe(0);
  });

  test('a preview tells what a job would select, leave out and cost, and changes no job', async () => {
    await using world = await openWorld(store);
    world.contents.push('team/app', 'v1', 'one', '2026-11-20T00:00:00Z');
    world.contents.push('team/app', 'v2', 'two', '2026-01-01T00:00:00Z');
    world.contents.push('other', 'v1', 'three');
    const input = {
      name: 'try',
      scanType: 'OnDemand',
      targets: [{ repository: 'team/*', tags: [] }],
      filters: { pushed: { kind: 'lastDays', days: 7 } },
    };
    const preview = previewSchedule(world.context, { registryId: world.registry.id, input, signal });
    const done = preview.then(() => true);
    while (!(await Promise.race([done, world.sensor.work().then(() => false)])));
    expect(await preview).toMatchObject({
      repositories: { known: 2, matched: 1, sample: ['team/app'] },
      listed: [{ repository: 'team/app', matched: 1, sample: ['v1'], isLive: true }],
      tags: { matched: 1 },
      images: { toScan: 1, skippedKnown: 0 },
      estimate: { bytes: 1003, pulls: 3, isComplete: true },
      explanation: undefined,
    });
    expect(await store.db.selectFrom('run').select('id').execute()).toEqual([]);
    const wrong = { ...input, targets: [{ repository: '**', tags: [] }] };
    const refused = previewSchedule(world.context, { registryId: world.registry.id, input: wrong, signal });
    await expect(refused).rejects.toMatchObject({
      code: 'SCHEDULE_INVALID',
      violations: [{ code: 'WILDCARD_SYNTAX' }],
    });
  });

  test('a preview of a repository that is not there says so, with what may have been meant', async () => {
    await using world = await openWorld(store);
    world.contents.push('team/app', 'v1', 'one');
    await world.create({ targets: [{ repository: 'team/app', tags: [] }] });
    await world.settle();
    const outcome = { kind: 'failed', code: 'MANIFEST_UNKNOWN', message: 'there is none' } as const;
    world.contents.troubles.push({ kind: 'list', subject: 'tem/app', outcome, times: 9 });
    const input = { name: 'x', scanType: 'OnDemand', targets: [{ repository: 'tem/app', tags: [] }] };
    const preview = previewSchedule(world.context, { registryId: world.registry.id, input, signal });
    const done = preview.then(() => true);
    while (!(await Promise.race([done, world.sensor.work().then(() => false)])));
    const { repositories, listed, explanation } = await preview;
    expect(repositories).toMatchObject({ matched: 0, sample: [] });
    expect(listed).toMatchObject([{ repository: 'tem/app', problem: expect.any(String) }]);
    expect(explanation?.join()).toContain('did you mean team/app?');
  });

  test('a registry is added with sealed credentials, edited, and removed with or without its images', async () => {
    await using world = await openWorld(store);
    const { namespaceId } = world.registry;
    const input = {
      name: 'private',
      type: 'docker-v2',
      url: 'registry.example:5000/v2/',
      credentials: { kind: 'basic', username: 'robot', password: 'hush-hush' },
    };
    const added = await createRegistry(world.context, { namespaceId, input, actor: ACTOR });
    expect(added).toMatchObject({ host: 'registry.example:5000', credentialKind: 'basic', credentialHint: 'robot' });
    expect(JSON.stringify(added)).not.toContain('hush-hush');
    await expect(createRegistry(world.context, { namespaceId, input, actor: ACTOR })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    const edit = (change: object, ifRevision?: number) =>
      updateRegistry(world.context, { id: added.id, input: change, ifRevision, actor: ACTOR });
    expect(await edit({ name: 'renamed' })).toMatchObject({ name: 'renamed', credentialHint: 'robot', revision: 2 });
    await expect(edit({ name: 'again' }, 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(edit({ url: 'https://elsewhere.example' })).rejects.toMatchObject({
      code: 'REGISTRY_SETTINGS_INVALID',
    });
    const aws = { kind: 'aws', roleArn: 'arn' };
    await expect(edit({ credentials: aws })).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
    world.contents.push('app', 'v1', 'one');
    await world.create({}, added.id);
    const [task] = await world.sensor.hold(1);
    expect(task?.registry).toMatchObject({
      url: 'https://registry.example:5000',
      credentials: { kind: 'basic', username: 'robot', password: 'hush-hush' },
    });
    await world.settle();
    const places = () => store.db.selectFrom('repositoryManifest').select('goneAt').execute();
    await removeRegistry(world.context, { id: added.id, keepsImages: true, actor: ACTOR });
    await finishRemoval(world.context, { id: added.id, keepsImages: true, signal });
    expect(await places()).toEqual([{ goneAt: world.context.now().toISOString() }]);
    await finishRemoval(world.context, { id: added.id, keepsImages: false, signal });
    expect(await places()).toEqual([]);
    expect(await store.db.selectFrom('manifest').select('id').execute()).toEqual([]);
    expect(await store.db.selectFrom('registry').select('id').execute()).toHaveLength(1);
  });
});

test.skipIf(findPostgres() === undefined)(
  'two servers and three sensors share the work: every image is read once, every due time launches once',
  async () => {
    const location = await newDatabase();
    await using first = await openStore(location);
    await migrate(first);
    await using second = await openStore(location);
    await using world = await openWorld(first);
    for (let i = 0; i < 40; i += 1) world.contents.push(`app${i % 4}`, `v${i}`, `image ${i}`);
    await first.db.updateTable('registry').set({ maxScans: 12 }).execute();
    const daily = { scanType: 'Automatic', recurrence: { intervalDays: 1, startTime: '12:30' } } as const;
    const { id } = await world.create(daily);
    world.pass(31 * MINUTE);
    const there = { ...world.context, store: second };
    await Promise.all([tick(world.context, { signal }), tick(there, { signal }), world.tick()]);
    expect(await world.schedule(id)).toMatchObject({ runCount: 1, skippedOverlaps: 0 });
    await world.addSensor('b');
    await world.addSensor('c');
    const sensors = (await first.db.selectFrom('sensor').select('id').execute()).map(
      ({ id: sensorId }, place) =>
        new ScriptedSensor(openServerPort(place === 0 ? world.context : there, sensorId), world.contents),
    );
    for (;;) {
      await Promise.all(sensors.map(sensor => sensor.work()));
      if ((await world.run(id)).completedAt !== undefined) break;
    }
    expect(await world.run(id)).toMatchObject({
      state: 'BaselineCompleted',
      counters: { digestsSelected: 40, digestsScanned: 40, digestsFailed: 0 },
    });
    expect(world.contents.scanned).toHaveLength(40);
    expect(new Set(world.contents.scanned).size).toBe(40);
  },
);

test.skipIf(findPostgres() === undefined)(
  'cancels, restarts and ticks from two servers in the middle of it all leave counters that add up, and an end',
  async () => {
    const location = await newDatabase();
    await using first = await openStore(location);
    await migrate(first);
    await using second = await openStore(location);
    await using world = await openWorld(first);
    for (let i = 0; i < 24; i += 1) world.contents.push(`app${i % 3}`, `v${i}`, `image ${i}`);
    const there = { ...world.context, store: second };
    const jobs = [await world.create(), await world.create({ targets: [{ repository: 'app1', tags: [] }] })];
    await world.addSensor('b');
    const sensors = (await first.db.selectFrom('sensor').select('id').execute()).map(
      ({ id }, place) => new ScriptedSensor(openServerPort(place === 0 ? world.context : there, id), world.contents),
    );
    const interfere = async (context: typeof there, id: string) => {
      for (let i = 0; i < 4; i += 1) {
        for (const change of [cancelSchedule, restartSchedule]) {
          // Whether it is allowed just now is up to chance; that it is answered is not.
          await change(context, { id, actor: ACTOR }).catch(error => expect(error).toMatchObject({ code: 'CONFLICT' }));
        }
        await tick(context, { signal });
      }
    };
    await Promise.all([
      ...sensors.map(sensor => sensor.work()),
      interfere(world.context, jobs[0]?.id ?? ''),
      interfere(there, jobs[1]?.id ?? ''),
    ]);
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(sensors.map(sensor => sensor.work()));
      world.pass(LEASE_MS + 1);
      await world.tick();
    }
    for (const run of await listRuns(first.db, { limit: 100 })) {
      expect(run.completedAt).toBeDefined();
      expect(whyNotAddingUp(run.counters)).toBeUndefined();
    }
    const scans = await first.db.selectFrom('imageScan').select('state').execute();
    expect(scans.filter(({ state }) => state === 'scanned')).toHaveLength(24);
  },
);
