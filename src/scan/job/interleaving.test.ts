/** Anything at any moment: whatever sensors, users and the clock do, counters add up, nothing is stuck, and nothing is read twice for nothing. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import type { Store } from '#store/database.ts';
import { listRuns } from '#store/run.ts';
import { countRunImages } from '#store/run-image.ts';
import { listSchedules } from '#store/schedule.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { whyNotAddingUp } from '../schedule/counters.ts';
import { isActive, type JobState } from '../schedule/state.ts';
import { LEASE_MS } from './leasing.ts';
import {
  cancelSchedule,
  deleteSchedule,
  pauseSchedule,
  restartSchedule,
  resumeSchedule,
  runScheduleNow,
} from './manage-schedule.ts';
import { ACTOR, type JobWorld, openWorld } from './testing/job-world.ts';
import type { ScriptedSensor } from './testing/scripted-sensor.ts';

const ACTIONS = {
  cancel: cancelSchedule,
  pause: pauseSchedule,
  resume: resumeSchedule,
  restart: restartSchedule,
  again: (context, wish) => restartSchedule(context, { ...wish, mode: 'from-the-beginning' }),
  'run-now': runScheduleNow,
  delete: deleteSchedule,
} as const satisfies Record<
  string,
  (context: JobWorld['context'], wish: { id: string; actor: typeof ACTOR }) => Promise<unknown>
>;

const CODES = ['TIMED_OUT', 'REGISTRY_DENIED', 'LAYER_INVALID', 'RATE_LIMITED', 'BUG'] as const;
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      sensor: fc.nat(1),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('perform' as const), sensor: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('fail' as const), sensor: fc.nat(1), code: fc.constantFrom(...CODES) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('return' as const), sensor: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die' as const), sensor: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('report-and-die' as const), sensor: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('beat' as const), sensor: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1000, 60_000, LEASE_MS + 1) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('push' as const), repository: fc.nat(1), image: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create' as const), registry: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('act' as const),
      action: fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])),
      schedule: fc.nat(3),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Play {
  readonly world: JobWorld;
  readonly sensors: readonly ScriptedSensor[];
  readonly registries: readonly string[];
  /** Reports that were acknowledged, by digest. */
  readonly acknowledged: Map<string, number>;
}

let store: Store;
beforeAll(async () => {
  store = await openEmbedded();
});
afterAll(async () => await store[Symbol.asyncDispose]());

test('in any order of reports, cancels, expiries, failures and launches', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async steps => {
      await using world = await openWorld(store);
      const play = await start(world);
      for (const one of steps) {
        await perform(play, one);
        await check(world);
      }
      await finish(play);
      await check(world);
      expect([...play.acknowledged].filter(([, times]) => times > 1)).toEqual([]);
    }),
    { numRuns: 6, endOnFailure: true },
  );
}, 180_000);

async function start(world: JobWorld): Promise<Play> {
  const other = await world.addRegistry('other');
  const sensors = [world.sensor, await world.addSensor('second')];
  const acknowledged = new Map<string, number>();
  for (const { port } of sensors) {
    const { reportInventory } = port;
    Object.assign(port, {
      async reportInventory(...args: Parameters<typeof reportInventory>) {
        const answer = await reportInventory(...args);
        const digest = (JSON.parse(args[1]) as { image: { digest: string } }).image.digest;
        if (answer === 'go-on') acknowledged.set(digest, (acknowledged.get(digest) ?? 0) + 1);
        return answer;
      },
    });
  }
  for (let i = 0; i < 3; i += 1) world.contents.push('app', `v${i}`, `image ${i}`);
  world.contents.push('web', 'v1', 'image 0');
  await world.create();
  return { world, sensors, registries: [world.registry.id, other.id], acknowledged };
}

