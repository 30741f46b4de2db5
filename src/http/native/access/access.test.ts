/** Setting up, signing in and managing access over HTTP, as curl and a browser do. */
import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AccessContext } from '#access/caller.ts';
import { prepareSetup } from '#access/setup.ts';
import type { Store } from '#store/database.ts';
import { createSealer } from '#store/seal.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { createAuthenticate } from '../../authentication.ts';
import { addIdempotency } from '../../idempotency.ts';
import { buildServer } from '../../server.ts';
import { accessRoutes } from './routes.ts';

const PASSWORD = 'correct horse battery';
let store: Store;
let context: AccessContext;
let app: FastifyInstance;
let secure: FastifyInstance;

beforeAll(async () => {
  store = await openEmbedded();
  context = { store, sealer: createSealer('a secret of at least 32 characters for tests'), now: () => new Date() };
  app = await build({});
  secure = await build({ publicUrl: 'https://plimsoll.example' });
});
beforeEach(async () => await emptyStore(store));
afterAll(async () => {
  await app.close();
  await secure.close();
  await store[Symbol.asyncDispose]();
});

async function build(site: { publicUrl?: string }): Promise<FastifyInstance> {
  return await buildServer({
    apis: [
      instance => {
        addIdempotency(instance, context);
        accessRoutes(context, site)(instance);
      },
    ],
    authenticate: createAuthenticate(context, site),
    version: '0.0.0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
}

/** A browser that has set the server up: what it sends with each request. */
async function setUp(server = app) {
  const token = await prepareSetup(context);
  const answer = await server.inject({
    method: 'POST',
    url: '/api/v1/setup',
    payload: { token, name: 'admin', password: PASSWORD },
  });
  expect(answer.statusCode).toBe(201);
  const [cookie] = answer.cookies;
  if (cookie === undefined) throw new Error('there is a cookie');
  const headers = { cookie: `${cookie.name}=${cookie.value}`, 'x-csrf-token': String(answer.json().csrfToken) };
  const send = async (method: InjectOptions['method'], url: string, payload?: object) =>
    await server.inject({ method: method ?? 'GET', url: `/api/v1${url}`, headers, ...(payload ? { payload } : {}) });
  return { answer, cookie, headers, send };
}

test('the set-up opens the first account with the token, once, and signs it in', async () => {
  expect((await app.inject('/api/v1/setup')).json()).toEqual({ isNeeded: true, oidc: null });
  const { answer, cookie, send } = await setUp();
  expect(answer.json()).toMatchObject({ account: { name: 'admin', hasPassword: true }, everywhere: 'admin' });
  expect(cookie).toMatchObject({ name: 'plimsoll-session', httpOnly: true, sameSite: 'Lax', path: '/' });
  expect((await app.inject('/api/v1/setup')).json().isNeeded).toBe(false);
  expect((await send('GET', '/session')).json()).toMatchObject({ by: 'session', csrfToken: answer.json().csrfToken });
  const payload = { token: 'setup_x', name: 'eve', password: PASSWORD };
  expect((await app.inject({ method: 'POST', url: '/api/v1/setup', payload })).statusCode).toBe(409);
});

test('over HTTPS the cookie is one that only this host can set, and another name is not taken', async () => {
  const { cookie } = await setUp(secure);
  expect(cookie).toMatchObject({ name: '__Host-plimsoll-session', secure: true });
  const answer = await secure.inject({
    url: '/api/v1/session',
    headers: { cookie: `plimsoll-session=${cookie.value}` },
  });
  expect(answer.statusCode).toBe(401);
});

test.each([
  { why: 'no token', headers: { 'x-csrf-token': '' }, status: 403 },
  { why: 'another token', headers: { 'x-csrf-token': 'abc' }, status: 403 },
  { why: 'a page of another site', headers: { 'sec-fetch-site': 'cross-site' }, status: 403 },
  { why: 'a page of another host of the domain', headers: { 'sec-fetch-site': 'same-site' }, status: 403 },
  { why: 'an older browser on another site', headers: { origin: 'https://evil.example' }, status: 403 },
  { why: 'a sandboxed page', headers: { origin: 'null' }, status: 403 },
  { why: 'our own page', headers: { 'sec-fetch-site': 'same-origin', origin: 'http://localhost' }, status: 201 },
  { why: 'an older browser on our page', headers: { origin: 'http://localhost:80' }, status: 201 },
  { why: 'no browser', headers: {}, status: 201 },
])('a change by cookie, from $why, answers $status', async ({ headers, status }) => {
  const session = await setUp();
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/namespaces',
    headers: { ...session.headers, host: 'localhost:80', ...headers },
    payload: { name: 'team' },
  });
  expect(answer.statusCode).toBe(status);
});

