/** Creations that are repeated with an idempotency key; and registry keys, of which the old one must not be good for anything any more. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import type { Person, ReadWorld } from './world.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Adds the tests. */
export function repeatedSuite(open: () => ReadWorld): void {
  const create = (as: Person, key: string, name: string) =>
    open().send('POST', '/api/v1/namespaces', { as, body: { name }, headers: { 'idempotency-key': key } });

  test('the document names the header on every creation that takes it, and on nothing else', () => {
    const { paths } = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')) as {
      paths: Record<string, Record<string, { parameters?: { name: string; in: string; required?: boolean }[] }>>;
    };
    const takers = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
        parameters.some(one => one.in === 'header' && one.name === 'Idempotency-Key' && one.required !== true)
          ? [`${method} ${path}`]
          : [],
      ),
    );
    for (const path of ['registries', 'namespaces', 'accounts', 'projects', 'registries/{registryId}/schedules']) {
      expect(takers).toContain(`post /api/v1/${path}`);
    }
    // Their answers have a secret, have no account, or take a file.
    for (const path of ['api-keys', 'webhooks', 'session', 'setup', 'vulnerability-database/import']) {
      expect(takers).not.toContain(`post /api/v1/${path}`);
    }
    expect(takers.filter(taker => !taker.startsWith('post '))).toEqual([]);
  });

  test('the same request with the same key is answered the same, and happens once', async () => {
    const { root, send, one } = open();
    const first = await create(root, 'key-1', 'made-once');
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const again = await create(root, 'key-1', 'made-once');
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    const body = { namespaceId: one.namespaceId, name: 'repeated', type: 'docker-v2', url: 'https://registry.example' };
    const headers = { 'idempotency-key': 'key-registry' };
    const made = await send('POST', '/api/v1/registries', { as: root, body, headers });
    const told = await send('POST', '/api/v1/registries', { as: root, body, headers });
    expect([told.status, told.text, told.headers.get('etag')]).toEqual([201, made.text, '"r1"']);
    const { id } = made.json<{ id: string }>();
    expect((await send('DELETE', `/api/v1/registries/${id}`, { as: root })).status).toBeLessThan(300);
  });

  test('another request with the key is refused; other accounts and API keys have keys of their own', async () => {
    const { root, rootAgain, other } = open();
    const first = await create(root, 'key-2', 'made-by-root');
    const foreign = await create(root, 'key-2', 'something-else');
    expect(foreign.status).toBe(422);
    expect(foreign.json()).toMatchObject({ code: 'REQUEST_INVALID', detail: expect.stringContaining('"key-2" again') });
    const theirs = await create(other, 'key-2', 'made-by-other');
    expect(theirs.status).toBe(201);
    expect(theirs.text).not.toBe(first.text);
    // An API key that may do less must not be shown what another one made.
    expect((await create(rootAgain, 'key-2', 'made-by-root')).status).toBe(422);
  });

  test('of many at once one happens; the others wait, or are told the same', async () => {
    const { root } = open();
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(root, 'key-3', 'made-at-once')));
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter(({ headers }) => headers.get('idempotent-replayed') === null).length).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).every(({ status }) => status === 409)).toBe(true);
  });

  test('what was refused is tried again, and a key is free after a day', async () => {
    const { root, pass } = open();
    expect((await create(root, 'key-4', 'made-at-once')).status).toBe(409);
    const named = await create(root, 'key-4', 'free-again');
    expect(named.status).toBe(201);
    pass(DAY_MS - 60_000);
    expect((await create(root, 'key-4', 'free-again')).headers.get('idempotent-replayed')).toBe('true');
    pass(120_000);
    expect((await create(root, 'key-4', 'another-day')).status).toBe(201);
  });

  test.each(['', 'x'.repeat(201)])('a key of no use is refused: "%s"', async key => {
    const answer = await create(open().root, key, 'never-made');
    expect(answer.status).toBe(422);
    expect(answer.json()).toMatchObject({ detail: expect.stringContaining('1 to 200 characters') });
  });

  test('rotating the registry key of a project ends the old one at once, with every token that it got', async () => {
    const { url, root, send, one } = open();
    const body = {
      namespaceId: one.namespaceId,
      name: 'rotated',
      distributionMethod: 'rhcc',
      containerType: 'scratch',
    };
    const made = await send('POST', '/api/v1/projects', { as: root, body });
    expect(made.status, made.text).toBe(201);
    const { id, pid } = made.json<{ id: string; pid: string }>();
    const keyAt = async (method: string, path: string) => {
      const answer = await send(method, `/api/v1/projects/${id}/registry-key${path}`, { as: root });
      expect([answer.headers.get('cache-control'), answer.headers.get('etag')]).toEqual(['no-store', null]);
      return answer.json<{ text: string }>().text;
    };
    const scope = `repository:${pid}/app:pull,push`;
    const log = async (key: string) => {
      const client = RegistryClient.basic(url, 'unused', key);
      const answer = await client.ask('GET', `/v2/token?scope=${encodeURIComponent(scope)}`);
      const { token = '' } = answer.status === 200 ? (answer.json() as { token?: string }) : {};
      return { client, status: answer.status, bearer: new RegistryClient(url, `Bearer ${token}`) };
    };
    const start = async (client: RegistryClient) => (await client.ask('POST', `/v2/${pid}/app/blobs/uploads/`)).status;
    const old = await log(await keyAt('GET', '?reveal=true'));
    expect([old.status, await start(old.client), await start(old.bearer)]).toEqual([200, 202, 202]);
    const fresh = await log(await keyAt('POST', '/rotate'));
    expect([(await old.client.ask('GET', '/v2/')).status, await start(old.client), await start(old.bearer)]).toEqual([
      401, 401, 401,
    ]);
    expect((await old.client.ask('GET', `/v2/token?scope=${encodeURIComponent(scope)}`)).status).toBe(401);
    expect([fresh.status, await start(fresh.client), await start(fresh.bearer)]).toEqual([200, 202, 202]);
    expect((await send('DELETE', `/api/v1/projects/${id}/registry-key`, { as: root })).status).toBe(204);
    expect([await start(fresh.client), await start(fresh.bearer)]).toEqual([401, 401]);
  });
}
