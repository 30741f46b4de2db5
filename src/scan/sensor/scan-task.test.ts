import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BuiltImage,
  makeAttestation,
  makeImage,
  makeIndex,
  makeLayer,
} from '../../../test/fixtures/image-builder.ts';
import {
  breaksOff,
  hangs,
  type RegistryServer,
  resets,
  sends,
  startRegistryServer,
} from '../../../test/fixtures/registry-server.ts';
import { scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import type { RegistryAccess, SensorPort, Work } from '../task/contract.ts';
import { analyserVersion } from './layer-store.ts';
import type { SensorOptions } from './run-sensor.ts';
import { MemoryPort } from './testing/memory-port.ts';
import { accessTo, QUICK, startSensor, type TestSensor } from './testing/sensor-world.ts';

const OS_RELEASE = { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.3\n' };
const INSTALLED = { path: 'lib/apk/db/installed', content: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n' };

let server: RegistryServer;
const sensors: TestSensor[] = [];

beforeEach(async () => {
  server = await startRegistryServer();
});
afterEach(async () => {
  await Promise.all(sensors.splice(0).map(sensor => sensor[Symbol.asyncDispose]()));
  await server[Symbol.asyncDispose]();
});

async function start(port = new MemoryPort(), options: Partial<SensorOptions> = {}): Promise<TestSensor> {
  const sensor = await startSensor(port, options);
  sensors.push(sensor);
  return sensor;
}

/** An Alpine of two layers; `salt` makes another image of it that shares the first layer. */
async function alpine(salt = ''): Promise<BuiltImage> {
  return makeImage([
    await makeLayer([OS_RELEASE, INSTALLED]),
    await makeLayer([{ path: 'salt', content: `x${salt}` }]),
  ]);
}

function scanOf(image: BuiltImage, changes: Partial<Extract<Work, { kind: 'scan' }>> = {}): Work {
  return { kind: 'scan', repository: 'team/app', digest: image.digest, isDeep: false, ...changes };
}

async function scan({ port }: TestSensor, image: BuiltImage, access: RegistryAccess = accessTo(server), changes = {}) {
  const task = port.add(access, scanOf(image, changes));
  const outcome = await port.ended(task);
  return { ...port.record(task), outcome };
}

const blobs = () => server.count(/^GET .*\/blobs\//);

/** Files of the sensor besides the facts that it keeps and the lock. */
async function strayFiles({ folder }: TestSensor): Promise<readonly string[]> {
  const names = await readdir(folder.path, { recursive: true, withFileTypes: true });
  // Besides the cache and its lock: a heartbeat may just be trying whether the disk can be written to.
  return names
    .filter(entry => entry.isFile())
    .map(({ name }) => name)
    .filter(name => !/^sha256-[0-9a-f]{64}\.json\.gz$|^lock(?:-journal)?$|^\.check-/.test(name));
}

test('a multi-platform image is listed and scanned: each image of it once, attestations never', async () => {
  const amd = await alpine();
  const arm = makeImage([await makeLayer([OS_RELEASE, { path: 'arm', content: 'x' }])], { platform: 'linux/arm64' });
  const index = makeIndex([amd, makeAttestation(amd), arm, makeAttestation(arm)]);
  server.hold('team/app', '1.0', index);
  const sensor = await start();
  const list: Work = {
    kind: 'list',
    repository: 'team/app',
    tags: [],
    patternMode: 'wildcard',
    platforms: ['all'],
    wantsBuiltAt: false,
  };
  const listing = sensor.port.add(accessTo(server), list);
  expect(await sensor.port.ended(listing)).toMatchObject({ kind: 'done' });
  const images = sensor.port.record(listing).manifests.filter(({ config }) => config !== undefined);
  expect(images.map(({ digest }) => digest)).toEqual([amd.digest, arm.digest]);
  const { inventory, files, outcome } = await scan(sensor, amd);
  // Its manifest and two layers: the config is kept from the listing.
  expect(outcome).toMatchObject({ kind: 'done', progress: { pulls: 3 } });
  expect(inventory?.distro?.id).toBe('alpine');
  expect(inventory?.packages.map(({ name, version }) => `${name} ${version}`)).toEqual(['musl 1.2.5-r0']);
  expect(inventory?.image).toMatchObject({ digest: amd.digest, platform: { os: 'linux', architecture: 'amd64' } });
  expect((await scan(sensor, arm)).inventory?.image.platform?.architecture).toBe('arm64');
  expect(inventory?.gaps).toEqual([]);
  // Checks of a certification ask for them.
  expect(files).toMatchObject({ hasOsRelease: true, licenses: { kind: 'missing' }, unread: [] });
});

test('an image scanned before is not pulled again; deep scans pull it', async () => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const sensor = await start();
  const first = await scan(sensor, image);
  expect(blobs()).toBe(3);
  const again = await scan(sensor, image);
  // The config is no layer.
  expect(blobs()).toBe(4);
  expect(again.inventory).toEqual(first.inventory);
  expect(again.outcome).toMatchObject({ kind: 'done', progress: { bytesTotal: 0 } });
  await scan(sensor, image, accessTo(server), { isDeep: true });
  expect(blobs()).toBe(7);
});

test('what one sensor has read another one takes from the server', async () => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const port = new MemoryPort();
  const first = await scan(await start(port), image);
  await Promise.all(sensors.splice(0).map(sensor => sensor[Symbol.asyncDispose]()));
  const second = await scan(await start(port), image);
  expect(blobs()).toBe(4);
  expect(second.inventory).toEqual(first.inventory);
});

test('facts that were altered at the server are not believed', async () => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const port = new MemoryPort();
  await scan(await start(port), image);
  await Promise.all(sensors.splice(0).map(sensor => sensor[Symbol.asyncDispose]()));
  for (const [key, facts] of port.facts) port.facts.set(key, facts.toReversed());
  const second = await scan(await start(port), image);
  expect(second.outcome.kind).toBe('done');
  expect(blobs()).toBe(6);
});

test('a layer of two images under way at the same time is read once', async () => {
  const images = await Promise.all(['a', 'b', 'c', 'd'].map(salt => alpine(salt)));
  for (const [at, image] of images.entries()) server.hold('team/app', `t${at}`, image);
  const sensor = await start();
  const access = accessTo(server);
  const results = await Promise.all(images.map(image => scan(sensor, image, access)));
  expect(results.map(({ outcome }) => outcome.kind)).toEqual(['done', 'done', 'done', 'done']);
  const fetched = server.fetched().filter(path => path.includes('/blobs/'));
  expect(new Set(fetched).size).toBe(fetched.length);
});

test('tasks of one registry share a log-in, also when its token ends in the middle', async () => {
  const secure = await startRegistryServer({ auth: 'bearer', login: { username: 'u', password: 'pass-word' } });
  try {
    const images = await Promise.all(['a', 'b'].map(salt => alpine(salt)));
    for (const [at, image] of images.entries()) secure.hold('team/app', `t${at}`, image);
    const access = accessTo(secure, { credentials: { kind: 'basic', username: 'u', password: 'pass-word' } });
    const sensor = await start();
    await scan(sensor, images[0] as BuiltImage, access);
    const before = secure.count(/token/);
    secure.play(/^GET .*\/blobs\//, (_, __, proceed) => {
      secure.endTokens();
      proceed();
    });
    expect(await scan(sensor, images[1] as BuiltImage, access)).toMatchObject({ outcome: { kind: 'done' } });
    expect(secure.count(/token/) - before).toBeLessThanOrEqual(2);
    const wrong = { ...access, credentials: { kind: 'basic', username: 'u', password: 'not-it-at-all' } } as const;
    const denied = await scan(sensor, await alpine('other'), wrong);
    expect(denied.outcome).toMatchObject({ kind: 'failed', code: 'REGISTRY_DENIED' });
    expect(JSON.stringify(denied.outcome)).not.toContain('not-it-at-all');
  } finally {
    await secure[Symbol.asyncDispose]();
  }
});

