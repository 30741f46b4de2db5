import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { startDockerHub } from '#connector/docker-hub/testing/server.ts';
import { contractRepositories, holdWorld } from '#connector/testing/contract-world.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { startRegistryServer, withHeaders } from '../../../test/fixtures/registry-server.ts';
import { ConnectorPool } from './connector-pool.ts';
import { checkRegistries } from './host-checks.ts';
import { accessTo } from './testing/sensor-world.ts';

const NOW = new Date('2026-05-01T12:00:00.000Z');
const signal = AbortSignal.timeout(20_000);
const open = () => new ConnectorPool({ env: {}, allowsPrivateAddresses: false, now: () => NOW });

test('tasks on a registry share one connector, as long as its settings are the same', async () => {
  await using server = await startRegistryServer();
  await using pool = open();
  const access = accessTo(server);
  using one = await pool.borrow(access);
  using two = await pool.borrow({ ...access });
  using other = await pool.borrow({ ...access, credentials: { kind: 'basic', username: 'u', password: 'p' } });
  expect(two.connector).toBe(one.connector);
  expect(other.connector).not.toBe(one.connector);
});

test('settings that cannot be used are looked at anew for the next task', async () => {
  await using server = await startRegistryServer();
  await using pool = open();
  const access = accessTo(server, { tls: {} });
  for (const _ of [1, 2]) {
    await expect(pool.borrow(access)).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
  }
});

test('the last rate limit and what operators say are remembered by registry', async () => {
  await using server = await startRegistryServer();
  server.addImage('a/b', 'latest');
  const headers = {
    'ratelimit-limit': '200;w=3600',
    'ratelimit-remaining': '42;w=3600',
    warning: '299 - "moving soon"',
  };
  server.playAlways(/tags/, withHeaders(headers));
  await using pool = open();
  const access = accessTo(server);
  using borrowed = await pool.borrow(access);
  for (const _ of [1, 2]) for await (const __ of borrowed.connector.listTags('a/b', {}, { signal }));
  const rateLimit = { limit: 200, remaining: 42, windowSeconds: 3600, at: NOW.toISOString() };
  expect(borrowed.rateLimit()).toEqual(rateLimit);
  expect(pool.seen()).toEqual([{ id: access.id, rateLimit, warnings: ['moving soon'] }]);
});

test('the limit of pulls counts, not the one of the API that lists', async () => {
  const world = contractRepositories();
  const digests = new Map<string, string>();
  const { server: hub, origins } = await startDockerHub({ world, digests });
  await using server = hub;
  for (const [name, digest] of holdWorld(server, world)) digests.set(name, digest);
  server.playAlways(
    /manifests/,
    withHeaders({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '77;w=21600' }),
  );
  await using pool = new ConnectorPool({
    env: {},
    allowsPrivateAddresses: false,
    now: () => NOW,
    serviceOrigins: origins,
  });
  const access = accessTo(server, { type: 'docker-hub', url: 'docker.io', product: { organization: 'acme' }, tls: {} });
  using borrowed = await pool.borrow(access);
  const { connector } = borrowed;
  const list = () => Array.fromAsync(connector.listTags('acme/app', {}, { signal }));
  const [tag] = await list();
  expect(borrowed.rateLimit()).toMatchObject({ limit: 600 });
  await using content = await openRegistryWith(connector.client, connector.toReference('acme/app', tag?.name ?? ''), {
    signal,
  });
  await content.root({ signal });
  expect(borrowed.rateLimit()).toMatchObject({ limit: 100, remaining: 77 });
  await list();
  expect(borrowed.rateLimit()).toMatchObject({ limit: 100, remaining: 77 });
});

test('a registry that cannot be reached is told of until it answers again, or for half an hour', async () => {
  await using pool = open();
  const id = '0b0b5d5e-0000-4000-8000-000000000001';
  pool.note(id, new PlimsollError('REGISTRY_UNAVAILABLE', 'Cannot list: it is away'));
  expect(checkRegistries(pool.seen(), NOW)).toMatchObject({ ok: false, detail: 'Cannot list: it is away' });
  expect(checkRegistries(pool.seen(), new Date(NOW.getTime() + 31 * 60_000))).toMatchObject({ ok: true });
  pool.note(id, new PlimsollError('MANIFEST_UNKNOWN', 'Cannot read: no such tag'));
  expect(pool.seen()[0]?.lastError?.code, 'that is not about the registry').toBe('REGISTRY_UNAVAILABLE');
  pool.note(id, undefined);
  expect(pool.seen()).toEqual([{ id }]);
});
