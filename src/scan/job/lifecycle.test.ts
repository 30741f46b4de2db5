/** The life of scan jobs, on both databases, with a sensor that follows a script: launches, cancels, restarts, edits, removals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '#store/database.ts';
import { countRunImages } from '#store/run-image.ts';
import { describeStores } from '#store/testing/stores.ts';
import { changeSchedules, showBulk } from './bulk.ts';
import { removeRegistry } from './manage-registry.ts';
import {
  cancelSchedule,
  deleteSchedule,
  pauseSchedule,
  restartSchedule,
  resumeSchedule,
  runScheduleNow,
  setScheduleEnabled,
  updateSchedule,
} from './manage-schedule.ts';
import { cancelRun, scanImageNow } from './scan-image-now.ts';
import { ACTOR, openWorld } from './testing/job-world.ts';
import { imageOf } from './testing/scripted-sensor.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DAILY = { scanType: 'Automatic', recurrence: { intervalDays: 1, startTime: '12:30' } } as const;

describeStores('scan jobs', open => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  test('a new job makes a baseline; a second run with nothing new scans nothing', async () => {
    await using world = await openWorld(store);
    world.contents.push('team/app', 'v1', 'one');
    world.contents.push('team/app', 'v2', 'two');
    world.contents.push('team/web', 'v1', 'three');
    const { id } = await world.create(DAILY);
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineCreated', nextDueAt: '2026-11-21T12:30:00.000Z' });
    world.pass(30 * MINUTE);
    await world.tick();
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineQueued' });
    await world.sensor.hold(1);
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineRunning' });
    await world.settle();
    expect(await world.schedule(id)).toMatchObject({ state: 'BaselineCompleted', currentRunId: undefined });
    expect(await world.run(id)).toMatchObject({
      state: 'BaselineCompleted',
      kind: 'baseline',
      counters: { repositoriesListed: 2, tagsSeen: 3, tagsMatched: 3, digestsSelected: 3, digestsScanned: 3 },
    });
    world.pass(DAY);
    await world.tick();
    await world.settle();
    expect(await world.run(id)).toMatchObject({
      state: 'Completed',
      kind: 'incremental',
      counters: { digestsSelected: 3, digestsSkippedKnown: 3, digestsScanned: 0 },
    });
    expect(world.contents.scanned).toHaveLength(3);
    const kinds = await world.events();
    expect(kinds.filter(kind => kind.startsWith('run.') && kind !== 'run.progress')).toEqual([
      'run.queued',
      'run.started',
      'run.completed',
      'run.queued',
      'run.started',
      'run.completed',
    ]);
  });

  test('one new image is one scan, a new tag none, an image in two repositories one scan with two locations', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create(DAILY);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.settle();
    const again = async () => {
      world.contents.scanned.length = 0;
      world.pass(MINUTE);
      await runScheduleNow(world.context, { id, actor: ACTOR });
      await world.settle();
      return world.contents.scanned;
    };
    const two = world.contents.push('app', 'v1', 'two');
    expect(await again()).toEqual([two]);
    world.contents.push('app', 'latest', 'two');
    expect(await again()).toEqual([]);
    const shared = world.contents.push('a', 'v1', 'shared');
    world.contents.push('b', 'v1', 'shared');
    expect(await again()).toEqual([shared]);
    const places = await store.db
      .selectFrom('repositoryManifest')
      .innerJoin('manifest', 'manifest.id', 'repositoryManifest.manifestId')
      .select('repositoryId')
      .where('digest', '=', shared)
      .execute();
    expect(places).toHaveLength(2);
    const moved = await store.db.selectFrom('event').select('data').where('kind', '=', 'tag.moved').execute();
    expect(moved).toMatchObject([{ data: { repository: 'app', tags: [{ tag: 'v1', to: two }] } }]);
  });

  test('an image that another registry has, too, is not read again', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    await world.create();
    await world.settle();
    const other = await world.addRegistry('other');
    world.pass(MINUTE);
    const { id } = await world.create({}, other.id);
    await world.settle();
    expect(await world.run(id)).toMatchObject({ counters: { digestsSelected: 1, digestsSkippedKnown: 1 } });
    expect(world.contents.scanned).toHaveLength(1);
  });

  test('an image that two registries want at the same moment is read once, and both runs have it', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const other = await world.addRegistry('other');
    const first = await world.create();
    const second = await world.create({}, other.id);
    for (let i = 0; i < 4; i += 1) await world.sensor.work(1);
    const held = await world.sensor.hold(4);
    expect(held.map(({ work }) => work.kind)).toEqual(['scan']);
    await world.settle();
    expect(await world.run(first.id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
    expect(await world.run(second.id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 1 } });
    expect(world.contents.scanned).toHaveLength(1);
  });

  test('a baseline that is cancelled half way leaves the rest to the next, which is a baseline again', async () => {
    await using world = await openWorld(store);
    for (const name of ['one', 'two', 'three', 'four']) world.contents.push('app', name, name);
    const { id } = await world.create(DAILY);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.sensor.work(4);
    expect(world.contents.scanned).toHaveLength(2);
    const held = [...world.sensor.held, ...(await world.sensor.hold(1))];
    await cancelSchedule(world.context, { id, actor: ACTOR });
    expect(await world.schedule(id)).toMatchObject({ state: 'Canceled', nextDueAt: '2026-11-21T12:30:00.000Z' });
    expect(await world.run(id)).toMatchObject({
      state: 'Canceled',
      counters: { digestsSelected: 4, digestsScanned: 2, digestsNotReached: 2, digestsQueued: 0, digestsRunning: 0 },
    });
    expect(await world.sensor.beat(2)).toEqual(
      held.map(({ id: task }) => task).filter(task => world.sensor.held.some(one => one.id === task)),
    );
    await world.sensor.work();
    expect(await world.run(id)).toMatchObject({ state: 'Canceled', counters: { digestsScanned: 2 } });
    world.contents.scanned.length = 0;
    await restartSchedule(world.context, { id, actor: ACTOR });
    await world.settle();
    expect(await world.run(id)).toMatchObject({
      kind: 'baseline',
      mode: 'resume',
      state: 'BaselineCompleted',
      counters: { digestsSkippedKnown: 2, digestsScanned: 2 },
    });
    expect(world.contents.scanned).toHaveLength(2);
  });

  test('a cancel works in every state that has something to cancel, and is refused in the others', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create(DAILY);
    const cancel = () => cancelSchedule(world.context, { id, actor: ACTOR });
    expect(await cancel()).toMatchObject({ state: 'Canceled' });
    await expect(cancel()).rejects.toMatchObject({ code: 'CONFLICT', violations: [{ code: 'STATE_NOT_ALLOWED' }] });
    await restartSchedule(world.context, { id, actor: ACTOR });
    expect(await cancel()).toMatchObject({ state: 'Canceled', currentRunId: undefined });
    await restartSchedule(world.context, { id, actor: ACTOR });
    await world.sensor.hold(1);
    await pauseSchedule(world.context, { id, actor: ACTOR });
    expect(await world.schedule(id)).toMatchObject({ state: 'Paused', pauseReason: 'user' });
    expect(await cancel()).toMatchObject({ state: 'Canceled', pauseReason: undefined });
    expect(await store.db.selectFrom('task').select('id').where('state', 'in', ['queued', 'leased']).execute()).toEqual(
      [],
    );
  });

  test('bulk calls pass over what they cannot touch, ids win over a filter, and the answer has an id', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const finished = await world.create();
    await world.settle();
    const waiting = await world.create(DAILY);
    const running = await world.create();
    await world.sensor.hold(1);
    const about = { registryId: world.registry.id, actor: ACTOR };
    const cancelled = await changeSchedules(world.context, { ...about, action: 'cancel', filter: 'scheduleUuid:*' });
    expect(cancelled).toMatchObject({ ignored: [finished.id], refused: [], unknown: [] });
    expect([...cancelled.accepted].sort()).toEqual([waiting.id, running.id].sort());
    expect(await showBulk(world.context, { ...about, jobId: cancelled.jobId })).toEqual(cancelled);
    const queued = await world.create();
    const ids = [finished.id, queued.id];
    const removed = await changeSchedules(world.context, {
      ...about,
      action: 'delete',
      ids,
      filter: 'status:Canceled',
    });
    expect(removed).toMatchObject({ accepted: [finished.id], ignored: [queued.id] });
    await expect(world.schedule(finished.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await world.schedule(waiting.id)).toMatchObject({ state: 'Canceled' });
    await expect(changeSchedules(world.context, { ...about, action: 'delete', filter: 'all' })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('nothing that runs is removed: neither its job nor its registry', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    await world.sensor.hold(1);
    await expect(deleteSchedule(world.context, { id, actor: ACTOR })).rejects.toMatchObject({
      violations: [{ code: 'SCHEDULE_RUNNING' }],
    });
    const remove = () => removeRegistry(world.context, { id: world.registry.id, actor: ACTOR });
    await expect(remove()).rejects.toMatchObject({ violations: [{ code: 'REGISTRY_HAS_RUNNING_SCHEDULE' }] });
    await world.settle();
    await remove();
    await expect(world.schedule(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(remove()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('edits follow the rules: never On Demand, never while it runs, and what is selected not in compatibility mode', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const automatic = { name: 'nightly', targets: [{ repository: 'app', tags: [] }], ...DAILY };
    const onDemand = await world.create();
    const edit = (id: string, input: object, context = world.context) =>
      updateSchedule(context, { id, input, actor: ACTOR });
    await world.settle();
    await expect(edit(onDemand.id, automatic)).rejects.toMatchObject({ violations: [{ code: 'SCHEDULE_IMMUTABLE' }] });
    const { id } = await world.create(automatic);
    const wider = { ...automatic, targets: [{ repository: '.*', tags: [] }] };
    const strict = { ...world.context, isCompatibilityMode: true };
    await expect(edit(id, wider, strict)).rejects.toMatchObject({ violations: [{ field: 'targets' }] });
    const later = { ...automatic, recurrence: { intervalDays: 1, startTime: '18:00' } };
    expect((await edit(id, later, strict)).schedule).toMatchObject({
      settingsVersion: 1,
      revision: 2,
      nextDueAt: '2026-11-21T18:00:00.000Z',
    });
    expect((await edit(id, { ...wider, recurrence: later.recurrence })).schedule).toMatchObject({ settingsVersion: 2 });
    await expect(
      updateSchedule(world.context, { id, input: automatic, ifRevision: 2, actor: ACTOR }),
    ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.sensor.hold(1);
    await expect(edit(id, later)).rejects.toMatchObject({ violations: [{ code: 'SCHEDULE_RUNNING' }] });
  });

  test('a restart works from every end, and is refused while a run is active', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create({ targets: [{ repository: 'app', tags: [] }] });
    const restart = (mode: 'resume' | 'from-the-beginning' = 'resume') =>
      restartSchedule(world.context, { id, mode, actor: ACTOR });
    await expect(restart()).rejects.toMatchObject({ violations: [{ code: 'STATE_NOT_ALLOWED' }] });
    await world.sensor.hold(1);
    await expect(restart()).rejects.toMatchObject({ code: 'CONFLICT' });
    await world.settle();
    expect(await restart()).toMatchObject({ state: 'Queued' });
    const denied = { kind: 'failed', code: 'REGISTRY_DENIED', message: 'no' } as const;
    world.contents.troubles.push({ kind: 'list', outcome: denied, times: 2 });
    await world.settle();
    world.pass(MINUTE);
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'Error', reason: 'no', errors: [{ code: 'REGISTRY_DENIED' }] });
    expect(await world.schedule(id)).toMatchObject({ state: 'Error' });
    expect(await restart()).toMatchObject({ state: 'Queued' });
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'Finished', counters: { digestsSkippedKnown: 1 } });
  });

  test('a restart from the beginning repeats the last run: judged again, and read again only when that is asked for', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create();
    await world.settle();
    for (const { isDeep, reads } of [
      { isDeep: false, reads: 1 },
      { isDeep: true, reads: 2 },
    ]) {
      world.pass(MINUTE);
      await restartSchedule(world.context, { id, mode: 'from-the-beginning', isDeep, actor: ACTOR });
      await world.settle();
      expect(await world.run(id)).toMatchObject({ state: 'Finished', counters: { digestsScanned: 1 } });
      expect(await countRunImages(store.db, (await world.run(id)).id)).toEqual({ scanned: 1 });
      expect(world.contents.scanned).toHaveLength(reads);
    }
  });

  test('a due time during a run passes by and is counted; three that passed while the server was down are one run', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one');
    const { id } = await world.create(DAILY);
    world.pass(30 * MINUTE);
    await world.tick();
    world.pass(DAY);
    await world.tick();
    expect(await world.schedule(id)).toMatchObject({
      runCount: 1,
      skippedOverlaps: 1,
      nextDueAt: '2026-11-23T12:30:00.000Z',
    });
    expect(await world.events()).toContain('run.skipped');
    await world.settle();
    world.pass(3 * DAY + MINUTE);
    await Promise.all([world.tick(), world.tick(), world.tick()]);
    expect(await world.schedule(id)).toMatchObject({
      runCount: 2,
      lastPlannedAt: '2026-11-25T12:30:00.000Z',
      nextDueAt: '2026-11-26T12:30:00.000Z',
    });
  });

  test('due times of a disabled job pass by', async () => {
    await using world = await openWorld(store);
    const { id } = await world.create(DAILY);
    await setScheduleEnabled(world.context, { id, isEnabled: false, actor: ACTOR });
    world.pass(DAY);
    await world.tick();
    expect(await world.schedule(id)).toMatchObject({ runCount: 0, nextDueAt: '2026-11-22T12:30:00.000Z' });
    await setScheduleEnabled(world.context, { id, isEnabled: true, actor: ACTOR });
    world.pass(DAY);
    await world.tick();
    expect(await world.schedule(id)).toMatchObject({ runCount: 1 });
  });

  test('a run that is held goes on where it was; what sensors had in hand counts', async () => {
    await using world = await openWorld(store);
    for (const name of ['one', 'two', 'three']) world.contents.push('app', name, name);
    const { id } = await world.create();
    await world.sensor.work(2);
    await pauseSchedule(world.context, { id, actor: ACTOR });
    await world.settle();
    const held = await world.run(id);
    expect(held).toMatchObject({ state: 'Paused', counters: { digestsRunning: 0 } });
    expect(held.counters.digestsScanned + held.counters.digestsQueued).toBe(3);
    await resumeSchedule(world.context, { id, actor: ACTOR });
    await world.settle();
    expect(await world.run(id)).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 3 } });
  });

  test('scanning all images judges known ones again without reading them; a deep run reads them', async () => {
    await using world = await openWorld(store);
    world.contents.push('app', 'v1', 'one', '2026-11-20T00:00:00Z');
    world.contents.push('app', 'old', 'two', '2026-01-01T00:00:00Z');
    const all = { scanAllImages: true, limit: { kind: 'pushedWithinDays', days: 30 } } as const;
    const { id } = await world.create({ ...DAILY, recurrence: { intervalDays: 14 }, ...all });
    await world.settle();
    expect(await world.run(id)).toMatchObject({ kind: 'forced', state: 'Completed', counters: { digestsScanned: 1 } });
    world.pass(MINUTE);
    await runScheduleNow(world.context, { id, actor: ACTOR });
    await world.settle();
    expect(await world.run(id)).toMatchObject({ counters: { digestsScanned: 1 } });
    expect(world.contents.scanned).toHaveLength(1);
    world.pass(MINUTE);
    await runScheduleNow(world.context, { id, isDeep: true, actor: ACTOR });
    await world.settle();
    expect(world.contents.scanned).toHaveLength(2);
  });

  test('of an index only the images for the wanted platforms are scanned', async () => {
    await using world = await openWorld(store);
    const [amd64] = world.contents.pushIndex('app', 'v1', { 'linux/amd64': 'x', 'linux/arm64': 'y' });
    const { id } = await world.create();
    await world.settle();
    expect(world.contents.scanned).toEqual([amd64]);
    expect(await world.run(id)).toMatchObject({
      counters: { digestsSelected: 2, digestsScanned: 1, digestsSkippedPlatform: 1 },
    });
  });

  test('a run that matches nothing says why, with names that may have been meant', async () => {
    await using world = await openWorld(store);
    world.contents.push('team/backend', 'v1', 'one');
    const { id } = await world.create({ targets: [{ repository: 'team/*', tags: ['v2'] }] });
    await world.settle();
    const run = await world.run(id);
    expect(run).toMatchObject({ state: 'BaselineCompleted', noImagesMatched: true });
    expect(run.reason).toContain('No image matched');
    expect(run.reason).toContain('"v2" matched 0 of 1 tag');
  });

  test('a run that finds images of other platforms alone says so', async () => {
    await using world = await openWorld(store);
    world.contents.pushIndex('app', 'v1', { 'linux/amd64': 'x', 'linux/arm64': 'y' });
    const { id } = await world.create({ platforms: ['linux/riscv64'] });
    await world.settle();
    const run = await world.run(id);
    expect(run).toMatchObject({ state: 'BaselineCompleted', counters: { digestsScanned: 0 } });
    expect(run.reason).toBe('Nothing was scanned: of 2 images found, 2 for other platforms than linux/riscv64');
  });

  test('one image can be scanned by itself, and that be cancelled', async () => {
    await using world = await openWorld(store);
    const digest = world.contents.push('app', 'v1', 'one');
    world.contents.push('app', 'v2', 'two');
    const wish = { registryId: world.registry.id, repository: 'app', tag: 'v1', actor: ACTOR };
    const run = await scanImageNow(world.context, wish);
    await world.settle();
    expect(world.contents.scanned).toEqual([digest]);
    expect(await store.db.selectFrom('run').select(['state', 'digestsScanned']).execute()).toEqual([
      { state: 'Finished', digestsScanned: 1 },
    ]);
    await expect(cancelRun(world.context, { id: run.id, actor: ACTOR })).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = await scanImageNow(world.context, wish);
    expect(await cancelRun(world.context, { id: second.id, actor: ACTOR })).toMatchObject({ state: 'Canceled' });
    await expect(scanImageNow(world.context, { ...wish, tag: 'v*' })).rejects.toMatchObject({
      code: 'SCHEDULE_INVALID',
    });
    expect(imageOf('one').digest).toBe(digest);
  });
});
