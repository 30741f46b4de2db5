/** `plimsoll sensor` as a process of its own, against a server on HTTP and a registry. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sensorPortRoutes } from '#http/sensor/routes.ts';
import { buildServer } from '#http/server.ts';
import { retireSensor } from '#scan/sensor/administration.ts';
import { createSensorToken } from '#scan/sensor/registration.ts';
import { MemoryPort } from '#scan/sensor/testing/memory-port.ts';
import { accessTo } from '#scan/sensor/testing/sensor-world.ts';
import type { Work } from '#scan/task/contract.ts';
import type { Store } from '#store/database.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { makeImage, makeLayer } from '../fixtures/image-builder.ts';
import { type RegistryServer, startRegistryServer } from '../fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';

const ROOT = join(import.meta.dirname, '../..');

let store: Store;
let server: FastifyInstance;
let url: string;
let port: MemoryPort;
let registry: RegistryServer;
let folder: ScratchFolder;
let work: Work;
const children: ChildProcess[] = [];
const context = () => ({ store, now: () => new Date() });
const token = async () => (await createSensorToken(context(), { name: 'east', labels: {} }, { name: 'ada' })).token;

beforeAll(async () => {
  store = await openEmbedded();
  server = await buildServer({
    apis: [sensorPortRoutes({ server: context(), openPort: () => port })],
    authenticate: async () => undefined,
    version: '0.0.0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.close();
  await store[Symbol.asyncDispose]();
});
beforeEach(async () => {
  port = new MemoryPort();
  registry = await startRegistryServer();
  folder = await scratchFolder();
  const content = [
    { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.3\n' },
    { path: 'lib/apk/db/installed', content: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n' },
  ];
  const image = makeImage([await makeLayer(content)]);
  registry.hold('team/app', '1.0', image);
  work = { kind: 'scan', repository: 'team/app', digest: image.digest, isDeep: false };
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await registry[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly status: number | null; readonly stderr: string }>;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const all = ['sensor', '--server', url, '--state', folder.at('state'), '--disk-floor', '0', ...args];
  const child = spawn(process.execPath, ['--conditions=plimsoll-source', join(ROOT, 'bin/plimsoll.js'), ...all], {
    env: { PATH: process.env['PATH'], HOME: folder.path, TMPDIR: process.env['TMPDIR'] ?? '/tmp', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stderr }));
  return { child, ended };
}

test('a sensor introduces itself once, does what there is to do, and ends', async () => {
  const task = port.add(accessTo(registry), work);
  const secret = await token();
  const first = await start(['--once', '--token', secret]).ended;
  expect(first).toMatchObject({ status: 0 });
  expect(port.record(task)).toMatchObject({ outcome: { kind: 'done' }, inventory: { distro: { id: 'alpine' } } });
  expect(first.stderr).not.toContain(secret);
  expect(first.stderr).not.toMatch(/plss_/);
  const again = port.add(accessTo(registry), work);
  expect(await start(['--once'], { PLIMSOLL_SENSOR_TOKEN: secret }).ended).toMatchObject({ status: 0 });
  expect(port.record(again).outcome).toMatchObject({ kind: 'done', progress: { bytesTotal: 0 } });
});

test('SIGTERM gives back what is in hand, within seconds', async () => {
  const task = port.add(accessTo(registry), work);
  const asked = Promise.withResolvers<void>();
  registry.playAlways(/blobs/, () => asked.resolve());
  const { child, ended } = start(['--token', await token()]);
  await asked.promise;
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 0 });
  expect(port.record(task).outcome).toMatchObject({ kind: 'returned', reason: 'stopping' });
});

test('a sensor that is killed in the middle leaves nothing that its next start does not clear', async () => {
  port.add(accessTo(registry), work);
  const kept = Promise.withResolvers<void>();
  port.hook = async call => {
    if (call !== 'keepLayerFacts') return;
    kept.resolve();
    await new Promise(() => {});
  };
  const { child, ended } = start(['--token', await token()]);
  await kept.promise;
  child.kill('SIGKILL');
  await ended;
  port.hook = () => {};
  const again = port.add(accessTo(registry), work);
  expect(await start(['--once']).ended).toMatchObject({ status: 0 });
  // The layer was kept before the kill.
  expect(port.record(again).outcome).toMatchObject({ kind: 'done', progress: { bytesTotal: 0 } });
  const files = await readdir(folder.at('state'), { recursive: true });
  expect(files.filter(name => /\.\d+-\d+$|\.tmp$/.test(name))).toEqual([]);
});

test('a retired sensor ends, and says what to do', async () => {
  const running = start(['--token', await token()]);
  await port.until(() => port.heartbeats.length > 0);
  const { id } = await store.db
    .selectFrom('sensor')
    .select('id')
    .where('retiredAt', 'is', null)
    .orderBy('createdAt', 'desc')
    .executeTakeFirstOrThrow();
  await retireSensor({ ...context(), queue: { send: async () => {} } as never }, id, { name: 'ada' });
  running.child.kill('SIGKILL');
  await running.ended;
  const { status, stderr } = await start([]).ended;
  expect(status).toBe(3);
  expect(stderr).toContain('fresh token');
});

test.each([
  { args: [], env: {}, status: 2, says: '--token', why: 'it has no identity yet' },
  { args: ['--concurrency', '21'], env: {}, status: 2, says: '1 to 20', why: 'too much at a time' },
  { args: [], env: { PLIMSOLL_CACHE_MAX: 'much' }, status: 2, says: 'PLIMSOLL_CACHE_MAX', why: 'no size' },
  { args: ['--token', 'plst_wrong'], env: {}, status: 3, says: 'fresh one', why: 'the server does not know the token' },
  { args: ['--server', 'http://plimsoll.example'], env: {}, status: 2, says: '--allow-http', why: 'plain http' },
])('a sensor that cannot start says why: $why', async ({ args, env, status, says }) => {
  const result = await start(args, env).ended;
  expect(result).toMatchObject({ status });
  expect(result.stderr).toContain(says);
});