const failures = [
  { why: 'the registry goes away', when: /blobs/, act: resets, code: 'REGISTRY_UNAVAILABLE' },
  { why: 'the registry fails', when: /manifests/, act: sends(500), code: 'REGISTRY_UNAVAILABLE' },
  { why: 'the image is gone', when: /manifests/, act: sends(404), code: 'MANIFEST_UNKNOWN' },
  { why: 'a layer is gone', when: /blobs/, act: sends(404), code: 'BLOB_UNKNOWN' },
  { why: 'access is refused', when: /manifests/, act: sends(403), code: 'REGISTRY_DENIED' },
  { why: 'pulls are used up', when: /blobs/, act: sends(429, { 'retry-after': '600' }), code: 'RATE_LIMITED' },
  { why: 'bytes are others', when: /blobs/, act: sends(200, {}, 'wrong'), code: 'DIGEST_MISMATCH' },
] as const;

test.each(failures)('a scan fails with $code when $why, and leaves no files', async ({ when, act, code }) => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  server.playAlways(request => request.method === 'GET' && when.test(request.path), act);
  const sensor = await start();
  const { outcome, inventory } = await scan(sensor, image);
  expect(outcome).toMatchObject({ kind: 'failed', code });
  expect(inventory).toBeUndefined();
  expect(await strayFiles(sensor)).toEqual([]);
});