test('a sign-in from a page of another site is refused: it would sign a victim in as somebody else', async () => {
  await setUp();
  const payload = { name: 'admin', password: PASSWORD };
  const sign = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/api/v1/session', headers, payload });
  expect((await sign({ 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
  expect((await sign({ cookie: 'plimsoll-session=over' })).statusCode).toBe(201);
});

test('wrong passwords are told apart from nothing, and too many ask for patience', async () => {
  await setUp();
  const fail = async () =>
    await app.inject({ method: 'POST', url: '/api/v1/session', payload: { name: 'admin', password: 'wrong' } });
  const first = await fail();
  expect(first.json()).toMatchObject({ status: 401, detail: 'Cannot sign in: the name or the password is wrong' });
  for (let count = 1; count < 10; count += 1) await fail();
  const last = await fail();
  expect(last.statusCode).toBe(429);
  expect(Number(last.headers['retry-after'])).toBeGreaterThan(800);
});

test('signing out ends the session', async () => {
  const { send } = await setUp();
  const answer = await send('DELETE', '/session');
  expect(answer.statusCode).toBe(204);
  expect(answer.body).toBe('');
  expect((await send('GET', '/session')).statusCode).toBe(401);
});

test('a password is changed by its owner, with the present one', async () => {
  const { send } = await setUp();
  const next = 'another horse with a battery';
  expect((await send('PUT', '/session/password', { present: 'wrong', next })).statusCode).toBe(403);
  expect((await send('PUT', '/session/password', { present: PASSWORD, next })).statusCode).toBe(204);
  const payload = { name: 'admin', password: next };
  expect((await app.inject({ method: 'POST', url: '/api/v1/session', payload })).statusCode).toBe(201);
});

test('an API key is shown once, works in three places without a CSRF token, and ends when it is revoked', async () => {
  const { send, headers } = await setUp();
  const made = await send('POST', '/api-keys', { name: 'laptop', role: 'admin' });
  expect(made.statusCode).toBe(201);
  const { key, id } = made.json();
  expect((await send('GET', '/api-keys')).body).not.toContain(key);
  const basic = `Basic ${Buffer.from(`any:${key}`).toString('base64')}`;
  for (const shown of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }, { authorization: basic }]) {
    const answer = await app.inject({
      method: 'PATCH',
      url: `/api/v1/accounts/${made.json().accountId}`,
      headers: shown,
      payload: { displayName: 'The admin' },
    });
    expect(answer.statusCode).toBe(200);
  }
  const repeated = await app.inject({
    method: 'POST',
    url: '/api/v1/api-keys',
    headers: { ...headers, 'idempotency-key': 'once' },
    payload: { name: 'other', role: 'viewer' },
  });
  expect(repeated.json()).toMatchObject({ code: 'REQUEST_INVALID', detail: expect.stringContaining('secret') });
  expect((await send('DELETE', `/api-keys/${id}`)).statusCode).toBe(204);
  const answer = await app.inject({ url: '/api/v1/session', headers: { 'x-api-key': key } });
  expect(answer.statusCode).toBe(401);
});

test('accounts, namespaces and members are managed, and the log tells of it', async () => {
  const { send } = await setUp();
  const namespace = (await send('POST', '/namespaces', { name: 'team' })).json();
  const account = (await send('POST', '/accounts', { name: 'jane@example.org', password: PASSWORD })).json();
  const member = `/namespaces/${namespace.id}/members/jane%40example.org`;
  expect((await send('PUT', member, { role: 'operator' })).statusCode).toBe(204);
  expect((await send('GET', `/namespaces/${namespace.id}/members`)).json()).toMatchObject({
    items: [{ account: 'jane@example.org', role: 'operator', origin: 'manual' }],
    nextCursor: null,
  });
  expect((await send('GET', '/members')).json().items).toMatchObject([{ account: 'admin', role: 'admin' }]);
  expect((await send('DELETE', '/members/admin')).json()).toMatchObject({ code: 'CONFLICT' });
  const list = (await send('GET', '/accounts?limit=1')).json();
  expect(list.items).toMatchObject([{ name: 'admin' }]);
  const next = (await send('GET', `/accounts?limit=1&cursor=${list.nextCursor}`)).json();
  expect(next.items).toMatchObject([{ name: 'jane@example.org', roles: [{ role: 'operator' }] }]);
  expect((await send('GET', '/namespaces')).json().items.map(({ name }: { name: string }) => name)).toEqual([
    'default',
    'team',
  ]);
  expect(
    (await send('PUT', `/accounts/${account.id}/password`, { password: 'another good password' })).statusCode,
  ).toBe(204);
  expect((await send('DELETE', member)).statusCode).toBe(204);
  expect((await send('DELETE', `/accounts/${account.id}`)).statusCode).toBe(204);
  expect((await send('DELETE', `/namespaces/${namespace.id}`)).statusCode).toBe(204);
  const log = (await send('GET', `/audit-entries?namespace=${namespace.id}`)).json();
  expect(log.items.map(({ action }: { action: string }) => action)).toEqual([
    'namespace.delete',
    'role.withdraw',
    'role.grant',
    'namespace.create',
  ]);
  expect(log.items[0].actor.name).toBe('admin');
  const older = (await send('GET', '/audit-entries?limit=2&action=account.create')).json();
  expect(older.items).toHaveLength(1);
});
