/** The hosted registry in the native API: listed like any other; what needs a connection is refused with a sentence; its rules are changed and audited. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { type CertificationWorld, makePilot, startCertificationWorld } from '../fixtures/certification-world.ts';

let world: CertificationWorld;
let registryId: string;
let pushed: number;

beforeAll(async () => {
  world = await startCertificationWorld();
  const client = RegistryClient.basic(world.url, 'x', world.boss.key);
  const image = await makePilot('routes');
  for (const [digest, bytes] of image.blobs) {
    if (digest !== image.digest) await client.pushBlob('acme/routes', digest, bytes);
  }
  await client.pushManifest('acme/routes', '1', image.bytes, image.descriptor.mediaType);
  pushed = [...image.blobs].reduce((sum, [digest, { length }]) => (digest === image.digest ? sum : sum + length), 0);
  const { items } = (await world.root.native('GET', 'registries')).json<{ items: { id: string; type: string }[] }>();
  registryId = items.find(({ type }) => type === 'hosted')?.id ?? '';
}, 180_000);
afterAll(async () => await world[Symbol.asyncDispose]());

test.each([
  { method: 'GET', path: '', body: undefined },
  { method: 'GET', path: '/repositories', body: undefined },
  { method: 'GET', path: '/tags?repository=acme/routes', body: undefined },
  { method: 'POST', path: '/schedules/cancel', body: { filter: 'scheduleUuid:*' } },
  { method: 'POST', path: '/schedules/delete', body: { filter: 'scheduleUuid:*' } },
])('$method of $path answers for the hosted registry as for others', async ({ method, path, body }) => {
  const reply = await world.root.native(method, `registries/${registryId}${path}`, body);
  expect(reply.status, reply.text).toBeLessThan(300);
});

const schedule = { name: 'nightly', scanType: 'OnDemand', targets: [{ repository: 'acme/routes', tags: ['1'] }] };
test.each([
  { method: 'PATCH', path: '', body: { name: 'other' } },
  { method: 'DELETE', path: '', body: undefined },
  { method: 'POST', path: '/test', body: {} },
  { method: 'POST', path: '/schedules', body: schedule },
  { method: 'POST', path: '/schedules/preview', body: schedule },
  { method: 'POST', path: '/images/scan', body: { repository: 'acme/routes', tag: '1' } },
  { method: 'PUT', path: '/hook', body: undefined },
])('$method of $path is refused for the hosted registry, with the reason', async ({ method, path, body }) => {
  const reply = await world.root.native(method, `registries/${registryId}${path}`, body);
  expect([reply.status, reply.text]).toEqual([409, expect.stringMatching(/hosted (by this server|here)/)]);
});

test('rules of a space are read and changed by who may, hold at once, and are in the audit log', async () => {
  const path = 'hosting/spaces/acme';
  const space = (await world.acme.native('GET', path)).json();
  expect(space).toMatchObject({ name: 'acme', usedBytes: pushed, rules: { quotaBytes: null, isPublic: false } });
  expect((await world.other.native('GET', path)).status).toBe(404);
  expect((await world.acme.native('PATCH', path, { isPublic: true })).status).toBe(403);
  expect((await world.boss.native('PATCH', path, { quotaBytes: 5 })).status).toBe(403);
  const read = async () => (await new RegistryClient(world.url).ask('GET', '/v2/acme/routes/manifests/1')).status;
  expect(await read()).toBe(401);
  expect((await world.boss.native('PATCH', path, { isPublic: true, untaggedDays: 30 })).json()).toMatchObject({
    rules: { isPublic: true, untaggedDays: 30 },
  });
  expect(await read()).toBe(200);
  expect((await world.root.native('PATCH', 'hosting/defaults', { quotaBytes: 10 })).json()).toMatchObject({
    quotaBytes: 10,
  });
  expect((await world.acme.native('GET', path)).json()).toMatchObject({
    rules: { quotaBytes: 10 },
    ownRules: { quotaBytes: null },
  });
  const refused = await RegistryClient.basic(world.url, 'x', world.boss.key).ask(
    'POST',
    '/v2/acme/routes/blobs/uploads/',
  );
  expect([refused.status, refused.body.toString()]).toEqual([403, expect.stringMatching(/quota of 10 bytes/)]);
  await world.root.native('PATCH', 'hosting/defaults', { quotaBytes: null });
  const { items } = (await world.root.native('GET', 'audit-entries?limit=100')).json<{ items: { action: string }[] }>();
  const actions = items.map(({ action }) => action).filter(action => action.startsWith('hosting.'));
  expect(actions.toSorted()).toEqual(['hosting.defaults.update', 'hosting.defaults.update', 'hosting.space.update']);
});
