/**
 * `kill -9` at random moments of a run: of the server on its own folder, of one of two servers on PostgreSQL, of a sensor, of PostgreSQL itself.
 *
 * `PLIMSOLL_FAULT_ROUNDS` says how many there are in all, `PLIMSOLL_FAULT_SEED` which.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openStore } from '#store/database.ts';
import { findPostgres, serverPid, startPostgres, stopServer } from '#store/testing/postgres-server.ts';
import { scratchFolder } from '../../fixtures/scratch-folder.ts';
import { type FaultWorld, openFaultWorld, type Pushed, type RunEnd } from './fault-world.ts';

const ROUNDS = Number(process.env['PLIMSOLL_FAULT_ROUNDS'] ?? 6);
const SEED = Number(process.env['PLIMSOLL_FAULT_SEED'] ?? Date.now() % 1_000_000);
const IMAGES = 9;
const BLOB_DELAY_MS = 25;
/** Of four rounds one is on the server's own folder. */
const EMBEDDED_ROUNDS = Math.ceil(ROUNDS / 4);
const TIMEOUT = { timeout: 120_000 + ROUNDS * 60_000 };

test(`a server on its own folder is killed at any moment of a run (seed ${SEED})`, TIMEOUT, async () => {
  await using world = await openFaultWorld({ blobDelayMs: BLOB_DELAY_MS });
  await world.startServer('server');
  await world.startSensor('east', 'server');
  const kill = async (_: string, random: () => number) => {
    await world.end('server');
    await sleep(random() * 300);
    await world.restart('server');
  };
  await play(world, { rounds: EMBEDDED_ROUNDS, seed: SEED, sensors: 2, victims: ['server'], kill });
  await checkAtRest(world, async () => {
    await world.end('east', 'SIGTERM');
    expect(await world.end('server', 'SIGTERM')).toBe(0);
    return { kind: 'pglite', folder: world.folder.at('server') };
  });
});

test.skipIf(findPostgres() === undefined)(
  `a server of two, a sensor or PostgreSQL is killed at any moment of a run (seed ${SEED})`,
  TIMEOUT,
  async () => {
    await using folder = await scratchFolder();
    const data = folder.at('postgres');
    const databaseUrl = `${await startPostgres(data, { isDurable: true })}/postgres`;
    await using stopping = new AsyncDisposableStack();
    stopping.defer(() => stopServer(data));
    await using world = await openFaultWorld({ databaseUrl, blobDelayMs: BLOB_DELAY_MS });
    await world.startServer('one');
    await world.startServer('two', { hasSensor: false });
    await world.startSensor('left', 'one');
    await world.startSensor('right', 'two');
    const kill = async (victim: string, random: () => number) => {
      if (victim === 'postgres') {
        process.kill(serverPid(data), 'SIGKILL');
        await sleep(random() * 1000);
        await startAgain(data, Number(new URL(databaseUrl).port));
        return;
      }
      await world.end(victim);
      await sleep(random() * 300);
      await world.restart(victim);
    };
    const victims = ['postgres', 'left', 'one', 'postgres', 'right', 'two'];
    await play(world, { rounds: ROUNDS - EMBEDDED_ROUNDS, seed: SEED + 1, sensors: 3, victims, kill });
    await checkAtRest(world, async () => {
      for (const name of ['left', 'right', 'one', 'two']) expect(await world.end(name, 'SIGTERM')).toBe(0);
      return { kind: 'postgres', url: databaseUrl };
    });
  },
);

interface Play {
  readonly rounds: number;
  readonly seed: number;
  /** Sensors that read images, each with a cache of its own. */
  readonly sensors: number;
  readonly victims: readonly string[];
  readonly kill: (victim: string, random: () => number) => Promise<void>;
}