async function perform({ world, sensors, registries }: Play, one: Step): Promise<void> {
  const sensor = 'sensor' in one ? sensors[one.sensor] : undefined;
  switch (one.do) {
    case 'hold':
      await sensor?.hold(one.count);
      return;
    case 'perform':
    case 'report-and-die':
    case 'fail':
    case 'return':
      await performHeld(world, sensor, one);
      return;
    case 'die':
      if (sensor !== undefined) sensor.held.length = 0;
      return;
    case 'beat': {
      const stop = new Set(await sensor?.beat(1, world.context.now()));
      const kept = sensor?.held.filter(({ id }) => !stop.has(id)) ?? [];
      sensor?.held.splice(0, sensor.held.length, ...kept);
      return;
    }
    case 'pass':
      world.pass(one.ms);
      return;
    case 'tick':
      await world.tick();
      return;
    case 'push':
      world.contents.push(['app', 'web'][one.repository] ?? 'app', `v${one.image}`, `image ${one.image}`);
      return;
    case 'create':
      await world.create({}, registries[one.registry]);
      return;
    case 'act': {
      const schedules = await listSchedules(store.db, {});
      const schedule = schedules[one.schedule % Math.max(1, schedules.length)];
      if (schedule !== undefined) await allowed(ACTIONS[one.action](world.context, { id: schedule.id, actor: ACTOR }));
      return;
    }
    default:
      one satisfies never;
  }
}

async function performHeld(
  world: JobWorld,
  sensor: ScriptedSensor | undefined,
  one: Extract<Step, { do: 'perform' | 'fail' | 'return' | 'report-and-die' }>,
): Promise<void> {
  const task = sensor?.held.shift();
  if (sensor === undefined || task === undefined) return;
  const { end } = sensor.port;
  if (one.do === 'report-and-die') Object.assign(sensor.port, { end: async () => {} });
  if (one.do === 'fail') {
    const outcome = { kind: 'failed', code: one.code, message: 'trouble' } as const;
    world.contents.troubles.push({ kind: task.work.kind, outcome, times: 1 });
  }
  if (one.do === 'return') {
    world.contents.troubles.push({ kind: task.work.kind, outcome: { kind: 'returned', reason: 'disk' }, times: 1 });
  }
  try {
    await sensor.perform(task);
  } finally {
    Object.assign(sensor.port, { end });
    world.contents.troubles.length = 0;
  }
}

/** What holds at every moment. */
async function check(world: JobWorld): Promise<void> {
  const { db } = world.context.store;
  for (const run of await listRuns(db, { limit: 1000 })) {
    const { counters } = run;
    expect(whyNotAddingUp(counters)).toBeUndefined();
    const rows = await countRunImages(db, run.id);
    expect({
      queued: counters.digestsQueued,
      running: counters.digestsRunning,
      scanned: counters.digestsScanned,
      failed: counters.digestsFailed,
      'not-reached': counters.digestsNotReached,
      'skipped-known': counters.digestsSkippedKnown,
    }).toEqual({ queued: 0, running: 0, scanned: 0, failed: 0, 'not-reached': 0, 'skipped-known': 0, ...rows });
    const isOver = run.completedAt !== undefined;
    expect(isOver).toBe(!isActive(run.state as JobState));
    if (isOver) expect([counters.digestsQueued, counters.digestsRunning, run.listingsOpen]).toEqual([0, 0, 0]);
  }
  for (const schedule of await listSchedules(db, {})) {
    expect(schedule.currentRunId !== undefined).toBe(isActive(schedule.state as JobState));
  }
}

/** With sensors that work and nobody who interferes everything comes to its end. */
async function finish({ world, sensors }: Play): Promise<void> {
  const { db } = world.context.store;
  for (const sensor of sensors) sensor.held.length = 0;
  for (let round = 0; round < 30; round += 1) {
    for (const { id, state } of await listSchedules(db, {})) {
      if (state === 'Paused') await allowed(resumeSchedule(world.context, { id, actor: ACTOR }));
    }
    world.pass(10 * 60_000);
    await world.tick();
    await world.settle();
    const open = (await listRuns(db, { limit: 1000 })).filter(({ completedAt }) => completedAt === undefined);
    const tasks = await db.selectFrom('task').select('id').where('endedAt', 'is', null).execute();
    if (open.length === 0 && tasks.length === 0) return;
  }
  const stuck = (await listRuns(db, { limit: 1000 })).filter(({ completedAt }) => completedAt === undefined);
  expect(stuck).toEqual([]);
  expect(await db.selectFrom('task').selectAll().where('endedAt', 'is', null).execute()).toEqual([]);
}

async function allowed(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    // Users are told no; anything else is a bug.
    if (!(error instanceof PlimsollError) || error.code !== 'CONFLICT') throw error;
  }
}
