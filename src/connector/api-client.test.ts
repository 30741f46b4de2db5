/** Calls of a product's API: bounded, tried again, and with its log-in shown to nobody else. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { IMPATIENT } from '../../test/fixtures/open-from-registry.ts';
import { type RegistryServer, resets, sends, startRegistryServer } from '../../test/fixtures/registry-server.ts';
import type { ApiAuthorization, ApiClient, ApiRequest } from './api-client.ts';
import { Connection } from './connection.ts';
import { KeptToken } from './kept-token.ts';
import { byLink, byNumber, byToken, byUrlIn, eachOnce, pagesOf } from './paging.ts';

const { signal } = new AbortController();
const schema = z.object({ names: z.array(z.string()), next: z.string().nullish() });
type Page = z.infer<typeof schema>;
const request: ApiRequest<Page> = { path: 'things', schema, task: 'Cannot list things' };
const secret = 'correct-horse';

let server: RegistryServer;
let connection: Connection;
let retries: number;

beforeEach(async () => {
  server = await startRegistryServer();
  retries = 0;
  const base = new URL('https://product.example/');
  connection = new Connection(
    {
      settings: { type: 'docker-v2', url: base.href, product: {} },
      credentials: { kind: 'basic', username: 'jane', password: secret },
      env: {},
      allowsPrivateAddresses: false,
      patience: IMPATIENT,
      onRetry: () => {
        retries += 1;
      },
      serviceOrigins: { 'product.example': server.host, 'elsewhere.example': server.host },
    },
    { host: 'product.example', base },
  );
});

afterEach(async () => {
  await connection[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const open = (authorization?: ApiAuthorization): ApiClient =>
  connection.api({ base: new URL('https://product.example/api/'), authorization });
const shows = (token: string): ApiAuthorization => ({
  headers: () => Promise.resolve({ 'x-token': token }),
  secrets: () => [token],
});
const json = (body: object) => JSON.stringify(body);

test.each([
  { why: 'a busy product', act: sends(503), code: 'REGISTRY_UNAVAILABLE', says: '503', again: true },
  { why: 'a connection that breaks off', act: resets, code: 'REGISTRY_UNAVAILABLE', says: 'broke off', again: true },
  { why: 'a refusal', act: sends(403, {}, json({ message: 'no scope' })), code: 'REGISTRY_DENIED', says: 'no scope' },
  { why: 'wrong credentials', act: sends(401), code: 'REGISTRY_DENIED', says: 'they are wrong, or have expired' },
  {
    why: 'something else',
    act: sends(418, {}, json({ errors: [{ detail: 'tea' }] })),
    code: 'REGISTRY_INVALID',
    says: 'tea',
  },
  { why: 'a web page', act: sends(200, {}, '<html>'), code: 'REGISTRY_INVALID', says: 'a web page' },
  { why: 'another shape', act: sends(200, {}, json({ names: [1] })), code: 'REGISTRY_INVALID', says: 'at names.0' },
  { why: 'no JSON', act: sends(200, {}, '{'), code: 'REGISTRY_INVALID', says: 'something else than its API promises' },
  {
    why: 'too much',
    act: sends(200, {}, `{"names":["${'x'.repeat(2000)}"]}`),
    code: 'LIMIT_EXCEEDED',
    says: '1000 bytes',
  },
])('$why is named', async ({ act, code, says, again = false }) => {
  server.playAlways(/./, act);
  const asking = open(shows('abcdef')).ask({ ...request, limitBytes: 1000 }, { signal });
  await expect(asking).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  expect(server.requests.length).toBe(again ? IMPATIENT.attempts : 1);
  expect(retries).toBe(again ? IMPATIENT.attempts - 1 : 0);
});

test('a redirect is followed at the same origin, and nowhere else', async () => {
  server.play(
    /things/,
    sends(301, { location: '/api/renamed' }),
    sends(307, { location: 'https://elsewhere.example/steal' }),
  );
  server.play(/renamed/, sends(200, {}, json({ names: ['a'] })));
  const api = open(shows('abcdef'));
  expect((await api.ask(request, { signal })).body.names).toEqual(['a']);
  await expect(api.ask(request, { signal })).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  expect(server.requests.every(({ headers }) => headers.host === 'product.example')).toBe(true);
});

test('a token that is refused is renewed once, and asked for by one of those who wait', async () => {
  let granted = 0;
  const kept = new KeptToken(async () => ({ value: `token-${++granted}`, lifeMs: 60_000 }), Date.now);
  const authorization: ApiAuthorization = {
    headers: async call => ({ authorization: `Bearer ${await kept.get(call)}` }),
    renew: () => {
      kept.forget();
      return true;
    },
    secrets: () => kept.secrets(),
  };
  server.playAlways(/./, (seen, response, proceed) => {
    const isFresh = seen.headers.authorization === 'Bearer token-2';
    sends(
      isFresh ? 200 : 401,
      {},
      isFresh ? json({ names: [] }) : `{"message":"${seen.headers.authorization} has ended"}`,
    )(seen, response, proceed);
  });
  const api = open(authorization);
  await api.ask(request, { signal });
  await Promise.all([api.ask(request, { signal }), api.ask(request, { signal })]);
  expect(granted).toBe(2);
  server.playAlways(/./, sends(200, {}, json({ names: [] })));
});

test('a token is renewed before its time, and a failure to get one is not kept', async () => {
  let now = 0;
  let granted = 0;
  const kept = new KeptToken(
    async () => {
      granted += 1;
      if (granted === 2) throw new Error('not now');
      return { value: `token-${granted}`, lifeMs: 1000 };
    },
    () => now,
  );
  expect(await kept.get({ signal })).toBe('token-1');
  now = 799;
  expect(await kept.get({ signal })).toBe('token-1');
  now = 801;
  await expect(kept.get({ signal })).rejects.toThrow('not now');
  expect(await kept.get({ signal })).toBe('token-3');
  expect(kept.secrets()).toEqual(['token-3', 'token-1']);
});

test('log-ins go over plain http only where that was allowed', async () => {
  const plain = connection.api({ base: new URL('http://product.example/api/'), authorization: shows('abcdef') });
  await expect(plain.ask(request, { signal })).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
  expect(server.requests).toEqual([]);
});

test('what is not there is nothing for who looks, and named for who asks', async () => {
  server.playAlways(/./, sends(404));
  expect(await open().find(request, { signal })).toBeUndefined();
  const asking = open().ask({ ...request, missing: 'thing "x"' }, { signal });
  await expect(asking).rejects.toMatchObject({
    code: 'MANIFEST_UNKNOWN',
    message: expect.stringContaining('has no thing "x"'),
  });
});

test.each([
  {
    why: 'by link, to another host',
    next: byLink<Page>,
    link: '<https://elsewhere.example/api/things?page=2>; rel="next"',
    query: '?page=2',
  },
  {
    why: 'by URL in the body',
    next: byUrlIn<Page>(page => page.next),
    body: 'http://elsewhere.example/api/things?page=2',
    query: '?page=2',
  },
  { why: 'by token', next: byToken<Page>('cursor', page => page.next), body: 'a+b/c=', query: '?cursor=a%2Bb%2Fc%3D' },
  { why: 'by number', next: byNumber<Page>('page', answer => answer.body.names.includes('a')), query: '?page=2' },
])('pages follow each other $why', async ({ next, link, body, query }) => {
  server.playAlways(/./, (seen, response, proceed) => {
    const isFirst = !seen.path.includes('?');
    const headers = isFirst && link !== undefined ? { link } : {};
    sends(200, headers, json({ names: [isFirst ? 'a' : 'b'], next: isFirst ? body : null }))(seen, response, proceed);
  });
  const pages = await Array.fromAsync(pagesOf(open(), request, next, { signal }));
  expect(pages.map(page => page.body.names)).toEqual([['a'], ['b']]);
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/things', `/api/things${query}`]);
});

test('pages that go in a circle, and lists without end, fail', async () => {
  server.playAlways(/./, sends(200, { link: '<?page=1>; rel="next"' }, json({ names: ['a'] })));
  const circle = Array.fromAsync(pagesOf(open(), request, byLink, { signal }));
  await expect(circle).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  const endless = Array.fromAsync(
    pagesOf(
      open(),
      request,
      byNumber('page', () => true),
      { signal, maxPages: 5 },
    ),
  );
  await expect(endless).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('over 5 pages'),
  });
});

test('entries that come twice are given once, and only so many', async () => {
  const source = async function* () {
    yield* ['a', 'b', 'a', 'c'];
  };
  const options = { task: 'Cannot list' };
  expect(await Array.fromAsync(eachOnce(source(), name => name, options))).toEqual(['a', 'b', 'c']);
  const few = Array.fromAsync(eachOnce(source(), name => name, { ...options, limit: 2 }));
  await expect(few).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});
