/** The background jobs at a real queue: what is due while nobody looks is launched, worked on, and shown. */
import { expect, test } from 'vitest';
import { openQueue } from '#store/queue.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { startJobHandlers } from './job-handlers.ts';
import { openWorld } from './testing/job-world.ts';
import { listRunFailures, showSchedule } from './view.ts';

test('a server that starts launches what was due while it was down, and a sensor finishes it', async () => {
  await using store = await openEmbedded();
  await using world = await openWorld(store);
  world.contents.push('app', 'v1', 'one');
  const bad = world.contents.push('app', 'v2', 'two');
  const outcome = { kind: 'failed', code: 'LAYER_INVALID', message: 'torn' } as const;
  world.contents.troubles.push({ kind: 'scan', subject: bad, outcome, times: 1 });
  const { id } = await world.create({
    scanType: 'Automatic',
    recurrence: { intervalDays: 1, startTime: '12:30' },
  });
  expect(await showSchedule(world.context, id)).toMatchObject({ state: 'BaselineCreated', run: undefined });
  world.pass(3 * 24 * 60 * 60_000);
  {
    const failed: Error[] = [];
    await using queue = await openQueue(store, { onError: error => failed.push(error) });
    const launched = Promise.withResolvers<void>();
    await using _ = await store.listen('plimsoll_event', () => launched.resolve());
    await startJobHandlers({ ...world.context, queue });
    await launched.promise;
    while (!(await world.events()).includes('run.queued')) await world.sensor.beat(1, world.context.now());
    await queue.repeat('schedule-tick', undefined);
    expect(failed).toEqual([]);
  }
  expect(await showSchedule(world.context, id)).toMatchObject({ state: 'BaselineQueued', schedule: { runCount: 1 } });
  await world.sensor.beat(2, world.context.now());
  expect((await showSchedule(world.context, id)).waitsFor).toContain('busy');
  await world.sensor.hold(1);
  world.pass(91_000);
  expect(await showSchedule(world.context, id)).toMatchObject({ state: 'Unknown' });
  await world.settle();
  const view = await showSchedule(world.context, id);
  expect(view).toMatchObject({ state: 'BaselineCompleted', actions: ['delete', 'update', 'restart', 'run-now'] });
  const failures = await Array.fromAsync(listRunFailures(world.context, view.run?.id ?? ''));
  expect(failures).toMatchObject([{ repository: 'app', digest: bad, code: 'LAYER_INVALID', reason: 'torn' }]);
});
