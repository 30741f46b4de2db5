/** Settings that nobody has saved, tried against a real server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '#store/database.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { startRegistryServer } from '../../../test/fixtures/registry-server.ts';
import { draftInput } from './registry-input.ts';
import { testDraft } from './test-draft.ts';
import { ACTOR, openWorld } from './testing/job-world.ts';

const { signal } = new AbortController();
const WORLD = { env: {}, allowsPrivateAddresses: false };
const login = { username: 'robot', password: 'secret-of-the-robot' };

let store: Store;
beforeAll(async () => {
  store = await openEmbedded();
});
afterAll(async () => await store[Symbol.asyncDispose]());

test('settings are tried without anything of them being kept but who tried what', async () => {
  await using world = await openWorld(store);
  await using server = await startRegistryServer({ catalog: 'listed', auth: 'basic', login });
  const before = await store.db.selectFrom('registry').select('id').execute();
  const draft = (password: string) =>
    draftInput.parse({
      type: 'docker-v2',
      url: server.url,
      tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
      credentials: { kind: 'basic', username: login.username, password },
    });
  const { namespaceId } = world.registry;
  const wish = { namespaceId, actor: ACTOR, signal };
  const right = await testDraft(world.context, WORLD, { ...wish, draft: draft(login.password) });
  expect(right).toMatchObject({ isOk: true, health: 'connected', sensorId: undefined });
  const wrong = await testDraft(world.context, WORLD, { ...wish, draft: draft('not-the-password') });
  expect(wrong).toMatchObject({ isOk: false, health: 'auth-error' });
  expect(JSON.stringify([right, wrong])).not.toMatch(/secret-of-the-robot|not-the-password/);

  expect(await store.db.selectFrom('registry').select('id').execute()).toEqual(before);
  const entries = await store.db
    .selectFrom('auditEntry')
    .select(['actor', 'namespaceId', 'detail'])
    .where('action', '=', 'registry.test-draft')
    .execute();
  expect(entries).toEqual(
    [1, 2].map(() => ({ actor: ACTOR.name, namespaceId, detail: { type: 'docker-v2', url: server.url } })),
  );
});

test.each([
  { more: { sensorSelector: { zone: 'dc1' } }, why: 'the server is none of the sensors that are asked for' },
  { more: { credentials: { kind: 'aws' } }, why: 'a plain registry takes no keys of AWS' },
  { more: { url: 'ftp://registry.example' }, why: 'images are not had that way' },
])('settings are refused before anything is asked: $why', async ({ more }) => {
  await using world = await openWorld(store);
  const draft = draftInput.parse({ type: 'docker-v2', url: 'https://registry.example', ...more });
  const { namespaceId } = world.registry;
  const wish = { namespaceId, actor: ACTOR, signal, draft };
  await expect(testDraft(world.context, WORLD, wish)).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
