import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { makeImage, makeLayer } from '../../../test/fixtures/image-builder.ts';
import { hangs, type RegistryServer, startRegistryServer } from '../../../test/fixtures/registry-server.ts';
import type { SensorPort, Work } from '../task/contract.ts';
import { MemoryPort } from './testing/memory-port.ts';
import { accessTo, QUICK, startSensor } from './testing/sensor-world.ts';

const away = () => new PlimsollError('SERVER_UNAVAILABLE', 'Cannot reach the server');

let server: RegistryServer;
let work: Work;

beforeEach(async () => {
  server = await startRegistryServer();
  const image = makeImage([await makeLayer([{ path: 'a', content: 'a' }])]);
  server.hold('team/app', '1.0', image);
  work = { kind: 'scan', repository: 'team/app', digest: image.digest, isDeep: true };
});
afterEach(() => server[Symbol.asyncDispose]());

test.each(['reportInventory', 'end', 'lease', 'heartbeat'] satisfies (keyof SensorPort)[])(
  'a server that is away at %s for a while loses nothing',
  async call => {
    const port = new MemoryPort();
    let failures = 5;
    port.hook = called => {
      if (called === call && failures-- > 0) throw away();
    };
    const task = port.add(accessTo(server), work);
    await using _ = await startSensor(port);
    expect(await port.ended(task)).toMatchObject({ kind: 'done' });
    expect(port.record(task).inventory).toBeDefined();
    await port.until(() => port.heartbeats.length > 0);
  },
);

test('a report that is answered with stop ends the task, and is not repeated', async () => {
  const port = new MemoryPort();
  const task = port.add(accessTo(server), work);
  port.over.add(task.id);
  const calls: string[] = [];
  port.hook = call => {
    calls.push(call);
  };
  await using sensor = await startSensor(port, { once: true });
  expect(await sensor.ended).toEqual({ kind: 'stopped' });
  expect(calls.filter(call => call === 'reportInventory')).toEqual(['reportInventory']);
  expect(port.record(task).outcome).toBeUndefined();
});

test('a refused report fails the task, and the sensor goes on', async () => {
  const port = new MemoryPort();
  let isFirst = true;
  port.hook = call => {
    if (call !== 'reportInventory' || !isFirst) return;
    isFirst = false;
    throw new PlimsollError('REQUEST_INVALID', 'Cannot take the inventory: it is odd');
  };
  const [first, second] = [port.add(accessTo(server), work), port.add(accessTo(server), work)];
  await using _ = await startSensor(port, { limits: { ...QUICK.limits, concurrency: 1 } });
  expect(await port.ended(first)).toMatchObject({ kind: 'failed', code: 'REQUEST_INVALID' });
  expect(await port.ended(second)).toMatchObject({ kind: 'done' });
});

