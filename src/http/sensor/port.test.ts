/** The port of sensors over HTTP: the contract, and what only happens on a wire. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { openServerConnection, type ServerConnection } from '#scan/sensor/http-port.ts';
import { createSensorToken, registerSensor } from '#scan/sensor/registration.ts';
import { newSensorSecret } from '#scan/sensor/secret.ts';
import { MemoryPort } from '#scan/sensor/testing/memory-port.ts';
import { describeSensorPort } from '#scan/sensor/testing/port-contract.ts';
import type { Store } from '#store/database.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { makeCertificate } from '../../../test/fixtures/registry-server.ts';
import { buildServer } from '../server.ts';
import { sensorPortRoutes } from './routes.ts';

const signal = AbortSignal.timeout(60_000);
const DIGEST = `sha256:${'a'.repeat(64)}`;
const LEASE = { taskId: '0b0b5d5e-0000-4000-8000-000000000002', leaseToken: '0b0b5d5e-0000-4000-8000-000000000003' };

let store: Store;
let memory: MemoryPort;
let secret: string;
const context = () => ({ store, now: () => new Date() });

beforeAll(async () => {
  store = await openEmbedded();
  memory = new MemoryPort();
  const { token } = await createSensorToken(context(), { name: 's', labels: {} }, { name: 'ada' });
  secret = newSensorSecret();
  await registerSensor(context(), { token, secret });
});
afterAll(() => store[Symbol.asyncDispose]());

async function build(https?: { readonly cert: string; readonly key: string }): Promise<FastifyInstance> {
  return await buildServer({
    apis: [sensorPortRoutes({ server: context(), openPort: () => memory })],
    authenticate: async () => undefined,
    version: '0.0.0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    ...(https === undefined ? {} : { https: { cert: Buffer.from(https.cert), key: Buffer.from(https.key) } }),
  });
}

function connect(url: string, authorities: readonly string[] = []): ServerConnection {
  return openServerConnection({
    url,
    authorities,
    env: {},
    userAgent: 'test',
    patience: { attempts: 3, baseDelayMs: 1, maxDelayMs: 5 },
  });
}

async function start() {
  memory = new MemoryPort();
  const app = await build();
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const connection = connect(url);
  return {
    app,
    url,
    connection,
    server: memory,
    port: connection.port(secret),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await app.close();
    },
  };
}

describeSensorPort('over HTTP', start);

describeSensorPort('in the same process', async () => {
  const server = new MemoryPort();
  return { server, port: server, [Symbol.asyncDispose]: async () => {} };
});

test('a sensor introduces itself with its token once, and is known by its secret then', async () => {
  await using harness = await start();
  const { token } = await createSensorToken(context(), { name: 'new', labels: { a: 'b' } }, { name: 'ada' });
  const own = newSensorSecret();
  const introduction = { token, secret: own, labels: { c: 'd' }, profile: { concurrency: 2 } };
  const made = await harness.connection.register(introduction, { signal });
  expect(made).toMatchObject({ name: 'new' });
  expect(await harness.connection.register(introduction, { signal })).toEqual(made);
  expect(await harness.connection.port(own).lease(1, { waitMs: 0, signal })).toEqual([]);
  const stranger = harness.connection.register({ ...introduction, secret: newSensorSecret() }, { signal });
  await expect(stranger).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('used') });
});

test('who has no secret is told so, on every path, before anything is read', async () => {
  await using harness = await start();
  const port = harness.connection.port(newSensorSecret());
  const asks = [
    () => port.lease(1, { waitMs: 0, signal }),
    () => port.findLayerFacts(DIGEST, 'v1', { signal }),
    () => port.keepLayerFacts(DIGEST, 'v1', Buffer.alloc(10), { signal }),
    () => port.reportInventory(LEASE, '{}', { signal }),
    () => port.end(LEASE, { kind: 'done', progress: { bytesPulled: 0, pulls: 0 } }, { signal }),
  ];
  for (const ask of asks) {
    await expect(ask()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('register it again'),
    });
  }
  const routes = harness.app.printRoutes({ commonPrefix: false });
  expect(routes).toContain('/api/sensor/v1');
  const naked = await fetch(`${harness.url}/api/sensor/v1/lease`, { method: 'POST', body: '{}' });
  expect(naked.status).toBe(401);
});

test.each([
  { path: '/heartbeat', body: '{}', why: 'fields are missing' },
  { path: '/lease', body: '{"count":1000,"waitMs":0}', why: 'more than may be asked for' },
  { path: '/tasks/x/tags', body: '{"tags":[]}', why: 'no id of a task' },
  { path: `/tasks/${LEASE.taskId}/tags`, body: '{"tags":[]}', why: 'no lease' },
  { path: `/tasks/${LEASE.taskId}/tags`, body: '{"tags":[{"name":"x","digest":"y"}]}', why: 'no digest' },
  { path: `/tasks/${LEASE.taskId}/inventory`, body: '{}', why: 'not gzip' },
])('a request that is not what it should be is refused: $path, $why', async ({ path, body }) => {
  await using harness = await start();
  const answer = await fetch(`${harness.url}/api/sensor/v1${path}`, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ code: 'REQUEST_INVALID' });
});

test('a body over its limit is refused', async () => {
  await using harness = await start();
  const answer = await fetch(`${harness.url}/api/sensor/v1/lease`, {
    method: 'POST',
    body: JSON.stringify({ count: 1, waitMs: 0, padding: 'x'.repeat(2 * 1024 * 1024) }),
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(413);
});

test('what the server says is wrong comes as it was said; what is wrong with the server can be tried again', async () => {
  await using harness = await start();
  let failure = new PlimsollError('MANIFEST_INVALID', 'Cannot take it: it is odd');
  let times = 0;
  harness.server.hook = () => {
    times += 1;
    throw failure;
  };
  await expect(harness.port.reportTags(LEASE, [], { signal })).rejects.toMatchObject({
    code: 'MANIFEST_INVALID',
    message: expect.stringContaining('it is odd'),
  });
  expect(times).toBe(1);
  failure = new PlimsollError('STORE_UNAVAILABLE', 'PostgreSQL is away');
  await expect(harness.port.reportTags(LEASE, [], { signal })).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
  expect(times).toBe(4);
});

test('a server that is away, and one that is none, are told from each other', async () => {
  const none = createServer((_, response) => response.end('<html>Log in</html>')).listen(0, '127.0.0.1');
  await once(none, 'listening');
  const url = `http://127.0.0.1:${(none.address() as AddressInfo).port}`;
  await using wrong = connect(url);
  await expect(wrong.port(secret).lease(1, { waitMs: 0, signal })).rejects.toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    message: expect.stringContaining('something else'),
  });
  none.closeAllConnections();
  await new Promise(resolve => none.close(resolve));
  await using away = connect(url);
  await expect(away.port(secret).lease(1, { waitMs: 0, signal })).rejects.toMatchObject({
    code: 'SERVER_UNAVAILABLE',
    message: expect.stringContaining('refuses connections'),
  });
});

test('what is leased for a sensor that has hung up is given back', async () => {
  await using harness = await start();
  const { server } = harness;
  const asked = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  server.hook = async call => {
    if (call !== 'lease') return;
    asked.resolve();
    await open.promise;
  };
  const registry = {
    id: LEASE.taskId,
    name: 'r',
    type: 'docker-v2',
    url: 'https://r.example',
    product: {},
    credentials: { kind: 'none' },
    maxConcurrency: 1,
  } as const;
  const closed = Promise.withResolvers<void>();
  harness.app.server.once('request', (_, response) => response.once('close', () => closed.resolve()));
  const task = server.add(registry, { kind: 'catalogue' });
  const leaving = new AbortController();
  const waiting = harness.port.lease(1, { waitMs: 0, signal: leaving.signal });
  waiting.catch(() => undefined);
  await asked.promise;
  leaving.abort();
  await expect(waiting).rejects.toThrow();
  await closed.promise;
  open.resolve();
  expect(await server.ended(task)).toMatchObject({ kind: 'returned', reason: 'stopping' });
});

test('a server that stops ends the wait for a lease', async () => {
  const harness = await start();
  const asked = Promise.withResolvers<void>();
  harness.server.hook = () => asked.resolve();
  const waiting = harness.port.lease(1, { waitMs: 50_000, signal });
  waiting.catch(() => undefined);
  await asked.promise;
  await harness.app.close();
  await expect(waiting).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' });
  await harness.connection[Symbol.asyncDispose]();
});

test('a server with a certificate of its own is trusted by its authority alone', async context => {
  const certificate = await makeCertificate(['127.0.0.1']);
  if (certificate === undefined) return context.skip('openssl is not installed');
  const app = await build(certificate);
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    await using stranger = connect(url);
    await expect(stranger.port(secret).lease(1, { waitMs: 0, signal })).rejects.toMatchObject({
      code: 'SERVER_UNAVAILABLE',
      message: expect.stringMatching(/--ca-file$/),
    });
    await using known = connect(url, [certificate.cert]);
    expect(await known.port(secret).lease(1, { waitMs: 0, signal })).toEqual([]);
  } finally {
    await app.close();
  }
});

test.each([
  { url: 'http://plimsoll.example', why: 'secrets over plain http' },
  { url: 'plimsoll.example', why: 'no scheme' },
  { url: 'https://u:p@plimsoll.example', why: 'a password' },
  { url: 'ftp://plimsoll.example', why: 'another protocol' },
])('the address $url is refused: $why', ({ url }) => {
  expect(() => connect(url)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => connect(url)).not.toThrow(/u:p/);
});