test('a connection that breaks in the middle of a layer is taken up again', async () => {
  const large = makeImage([
    await makeLayer([{ path: 'noise', content: randomBytes(300_000) }], { compression: 'none' }),
  ]);
  server.hold('team/app', '1.0', large);
  const [layer] = large.layers;
  const bytes = layer?.bytes ?? Buffer.alloc(0);
  server.play(new RegExp(`blobs/${layer?.digest}`), breaksOff(bytes.subarray(0, 200_000), bytes.length));
  const { outcome } = await scan(await start(), large);
  expect(outcome.kind).toBe('done');
  expect(server.seen(/blobs/).some(({ headers }) => headers.range !== undefined)).toBe(true);
});

test('an image over the size of the profile is refused before a layer is pulled', async () => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const sensor = await start(new MemoryPort(), { limits: { ...QUICK.limits, maxImageBytes: 10 } });
  expect((await scan(sensor, image)).outcome).toMatchObject({ kind: 'failed', code: 'LIMIT_EXCEEDED' });
  expect(blobs()).toBe(1);
});

test('an image that takes longer than the profile allows is given up', async () => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  server.playAlways(/blobs/, hangs);
  const sensor = await start(new MemoryPort(), { limits: { ...QUICK.limits, imageTimeoutMs: 50 } });
  expect((await scan(sensor, image)).outcome).toMatchObject({ kind: 'failed', code: 'TIMED_OUT' });
});

test('without room on the disk images go back, and no other is taken until there is', async () => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const port = new MemoryPort();
  port.profile = { diskFloorBytes: Number.MAX_SAFE_INTEGER };
  const sensor = await start(port, { limits: { stateFloorBytes: 0 } });
  const { outcome } = await scan(sensor, image);
  expect(outcome).toMatchObject({ kind: 'returned', reason: 'disk' });
  await port.until(() => port.heartbeats.at(-1)?.checks.some(({ name, ok }) => name === 'disk' && !ok) === true);
  // Who waited for a lease at that moment gives it back as well.
  await port.ended(port.add(accessTo(server), scanOf(image)));
  const next = port.add(accessTo(server), scanOf(image));
  const beats = port.heartbeats.length;
  await port.until(() => port.heartbeats.length > beats + 1);
  expect(port.records.map(one => one.outcome?.kind)).toEqual(['returned', 'returned']);
  port.profile = { diskFloorBytes: 0 };
  port.profileVersion = 2;
  expect(await port.ended(next)).toMatchObject({ kind: 'done' });
});

