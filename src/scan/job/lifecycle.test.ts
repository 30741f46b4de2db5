/** The life of scan jobs, on both databases, with a sensor that follows a script. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '#store/database.ts';
import { describeStores } from '#store/testing/stores.ts';
import { openWorld } from './testing/job-world.ts';

const DAY = 24 * 60 * 60_000;
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
    world.pass(30 * 60_000);
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
  });
});