async function play(world: FaultWorld, { rounds, seed, sensors, victims, kill }: Play): Promise<void> {
  const random = randomFrom(seed);
  const first = await world.push('quiet', IMAGES);
  const before = world.answered;
  const quiet = await world.settle(await world.scan(first.repository));
  await check(world, first, quiet, { sensors, kills: 0, acknowledged: [] });
  const requests = world.answered - before;
  for (let round = 0; round < rounds; round += 1) {
    const victim = victims[round % victims.length] ?? '';
    const pushed = await world.push(`round-${round}`, IMAGES);
    const run = await world.scan(pushed.repository);
    const moment = 1 + Math.floor(random() * requests);
    // A round may need fewer requests than the first one.
    await world.asked(moment, AbortSignal.timeout(4000));
    await sleep(random() * 60);
    const acknowledged = await world.imagesOf(run);
    await kill(victim, random);
    const end = await world.settle(run);
    try {
      await check(world, pushed, end, { sensors, kills: 1, acknowledged });
    } catch (error) {
      throw new Error(`Round ${round}: ${victim} was killed at request ${moment} of ${requests}`, { cause: error });
    }
  }
}

interface Expected {
  readonly sensors: number;
  readonly kills: number;
  /** Images that a server had said were scanned before the kill. */
  readonly acknowledged: readonly string[];
}

async function check(world: FaultWorld, pushed: Pushed, end: RunEnd, expected: Expected): Promise<void> {
  const { sensors, kills, acknowledged } = expected;
  const { counters: c } = end;
  expect(end).toMatchObject({ state: 'Finished', errors: [] });
  const states = [
    'SkippedKnown',
    'SkippedPlatform',
    'SkippedNotScannable',
    'Queued',
    'Running',
    'Scanned',
    'Failed',
    'NotReached',
  ];
  expect(states.reduce((sum, state) => sum + (c[`digests${state}`] ?? 0), 0)).toBe(c['digestsSelected']);
  expect(c).toMatchObject({ digestsSelected: IMAGES, digestsScanned: IMAGES, tagsMatched: IMAGES });
  const scanned = await world.imagesOf(end.id);
  expect(new Set(scanned)).toEqual(new Set(pushed.images));
  expect(acknowledged.filter(digest => !scanned.includes(digest))).toEqual([]);
  const reports = await world.reportsOf(pushed.repository);
  expect(pushed.images.filter(digest => reports.get(digest) !== 2)).toEqual([]);
  const { items } = await world.get(`/events?run=${end.id}&kind=image.scanned&limit=100`);
  expect(items.map(({ data }: { data: { digest: string } }) => data.digest).toSorted()).toEqual(
    pushed.images.toSorted(),
  );
  expect(pushed.own.filter(digest => world.pulls(digest) > 1 + kills)).toEqual([]);
  expect(pushed.shared.filter(digest => world.pulls(digest) > sensors + kills)).toEqual([]);
  const again = pushed.own.reduce((sum, digest) => sum + world.pulls(digest) - 1, 0);
  // No more is read again than a sensor had in hand.
  expect(again).toBeLessThanOrEqual(kills * 4);
}

/** What must hold when everything was stopped. */
async function checkAtRest(world: FaultWorld, stop: () => Promise<Parameters<typeof openStore>[0]>): Promise<void> {
  const location = await stop();
  expect(world.leftovers()).toEqual([]);
  await using store = await openStore(location);
  const open = store.db.selectFrom('task').select(['kind', 'state']).where('state', 'in', ['queued', 'leased']);
  expect(await open.execute()).toEqual([]);
  const rows = await store.db.selectFrom('run').select('id').where('completedAt', 'is', null).execute();
  expect(rows).toEqual([]);
}

/** Starts PostgreSQL again at its port. Processes of the killed one may need a moment to see that it is gone. */
async function startAgain(data: string, port: number): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await startPostgres(data, { isDurable: true, port });
      return;
    } catch (error) {
      if (attempt > 40) throw error;
      await sleep(250);
    }
  }
}

/** Numbers from 0 to below 1 that are the same for a seed: mulberry32, a 32-bit generator in the public domain. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
