/** What every API gets from the server: problems, ids, checks of access, probes, pages, streams. */
import { request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { SYSTEM } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import type { Store } from '#store/database.ts';
import { currentEventPosition, recordEvents } from '#store/event.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { EventFeed } from './native/event/event-feed.ts';
import { eventRoutes } from './native/event/routes.ts';
import { type Api, buildServer } from './server.ts';

let store: Store;
let feed: EventFeed;
let app: FastifyInstance;

beforeAll(async () => {
  store = await openEmbedded();
  feed = await EventFeed.open(store);
  app = await build([eventRoutes({ store } as never, feed), sample]);
});
afterAll(async () => {
  await app.close();
  await feed[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

const sample: Api = instance => {
  const access = { config: { access: 'anonymous' as const } };
  instance.get('/bug', access, () => {
    throw new Error('secret detail');
  });
  instance.get('/missing', access, () => {
    throw new PlimsollError('NOT_FOUND', 'Cannot find it: gone');
  });
  instance.post('/body', { ...access, schema: { body: z.object({ count: z.number().max(3) }) } }, () => 'fine');
  const query = z.object({ cve: z.string().optional() });
  instance.get('/foreign', { ...access, schema: { querystring: query } }, () => 'all');
  instance.get('/admin', { config: { access: { server: 'admin' } } }, () => 'fine');
};

async function build(apis: readonly Api[]): Promise<FastifyInstance> {
  return await buildServer({
    apis,
    authenticate: async request => (request.headers.authorization === 'Bearer good' ? SYSTEM : undefined),
    version: '0.0.0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
}

test.each([
  { path: '/missing', status: 404, code: 'NOT_FOUND', detail: /gone/ },
  { path: '/bug', status: 500, code: 'BUG', detail: /log of the server/ },
  { path: '/no/such', status: 404, code: 'NOT_FOUND', detail: /no such path/ },
  { path: '/admin', status: 401, code: 'UNAUTHENTICATED', detail: /sign in/ },
  { path: '/api/v1/events', status: 401, code: 'UNAUTHENTICATED', detail: /sign in/ },
])('GET $path answers with the problem $code', async ({ path, status, code, detail }) => {
  const answer = await app.inject({ url: path, headers: { 'x-request-id': 'abc-1' } });
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({ status, code, requestId: 'abc-1', detail: expect.stringMatching(detail) });
  expect(answer.body).not.toContain('secret detail');
});

test('a body that does not fit says which field', async () => {
  const answer = await app.inject({ method: 'POST', url: '/body', payload: { count: 9 } });
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ code: 'REQUEST_INVALID', violations: [{ field: 'count' }] });
});

test('a filter that a list does not know is refused, and not passed over', async () => {
  const headers = { authorization: 'Bearer good' };
  const answer = await app.inject({ url: '/api/v1/events?cves=CVE-2024-3094', headers });
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ detail: 'Cannot take the request: query has no field "cves"' });
  expect((await app.inject({ url: '/api/v1/events?limit=1', headers })).statusCode).toBe(200);
});

test('an API of somebody else passes over what it does not know', async () => {
  expect((await app.inject({ url: '/foreign?cves=CVE-2024-3094' })).body).toBe('all');
});

test.each([
  { headers: {}, detail: /sign in, or send an API key/ },
  { headers: { authorization: 'Bearer plk_old' }, detail: /API key.*is wrong, has expired or was revoked/ },
  { headers: { 'x-api-key': 'plk_old' }, detail: /API key.*is wrong, has expired or was revoked/ },
])('who showed $headers is told what to do', async ({ headers, detail }) => {
  const answer = await app.inject({ url: '/admin', headers });
  expect(answer.statusCode).toBe(401);
  expect(answer.json()).toMatchObject({ detail: expect.stringMatching(detail) });
});

test('a body that is no JSON is refused', async () => {
  const answer = await app.inject({
    method: 'POST',
    url: '/body',
    headers: { 'content-type': 'application/json' },
    payload: '{',
  });
  expect(answer.json()).toMatchObject({ code: 'REQUEST_INVALID' });
});

test('a route that does not say who may use it is refused when the server is put together', async () => {
  await expect(build([instance => void instance.get('/open', () => 'x')])).rejects.toThrow(
    /does not say who may use it/,
  );
});

test('the document names the routes, and probes answer', async () => {
  const document = (await app.inject('/api/v1/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toEqual(['/api/v1/events', '/api/v1/events/stream']);
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await app.inject('/readyz')).json()).toEqual({ status: 'ready' });
  expect((await app.inject('/api/errors/NOT_FOUND')).body).toContain('NOT_FOUND (missing, HTTP 404)');
  expect((await app.inject('/api/docs')).statusCode).toBe(200);
});

test('a list pages with a cursor, and a foreign cursor is refused', async () => {
  const at = new Date('2026-01-01T00:00:00Z');
  await recordEvents(
    store.db,
    [1, 2, 3].map(count => ({ kind: 'image.found' as const, at, data: { count } })),
  );
  const headers = { authorization: 'Bearer good' };
  const first = (await app.inject({ url: '/api/v1/events?limit=2', headers })).json();
  expect(first.items).toHaveLength(2);
  const second = (await app.inject({ url: `/api/v1/events?limit=2&cursor=${first.nextCursor}`, headers })).json();
  expect([...first.items, ...second.items].map(({ data }: { data: { count: number } }) => data.count)).toEqual([
    1, 2, 3,
  ]);
  expect(second.nextCursor).toBeNull();
  expect((await app.inject({ url: '/api/v1/events?cursor=eyJ4IjoxfQ', headers })).statusCode).toBe(422);
});

test.each([
  { by: 'Last-Event-ID', why: 'where the browser lost it' },
  { by: 'from', why: 'where the session was read: nothing is missed between a page and its stream' },
])('a stream begins by $by, $why, brings what happens, and ends when the server stops', async ({ by }) => {
  await emptyStore(store);
  const at = new Date();
  await recordEvents(store.db, [{ kind: 'image.found', at, data: { count: 2 } }]);
  const position = await currentEventPosition(store.db);
  await recordEvents(store.db, [{ kind: 'image.found', at, data: { count: 3 } }]);
  const other = await build([eventRoutes({ store } as never, feed)]);
  await other.listen({ port: 0, host: '127.0.0.1' });
  const { port } = other.server.address() as AddressInfo;
  const seen: string[] = [];
  const ended = Promise.withResolvers<void>();
  const has = Promise.withResolvers<void>();
  const headers = { authorization: 'Bearer good', ...(by === 'from' ? {} : { 'last-event-id': position }) };
  const path = `/api/v1/events/stream${by === 'from' ? `?from=${position}` : ''}`;
  send({ port, host: '127.0.0.1', path, headers }, answer => {
    answer.setEncoding('utf8').on('data', text => {
      seen.push(text);
      if (seen.join('').includes('"count":4')) has.resolve();
    });
    answer.on('end', () => ended.resolve());
  }).end();
  await recordEvents(store.db, [{ kind: 'image.found', at: new Date(), data: { count: 4 } }]);
  await has.promise;
  expect([...seen.join('').matchAll(/"count":(\d)/g)].map(match => Number(match[1]))).toEqual([3, 4]);
  await other.close();
  await ended.promise;
});

test('pages may run scripts of their own files alone', async () => {
  const policy = String((await app.inject('/healthz')).headers['content-security-policy']);
  const sources = Object.fromEntries(policy.split(';').map(part => part.trim().split(/ (.*)/s)));
  expect(sources['script-src'] ?? sources['default-src']).toBe("'self'");
  expect(sources['script-src-attr'] ?? "'none'").toBe("'none'");
  expect(sources['object-src'] ?? sources['default-src']).toMatch(/^'(?:none|self)'$/);
});
