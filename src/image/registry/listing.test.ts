/** Lists of names from registries that page as they like, and from some that mean harm. */
import { describe, expect, test } from 'vitest';
import type { PlimsollError } from '#base/errors.ts';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import {
  type Act,
  type RegistryServer,
  sendJson,
  startRegistryServer,
} from '../../../test/fixtures/registry-server.ts';
import { RegistryClient } from './client.ts';
import { noCredentials } from './credential-store.ts';
import { type ListLimits, listCatalog, listTagNames } from './listing.ts';

const { signal } = new AbortController();
const APP = /^GET \/v2\/team\/app\/tags\/list/;

/** Lists the tags of `team/app`. */
async function tagsOf(
  server: RegistryServer,
  limits: Partial<ListLimits> = {},
  bases?: Record<string, URL>,
): Promise<string[]> {
  const around = { credentials: noCredentials, tlsVerify: true, env: {}, certificateFolders: [], patience: IMPATIENT };
  await using client = new RegistryClient({ ...around, bases });
  const registry = await client.registry(server.host, { signal });
  return await Array.fromAsync(listTagNames(registry, 'team/app', { signal, limits }));
}

/** Answers a page of tags, with the link header as it is given. */
const sendsPage =
  (tags: readonly string[] | null, link?: string): Act =>
  (_, response) => {
    if (link !== undefined) response.setHeader('link', link);
    sendJson(response, 200, { name: 'team/app', tags });
  };

/** Three pages; `link` writes the header that leads to the query. */
async function threePages(link: (query: string, server: RegistryServer) => string): Promise<RegistryServer> {
  const server = await startRegistryServer();
  server.playAlways(APP, (request, response, _) => {
    const last = new URL(request.path, 'http://r').searchParams.get('last');
    const pages: Record<string, readonly [readonly string[], string | undefined]> = {
      none: [['a', 'b'], '?last=b&n=2'],
      b: [['c'], '?last=c&n=2'],
      c: [['d', 'e', 'f'], undefined],
    };
    const [tags = [], next] = pages[last ?? 'none'] ?? [];
    if (next !== undefined) response.setHeader('link', link(next, server));
    sendJson(response, 200, { name: 'team/app', tags });
  });
  return server;
}