test('no more tasks are in hand than the profile allows', async () => {
  const port = new MemoryPort();
  port.profile = { concurrency: 3 };
  const [open, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let inside = 0;
  let most = 0;
  port.hook = async call => {
    if (call !== 'reportInventory') return;
    inside += 1;
    most = Math.max(most, inside);
    if (inside === 3) asked.resolve();
    await open.promise;
    inside -= 1;
  };
  const tasks = Array.from({ length: 8 }, () => port.add(accessTo(server), work));
  await using _ = await startSensor(port);
  await asked.promise;
  expect(port.records.length).toBe(3);
  open.resolve();
  for (const task of tasks) expect(await port.ended(task)).toMatchObject({ kind: 'done' });
  expect(most).toBe(3);
});

test('heartbeats tell how far tasks are', async () => {
  const port = new MemoryPort();
  const task = port.add(accessTo(server), work);
  server.playAlways(/blobs/, hangs);
  await using _ = await startSensor(port);
  await port.until(() => (port.heartbeats.at(-1)?.tasks[0]?.progress.pulls ?? 0) > 0);
  const { tasks = [], ...rest } = port.heartbeats.at(-1) ?? {};
  expect(tasks).toMatchObject([{ id: task.id, leaseToken: task.leaseToken }]);
  expect(rest).toMatchObject({ version: '0.0.0', host: 'test', profileVersion: 1 });
  expect(JSON.stringify(rest)).not.toContain('password');
});

test('a sensor that drains takes nothing new, and finishes what it has', async () => {
  const port = new MemoryPort();
  const first = port.add(accessTo(server), work);
  const open = Promise.withResolvers<void>();
  port.hook = async call => {
    if (call === 'reportInventory') await open.promise;
  };
  await using _ = await startSensor(port, { limits: { ...QUICK.limits, concurrency: 1 } });
  await port.until(() => port.records.length === 1);
  port.isDraining = true;
  const beats = port.heartbeats.length;
  await port.until(() => port.heartbeats.length > beats + 1);
  open.resolve();
  const second = port.add(accessTo(server), work);
  expect(await port.ended(first)).toMatchObject({ kind: 'done' });
  const later = port.heartbeats.length;
  await port.until(() => port.heartbeats.length > later + 1);
  expect(port.records.length).toBe(1);
  port.isDraining = false;
  expect(await port.ended(second)).toMatchObject({ kind: 'done' });
});

test('in a blackout window work goes back, and none is taken until it is over', async () => {
  const port = new MemoryPort();
  let clock = new Date('2026-05-04T07:59:00Z');
  port.profile = { blackout: { timezone: 'UTC', windows: [{ days: ['MONDAY'], from: '08:00', to: '09:00' }] } };
  const task = port.add(accessTo(server), work);
  let isHanging = true;
  server.playAlways(/blobs/, (request, response, proceed) => {
    if (isHanging) hangs(request, response, proceed);
    else proceed();
  });
  await using _ = await startSensor(port, { now: () => clock });
  await port.until(() => server.count(/blobs/) > 0 && port.heartbeats.length > 1);
  clock = new Date('2026-05-04T08:00:00Z');
  expect(await port.ended(task)).toMatchObject({ kind: 'returned', reason: 'blackout' });
  isHanging = false;
  // Who waited for a lease at that moment gives it back as well.
  await port.ended(port.add(accessTo(server), work));
  const next = port.add(accessTo(server), work);
  const beats = port.heartbeats.length;
  await port.until(() => port.heartbeats.length > beats + 1);
  expect(port.records.map(one => one.outcome?.kind)).toEqual(['returned', 'returned']);
  clock = new Date('2026-05-04T09:00:00Z');
  expect(await port.ended(next)).toMatchObject({ kind: 'done' });
});

test('a sensor that is asked to stop gives back what it has not finished', async () => {
  const port = new MemoryPort();
  const asked = Promise.withResolvers<void>();
  server.playAlways(/blobs/, (...act) => {
    asked.resolve();
    hangs(...act);
  });
  const task = port.add(accessTo(server), work);
  await using sensor = await startSensor(port);
  await asked.promise;
  sensor.stop();
  expect(await sensor.ended).toEqual({ kind: 'stopped' });
  expect(port.record(task).outcome).toMatchObject({ kind: 'returned', reason: 'stopping' });
});

test('a sensor that is asked to stop still tells what it has finished', async () => {
  const port = new MemoryPort();
  const asked = Promise.withResolvers<void>();
  let failures = 5;
  port.hook = call => {
    if (call !== 'reportInventory' || failures-- <= 0) return;
    asked.resolve();
    throw away();
  };
  const task = port.add(accessTo(server), work);
  await using sensor = await startSensor(port);
  await asked.promise;
  sensor.stop();
  expect(await sensor.ended).toEqual({ kind: 'stopped' });
  expect(port.record(task)).toMatchObject({ outcome: { kind: 'done' }, inventory: { gaps: [] } });
});

test('a server that stays away does not keep a sensor from stopping', async () => {
  const port = new MemoryPort();
  const asked = Promise.withResolvers<void>();
  port.hook = call => {
    if (call === 'reportInventory') asked.resolve();
    if (call !== 'lease' && call !== 'heartbeat') throw away();
  };
  port.add(accessTo(server), work);
  await using sensor = await startSensor(port, { timing: { ...QUICK.timing, stopMs: 50 } });
  await asked.promise;
  sensor.stop();
  expect(await sensor.ended).toEqual({ kind: 'stopped' });
});

test('a sensor that the server does not know any more ends, and drops what it has', async () => {
  const port = new MemoryPort();
  let isRetired = false;
  port.hook = () => {
    if (isRetired) throw new PlimsollError('UNAUTHENTICATED', 'Cannot let the sensor in: it was retired');
  };
  const asked = Promise.withResolvers<void>();
  server.playAlways(/blobs/, (...act) => {
    asked.resolve();
    hangs(...act);
  });
  port.add(accessTo(server), work);
  await using sensor = await startSensor(port);
  await asked.promise;
  isRetired = true;
  expect(await sensor.ended).toMatchObject({ kind: 'refused', error: { code: 'UNAUTHENTICATED' } });
});

test('a profile with settings of a newer server is told of, and the old one holds', async () => {
  const port = new MemoryPort();
  port.profile = { concurrency: 2 };
  await using _ = await startSensor(port);
  await port.until(() => port.heartbeats.at(-1)?.profileVersion === 1);
  port.profile = { memoryCap: 5 } as never;
  port.profileVersion = 2;
  await port.until(() => port.heartbeats.at(-1)?.checks.some(({ name, ok }) => name === 'profile' && !ok) === true);
  expect(port.heartbeats.at(-1)?.profileVersion).toBe(1);
});

test('connections to a registry that nobody uses are closed', async () => {
  const port = new MemoryPort();
  const task = port.add(accessTo(server), work);
  await using _ = await startSensor(port, { timing: { ...QUICK.timing, idleMs: 1 } });
  const closed = Promise.withResolvers<void>();
  server.playAlways(/manifests/, (_request, response, proceed) => {
    response.socket?.once('close', () => closed.resolve());
    proceed();
  });
  await port.ended(task);
  await closed.promise;
});

test('a sensor stopped before it began does nothing', async () => {
  const port = new MemoryPort();
  await using sensor = await startSensor(port, { signal: AbortSignal.abort() });
  expect(await sensor.ended).toEqual({ kind: 'stopped' });
  expect(port.records).toEqual([]);
});

test('of a listing and the scans of what it found, each config and each layer is fetched once', async () => {
  const base = await makeLayer([{ path: 'base', content: 'shared by all' }]);
  const images = await Promise.all(
    Array.from({ length: 8 }, async (_, at) =>
      makeImage([base, await makeLayer([{ path: `own-${at}`, content: `only of ${at}` }])]),
    ),
  );
  await using registry = await startRegistryServer();
  for (let tag = 0; tag < 24; tag += 1) {
    const image = images[tag % images.length];
    if (image !== undefined) registry.hold('team/app', `t${tag}`, image);
  }
  const port = new MemoryPort();
  await using _ = await startSensor(port);
  const list = port.add(accessTo(registry), {
    kind: 'list',
    repository: 'team/app',
    tags: [],
    patternMode: 'wildcard',
    platforms: ['linux/amd64'],
    wantsBuiltAt: true,
  });
  expect(await port.ended(list)).toMatchObject({ kind: 'done', tagsSeen: 24, tagsMatched: 24 });
  const scans = images.map(({ digest }) =>
    port.add(accessTo(registry), { kind: 'scan', repository: 'team/app', digest, isDeep: false }),
  );
  for (const scan of scans) expect(await port.ended(scan)).toMatchObject({ kind: 'done' });
  const blobs = registry.fetched().filter(path => path.includes('/blobs/'));
  // A config and a layer of its own for each, and one layer for all.
  expect(new Set(blobs).size).toBe(2 * images.length + 1);
  expect(blobs.toSorted()).toEqual([...new Set(blobs)].toSorted());
});