const steps: readonly (keyof SensorPort)[] = ['findLayerFacts', 'keepLayerFacts', 'reportInventory'];

test.each(steps)('a task that is dropped at %s is told once more, and leaves no files', async step => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const port = new MemoryPort();
  const task = port.add(accessTo(server), scanOf(image));
  const beats = () => port.heartbeats.length;
  port.hook = async call => {
    if (call !== step) return;
    port.stop.add(task.id);
    const before = beats();
    await port.until(() => beats() > before);
  };
  const sensor = await start(port);
  expect(await port.ended(task)).toMatchObject({ kind: 'returned', reason: 'cancelled' });
  sensor.stop();
  await sensor.ended;
  expect(await strayFiles(sensor)).toEqual([]);
});

test.each(['manifests', 'blobs'])('a task that is dropped while %s hang ends at once', async what => {
  const image = await alpine();
  server.hold('team/app', '1.0', image);
  const port = new MemoryPort();
  const task = port.add(accessTo(server), scanOf(image));
  server.playAlways(new RegExp(what), (...act) => {
    port.stop.add(task.id);
    hangs(...act);
  });
  const sensor = await start(port);
  expect(await port.ended(task)).toMatchObject({ kind: 'returned', reason: 'cancelled' });
  expect(await strayFiles(sensor)).toEqual([]);
});

test('facts go to the disk up to the limit of the profile, the least used first', async () => {
  const images = await Promise.all(['a', 'b', 'c'].map(salt => alpine(salt)));
  for (const [at, image] of images.entries()) server.hold('team/app', `t${at}`, image);
  const sensor = await start();
  for (const image of images) await scan(sensor, image);
  // The heartbeat after the next was surely begun when all three were there.
  const { length } = sensor.port.heartbeats;
  await sensor.port.until(() => sensor.port.heartbeats.length > length + 1);
  const { cacheBytes = 0 } = sensor.port.heartbeats.at(-1) ?? {};
  sensor.port.profile = { cacheMaxBytes: Math.floor(cacheBytes / 2) };
  sensor.port.profileVersion = 2;
  await sensor.port.until(() => (sensor.port.heartbeats.at(-1)?.cacheBytes ?? 0) <= cacheBytes / 2);
  expect(sensor.port.heartbeats.at(-1)?.cacheBytes).toBeGreaterThan(0);
});

test('what a killed sensor left is removed at the next start, and nothing else', async () => {
  await using old = await scratchFolder();
  const cache = old.at('cache');
  const version = analyserVersion();
  const kept = `sha256-${'a'.repeat(64)}.json.gz`;
  await mkdir(join(cache, version), { recursive: true });
  await mkdir(join(cache, 'v1-0123456789ab'), { recursive: true });
  await writeFile(join(cache, version, kept), 'x');
  await writeFile(join(cache, version, `${kept}.4711-1`), 'half');
  const orphan = join(tmpdir(), `plimsoll-${randomBytes(3).toString('hex')}`);
  await mkdir(orphan);
  await writeFile(join(orphan, 'spool'), '');
  const fresh = join(tmpdir(), `plimsoll-${randomBytes(3).toString('hex')}`);
  await mkdir(fresh);
  await utimes(orphan, new Date(0), new Date(0));
  const sensor = await start(new MemoryPort(), { folders: { cache } });
  await sensor.port.until(() => sensor.port.heartbeats.length > 0);
  expect(await readdir(join(cache, version))).toEqual([kept]);
  expect((await readdir(cache)).filter(name => name.startsWith('v'))).toEqual([version]);
  const left = await readdir(tmpdir());
  expect(left).not.toContain(orphan.split('/').at(-1));
  expect(left).toContain(fresh.split('/').at(-1));
  await rm(fresh, { recursive: true });
});