test.each([
  {
    why: 'absolute',
    link: (query: string, { url }: RegistryServer) => `<${url}/v2/team/app/tags/list${query}>; rel="next"`,
  },
  { why: 'relative to the host', link: (query: string) => `</v2/team/app/tags/list${query}>; rel="next"` },
  { why: 'the query alone', link: (query: string) => `<${query}>; rel="next"` },
  { why: 'without quotes', link: (query: string) => `</v2/team/app/tags/list${query}>; rel=next` },
  { why: 'without brackets', link: (query: string) => `/v2/team/app/tags/list${query}; rel="next"` },
  { why: 'among others', link: (query: string) => `</v2/x>; rel="first", <${query}>; title="a, b"; rel="last next"` },
  {
    why: 'of a host inside',
    link: (query: string) => `<http://registry.internal:5000/v2/team/app/tags/list${query}>; rel="next"`,
  },
  {
    why: 'of the metadata service',
    link: (query: string) => `<http://169.254.169.254/v2/team/app/tags/list${query}>; rel="next"`,
  },
  {
    why: 'with a prefix that is not there',
    link: (query: string) => `<https://r/artifactory/api/docker/x/v2/team/app/tags/list${query}>; rel="next"`,
  },
  {
    why: 'without its virtual repository',
    link: (query: string) => `</v2/app/tags/list${query.replace('last', 'marker')}>; rel="next"`,
  },
  { why: 'to no URL at all', link: () => '<http://[>; rel="next"' },
])('the next page is found at the registry itself: its link is $why', async ({ link }) => {
  await using server = await threePages(link);
  expect(await tagsOf(server)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(server.requests.every(({ path }) => path.startsWith('/v2/team/app/tags/list?'))).toBe(true);
});

test('a repository without tags may say so by null, and a page may be empty with more to come', async () => {
  await using server = await startRegistryServer();
  server.play(APP, sendsPage(null));
  expect(await tagsOf(server)).toEqual([]);
  server.play(APP, sendsPage([], '<?last=m>; rel="next"'), sendsPage(['z']));
  expect(await tagsOf(server)).toEqual(['z']);
});

test('a registry below a path is listed there', async () => {
  await using server = await startRegistryServer({ prefix: '/some/path', maxPageSize: 2 });
  for (const tag of ['a', 'b', 'c']) server.addImage('team/app', tag);
  const bases = { [server.host]: new URL(`${server.url}/some/path/`) };
  expect(await tagsOf(server, {}, bases)).toEqual(['a', 'b', 'c']);
});

test.each([400, 405])('a registry that answers %i to large pages is asked for smaller ones', async status => {
  await using server = await startRegistryServer();
  server.addImage('team/app', 'a');
  server.playAlways(/n=1000/, (_, response) =>
    sendJson(response, status, { errors: [{ code: 'PAGINATION_NUMBER_INVALID' }] }),
  );
  expect(await tagsOf(server)).toEqual(['a']);
  server.playAlways(/n=100$/, (_, response) => sendJson(response, status, {}));
  expect(await tagsOf(server)).toEqual(['a']);
  expect(server.requests.at(-1)?.path).toBe('/v2/team/app/tags/list');
});

test('names come once, in the order of the registry, and those that are none are told of', async () => {
  await using server = await startRegistryServer();
  server.play(
    APP,
    sendsPage(['z', 'a', 'z'], '<?last=z>; rel="next"'),
    sendsPage(['a', '../up', 'b', '\u001b[31mred']),
  );
  const around = { credentials: noCredentials, tlsVerify: true, env: {}, certificateFolders: [], patience: IMPATIENT };
  await using client = new RegistryClient(around);
  const illegal: object[] = [];
  const options = { signal, onIllegal: (names: object) => illegal.push(names) };
  const registry = await client.registry(server.host, { signal });
  expect(await Array.fromAsync(listTagNames(registry, 'team/app', options))).toEqual(['z', 'a', 'b']);
  expect(illegal).toEqual([{ count: 2, example: '../up' }]);
});

test('names with every oddity that is legal are kept', async () => {
  await using server = await startRegistryServer({ catalog: 'listed' });
  const names = ['a', '0/1', 'a.b/c_d/e__f/g-h/i---j', `${'x'.repeat(127)}/${'y'.repeat(127)}`];
  for (const name of names) server.addImage(name, '_');
  const around = { credentials: noCredentials, tlsVerify: true, env: {}, certificateFolders: [], patience: IMPATIENT };
  await using client = new RegistryClient(around);
  const registry = await client.registry(server.host, { signal });
  expect((await Array.fromAsync(listCatalog(registry, { signal }))).toSorted()).toEqual(names.toSorted());
  for (const name of names) {
    expect(await Array.fromAsync(listTagNames(registry, name, { signal }))).toEqual(['_']);
  }
});

describe('a list that cannot be whole fails', () => {
  const far = 'x'.repeat(9000);
  test.each<{ why: string; act: Act; limits?: Partial<ListLimits>; code: PlimsollError['code']; says: string }>([
    {
      why: 'its pages go in a circle',
      act: sendsPage(['a'], '<?last=a>; rel="next"'),
      code: 'REGISTRY_INVALID',
      says: 'in a circle',
    },
    {
      why: 'it leads to the page it came from',
      act: sendsPage(['a'], '<?n=1000>; rel="next"'),
      code: 'REGISTRY_INVALID',
      says: 'in a circle',
    },
    {
      why: 'a link is too long to be one',
      act: sendsPage(['a'], `<?last=${far}>; rel="next"`),
      code: 'REGISTRY_INVALID',
      says: '8192',
    },
    {
      why: 'a page is too large',
      act: sendsPage(Array(500).fill('a')),
      limits: { maxPageBytes: 1000 },
      code: 'LIMIT_EXCEEDED',
      says: '1000 bytes',
    },
    {
      why: 'it is no list',
      act: (_, response) => sendJson(response, 200, { tags: 'all' }),
      code: 'REGISTRY_INVALID',
      says: 'no list of names',
    },
    {
      why: 'it is no JSON',
      act: (_, response) => response.end('{"tags":['),
      code: 'REGISTRY_INVALID',
      says: 'no JSON',
    },
    {
      why: 'it is a web page',
      act: (_, response) => response.end('<!doctype html><p>log in'),
      code: 'REGISTRY_INVALID',
      says: 'a web page',
    },
  ])('$why', async ({ act, limits, code, says }) => {
    await using server = await startRegistryServer();
    server.playAlways(APP, act);
    await expect(tagsOf(server, limits)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  test.each([
    { why: 'pages', limits: { maxPages: 20 }, says: 'over 20 pages' },
    { why: 'names', limits: { maxNames: 50 }, says: 'over 50 names' },
  ])('it has no end of $why', async ({ limits, says }) => {
    await using server = await startRegistryServer();
    let page = 0;
    server.playAlways(APP, (...act) => {
      page += 1;
      sendsPage([`${page}-a`, `${page}-b`, `${page}-c`], `<?last=${page}>; rel="next"`)(...act);
    });
    const around = limits.maxPages === undefined ? limits : { maxNames: 1000, ...limits };
    await expect(tagsOf(server, around)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining(says),
    });
    expect(page).toBeLessThanOrEqual(21);
  });

  test('it has no end of empty pages', async () => {
    await using server = await startRegistryServer();
    let page = 0;
    server.playAlways(APP, (...act) => sendsPage([], `<?last=${++page}>; rel="next"`)(...act));
    await expect(tagsOf(server)).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
    expect(page).toBeLessThan(150);
  });
});

test('a repository of 50,000 tags streams: the first come before the last page is asked for, and little is held', async () => {
  await using server = await startRegistryServer();
  const count = 50_000;
  const size = 1000;
  server.playAlways(APP, (request, response) => {
    const start = Number(new URL(request.path, 'http://r').searchParams.get('last') ?? -1) + 1;
    const tags = Array.from({ length: size }, (_, at) => `${start + at}`);
    if (start + size < count) response.setHeader('link', `<?last=${start + size - 1}&n=${size}>; rel="next"`);
    sendJson(response, 200, { tags });
  });
  const around = { credentials: noCredentials, tlsVerify: true, env: {}, certificateFolders: [], patience: IMPATIENT };
  await using client = new RegistryClient(around);
  const registry = await client.registry(server.host, { signal });
  let seen = 0;
  let asked = 0;
  for await (const _ of listTagNames(registry, 'team/app', { signal })) {
    if (seen === 0) asked = server.requests.length;
    seen += 1;
  }
  expect(seen).toBe(count);
  expect(asked).toBe(1);
  expect(server.requests.length).toBe(count / size);
});

test('a reader who has enough asks for no further page', async () => {
  await using server = await startRegistryServer({ maxPageSize: 2 });
  for (const tag of ['a', 'b', 'c', 'd', 'e']) server.addImage('team/app', tag);
  const around = { credentials: noCredentials, tlsVerify: true, env: {}, certificateFolders: [], patience: IMPATIENT };
  await using client = new RegistryClient(around);
  const registry = await client.registry(server.host, { signal });
  for await (const name of listTagNames(registry, 'team/app', { signal })) if (name === 'b') break;
  expect(server.requests.length).toBe(1);
});
