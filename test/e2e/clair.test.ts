/** Clair's API as Quay asks it: index, report, re-index, notifications; and what goes wrong with layers and keys. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificationWorld, startCertificationWorld } from '../fixtures/certification-world.ts';
import { type BuiltImage, makeImage, makeLayer } from '../fixtures/image-builder.ts';
import { fits, layersOf, QuayClient, type RequestLayer, signAsQuay } from '../fixtures/quay-client.ts';
import { type RegistryServer, sends, startRegistryServer } from '../fixtures/registry-server.ts';
import { scanFeeds } from '../fixtures/scan-feeds.ts';

/** As in Quay's documents. */
const PSK = 'MTU5YzA4Y2ZkNzJoMQ==';
const KEY = new Uint8Array(Buffer.from(PSK, 'base64'));
const INDEX = '/indexer/api/v1/index_report';
const REPORT = '/matcher/api/v1/vulnerability_report';
const NONE = `sha256:${'0'.repeat(64)}`;
const OS_RELEASE = 'ID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\n';
const APK = 'P:zlib\nV:1.3.1-r1\nA:x86_64\no:zlib\n\nP:libcrypto3\nV:3.5.1-r0\nA:x86_64\no:openssl\n\n';

let world: CertificationWorld;
let storage: RegistryServer;
let quay: QuayClient;
let told: Server;
/** What Quay's notification endpoint was sent. */
const calls: { readonly authorization: string; readonly body: string }[] = [];
let image: BuiltImage;

beforeAll(async () => {
  told = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    calls.push({ authorization: request.headers.authorization ?? '', body });
    // Busy at first: only 200 is a delivery.
    response.writeHead(calls.length === 1 ? 503 : 200).end();
  });
  told.listen(0, '127.0.0.1');
  await once(told, 'listening');
  storage = await startRegistryServer();
  world = await startCertificationWorld({
    settings: {
      clairPsk: PSK,
      clairWebhook: `http://127.0.0.1:${(told.address() as AddressInfo).port}/secscan/notification`,
      clairHosts: '127.0.0.1',
    },
  });
  quay = new QuayClient(world.url, KEY);
  const base = await makeLayer([
    { path: 'etc/os-release', content: OS_RELEASE },
    { path: 'lib/apk/db/installed', content: APK },
    { path: 'old/node_modules/left-pad/package.json', content: '{"name":"left-pad","version":"1.2.0"}' },
  ]);
  const empty = await makeLayer([]);
  const top = await makeLayer(
    [
      { whiteout: 'old/node_modules/left-pad' },
      { path: 'app/node_modules/left-pad/package.json', content: '{"name":"left-pad","version":"1.3.0"}' },
    ],
    { compression: 'zstd' },
  );
  image = makeImage([base, empty, empty, top]);
  storage.hold('team/app', '1.0', image);
  for (;;) {
    const { properties } = (await world.ask('GET', '/harbor/api/v1/metadata', { 'x-api-key': world.acme.key })).json<{
      properties: object;
    }>();
    if ('harbor.scanner-adapter/vulnerability-database-updated-at' in properties) break;
    await sleep(50);
  }
}, 180_000);

afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await storage?.[Symbol.asyncDispose]();
  told?.close();
});

/** An image of its own, with one file that no other has. */
async function newImage(name: string): Promise<BuiltImage> {
  const layer = await makeLayer([
    { path: `${name}/node_modules/left-pad/package.json`, content: '{"name":"left-pad","version":"1.3.0"}' },
  ]);
  const made = makeImage([layer]);
  storage.hold('team/app', name, made);
  return made;
}

test('a new image is indexed in one call, and its report is there at once', async () => {
  expect(await quay.report(image.digest), 'queued, to Quay').toBeUndefined();
  const state = await quay.state();
  const index = await quay.index(image.digest, layersOf(image, storage.url));
  expect(index).toMatchObject({
    manifest_hash: image.digest,
    state: 'IndexFinished',
    success: true,
    err: '',
    etag: state,
  });
  const report = await quay.report(image.digest);
  expect(
    Object.values(report?.packages ?? {})
      .map(({ name, version }) => `${name} ${version}`)
      .sort(),
  ).toEqual(['left-pad 1.3.0', 'libcrypto3 3.5.1-r0', 'zlib 1.3.1-r1']);
  expect(report?.packages).toEqual(index.packages);
  const [base, , , top] = image.layers;
  const idOf = (wanted: string) =>
    Object.entries(report?.packages ?? {}).find(([, { name }]) => name === wanted)?.[0] ?? '';
  expect(report?.environments[idOf('libcrypto3')]).toEqual([
    { package_db: 'lib/apk/db/installed', introduced_in: base?.digest, distribution_id: '1', repository_ids: [] },
  ]);
  expect(report?.environments[idOf('left-pad')]?.[0]?.introduced_in).toBe(top?.digest);
  expect(report?.packages[idOf('libcrypto3')]?.source?.name).toBe('openssl');
  expect(report?.distributions).toMatchObject({
    1: { did: 'alpine', version_id: '3.22.1', pretty_name: 'Alpine Linux v3.22' },
  });

  const [vulnerability = ''] = report?.package_vulnerabilities[idOf('left-pad')] ?? [];
  expect(report?.vulnerabilities[vulnerability]).toMatchObject({
    name: 'CVE-2024-1001',
    normalized_severity: 'Critical',
    fixed_in_version: '1.3.1',
    links: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
    repository: { name: 'npm' },
  });
  const [type = ''] = Object.keys(report?.enrichments ?? {});
  expect(Object.keys(report?.enrichments ?? {})).toHaveLength(1);
  expect(type).toContain('enricher=clair.cvss');
  expect(report?.enrichments[type]?.[0]?.[vulnerability]).toEqual([
    expect.objectContaining({ version: '3.1', baseScore: 9.8, baseSeverity: 'CRITICAL' }),
  ]);
});

test('packages of which nobody can say anything are told as unknown, not as clean', async () => {
  const report = await quay.report(image.digest);
  const doubtful = Object.entries(report?.packages ?? {}).filter(([, { name }]) => name !== 'left-pad');
  expect(doubtful).toHaveLength(2);
  for (const [id] of doubtful) {
    const [one = ''] = report?.package_vulnerabilities[id] ?? [];
    expect(report?.vulnerabilities[one]).toMatchObject({ name: 'NOT-ASSESSED', normalized_severity: 'Unknown' });
    expect(report?.vulnerabilities[one]?.['description']).toMatch(/^Undetermined: .*alpine/i);
  }
});

test('who asks again is answered at once, and nothing is fetched', async () => {
  const before = storage.count(/blobs/);
  const distinct = new Set(image.layers.map(({ digest }) => digest)).size;
  expect(before, 'each layer was fetched once, that which is there twice too').toBe(distinct);
  await quay.index(image.digest, layersOf(image, storage.url));
  expect(storage.count(/blobs/)).toBe(before);
  const known = await quay.send('GET', `${INDEX}/${image.digest}`);
  expect([known.status, known.headers.get('etag')]).toEqual([200, `"${await quay.state()}"`]);
  fits(known, 'index');
  const matching = { headers: { 'if-none-match': `"${await quay.state()}"` } };
  expect((await quay.send('GET', `${INDEX}/${image.digest}`, matching)).status).toBe(304);
  expect((await quay.send('GET', '/indexer/api/v1/index_state', matching)).status).toBe(304);
  const body = { hash: image.digest, layers: layersOf(image, storage.url) };
  expect((await quay.send('POST', INDEX, { ...matching, body })).status).toBe(412);
  const other = await quay.send('GET', `${INDEX}/${image.digest}`, { headers: { accept: 'text/html' } });
  expect([other.status, JSON.parse(other.text)]).toEqual([
    415,
    { code: 'internal-error', message: expect.any(String) },
  ]);
});

test('several workers of Quay that send the same image wait for one index', async () => {
  const one = await newImage('together');
  const answers = await Promise.all([1, 2, 3, 4].map(() => quay.index(one.digest, layersOf(one, storage.url))));
  expect(answers.map(({ state }) => state)).toEqual(Array(4).fill('IndexFinished'));
  expect(storage.count(new RegExp(one.layers[0]?.digest ?? '-'))).toBe(1);
});

test('an image without packages, one of sha512, and layers that others had', async () => {
  const bare = makeImage([await makeLayer([{ path: 'hello', content: 'world' }])]);
  storage.hold('team/app', 'bare', bare);
  const index = await quay.index(bare.digest, layersOf(bare, storage.url));
  expect(index).toMatchObject({ packages: {}, distributions: {}, environments: {}, state: 'IndexFinished' });
  expect(await quay.report(bare.digest)).toMatchObject({ vulnerabilities: {}, enrichments: {} });
  const hash = `sha512:${'ab'.repeat(64)}`;
  const before = storage.count(/blobs/);
  await quay.index(hash, layersOf(image, storage.url));
  expect(storage.count(/blobs/), 'known by their digests').toBe(before);
  expect(Object.keys((await quay.report(hash))?.packages ?? {})).toHaveLength(3);
});

test('the token that comes with a layer opens it, and stays with the host that it is for', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer' });
  const one = await newImage('tokens');
  registry.hold('team/app', '1.0', one);
  const [layer] = one.layers;
  const granted = await fetch(`${registry.url}/token?scope=repository:team/app:pull`);
  const { token } = (await granted.json()) as { token: string };
  // To the storage beside it, as registries do.
  registry.play(/^GET .*blobs/, (_, __, proceed) => proceed());
  const direct = await quay.index(one.digest, layersOf(one, registry.url, `Bearer ${token}`));
  expect(direct.state).toBe('IndexFinished');
  const two = await newImage('redirected');
  registry.play(/^GET .*blobs/, sends(307, { location: `${storage.url}/v2/team/app/blobs/${two.layers[0]?.digest}` }));
  const led = await quay.index(two.digest, layersOf(two, registry.url, 'Bearer of-the-registry'));
  expect(led.state).toBe('IndexFinished');
  const [seen] = storage.seen(new RegExp(two.layers[0]?.digest ?? '-'));
  expect([seen?.headers.authorization, seen?.headers.accept]).toEqual([undefined, 'application/gzip']);
  expect(layer).toBeDefined();
  expect(world.log.join('\n')).not.toContain(token);
});

describe('a layer that cannot be had is an error that Quay tries again, without a word of its link', () => {
  const at = (layers: readonly RequestLayer[], uri: string) => layers.map(layer => ({ ...layer, uri }));
  test.each([
    { why: 'the token has expired', act: sends(401), says: /answers 401 to the link/ },
    { why: 'it is forbidden', act: sends(403), says: /answers 403 to the link/ },
    { why: 'it is not there', act: sends(404), says: /does not have it/ },
    { why: 'the answer is odd', act: sends(418), says: /answers 418/ },
    { why: 'other bytes come', act: sends(200, {}, 'something else'), says: /sends other bytes/ },
    {
      why: 'it leads to a private address',
      act: sends(302, { location: 'http://10.11.12.13/x?sig=secret' }),
      says: /refusing to connect to 10\.11\.12\.13, which is a private/,
    },
    {
      why: 'it leads to the metadata of a cloud',
      act: sends(302, { location: 'http://169.254.169.254/x' }),
      says: /link-local or metadata/,
    },
  ])('$why', async ({ why, act, says }) => {
    const one = await newImage(`broken-${why.replaceAll(' ', '-')}`);
    const uri = `${storage.url}/v2/team/app/blobs/${one.layers[0]?.digest}?sig=very-secret`;
    storage.play(new RegExp(`GET .*${one.layers[0]?.digest}`), act);
    const index = await quay.index(one.digest, at(layersOf(one, storage.url), uri));
    expect(index).toMatchObject({ state: 'IndexError', success: false, packages: {} });
    expect(index.err).toMatch(says);
    expect(index.err).not.toContain('secret');
    expect(world.log.join('\n')).not.toContain('very-secret');
    expect(await quay.report(one.digest)).toBeUndefined();
    // With a link that works it is fine the next time.
    const again = await quay.index(one.digest, layersOf(one, storage.url));
    expect([again.state, again.err]).toEqual(['IndexFinished', '']);
  });

  test.each(['http://169.254.169.254/latest', 'http://10.0.0.1/x', 'http://[::1]:1/x'])(
    '%s is never asked',
    async uri => {
      const one = await newImage(`private-${uri.length}`);
      const index = await quay.index(one.digest, at(layersOf(one, storage.url), uri));
      expect([index.state, index.err]).toEqual(['IndexError', expect.stringContaining('refusing to connect')]);
    },
  );
});

test('what no version will ever read is refused for good, in ASCII', async () => {
  const bytes = Buffer.from('{"critical":{"type":"cosign signature — of nothing"}}');
  const { digest } = storage.addBlob(bytes);
  const uri = `${storage.url}/v2/team/app/blobs/${digest}`;
  const body = { hash: NONE.replaceAll('0', '5'), layers: [{ hash: digest, uri }] };
  for (let round = 0; round < 2; round += 1) {
    const reply = await quay.send('POST', INDEX, { body });
    expect([reply.status, JSON.parse(reply.text)]).toEqual([
      400,
      { code: 'bad-request', message: expect.stringContaining('none of its layers is a tar') },
    ]);
  }
  expect(storage.count(new RegExp(digest)), 'looked at once').toBe(1);
});

test('what could not be read of an image is told with its result', async () => {
  const junk = Buffer.from('no archive'.repeat(100));
  const { digest } = storage.addBlob(junk);
  const one = await newImage('half');
  const layers = [
    ...layersOf(one, storage.url),
    { hash: digest, uri: `${storage.url}/v2/a/blobs/${digest}`, headers: {} },
  ];
  const index = await quay.index(`sha256:${'7'.repeat(64)}`, layers);
  expect([index.state, Object.keys(index.packages).length]).toEqual(['IndexFinished', 1]);
  expect(index.err).toContain(`Parts of the image could not be read: ${digest}: `);
});

test.each([
  { why: 'no JSON', body: '{"hash":' },
  { why: 'no hash', body: { layers: [{ hash: NONE, uri: 'http://x/' }] } },
  { why: 'no layers', body: { hash: NONE, layers: [] } },
  { why: 'half a digest', body: { hash: 'sha256:abc', layers: [{ hash: NONE, uri: 'http://x/' }] } },
  { why: 'no link', body: { hash: NONE, layers: [{ hash: NONE, uri: 'file:///etc/passwd' }] } },
  { why: 'a link with a password', body: { hash: NONE, layers: [{ hash: NONE, uri: 'http://u:p@x/' }] } },
])('a request that cannot be read is a bad one: $why', async ({ body }) => {
  const reply = await quay.send('POST', INDEX, { body });
  expect([reply.status, JSON.parse(reply.text)]).toEqual([400, { code: 'bad-request', message: expect.any(String) }]);
  expect(reply.text).toMatch(/^[\x20-\x7e]*$/);
});

test('only who signs with the key is answered, and whoever does not hears nothing', async () => {
  const other = new Uint8Array(Buffer.from('another key altogether'));
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const claims = Buffer.from(JSON.stringify({ iss: 'quay', exp: 9_999_999_999 })).toString('base64url');
  const tokens = [
    '',
    'Basic abc',
    'Bearer x.y.z',
    `Bearer ${none}.${claims}.`,
    `Bearer ${await signAsQuay(other)}`,
    `Bearer ${await signAsQuay(KEY, { expiresIn: -60 })}`,
    `Bearer ${await signAsQuay(KEY, { issuer: 'somebody' })}`,
    `Bearer ${world.root.key}`,
  ];
  for (const authorization of tokens) {
    for (const [method, path] of [
      ['GET', '/indexer/api/v1/index_state'],
      ['POST', INDEX],
      ['GET', `${REPORT}/${image.digest}`],
      ['DELETE', `${INDEX}/${image.digest}`],
      ['GET', `/notifier/api/v1/notification/${crypto.randomUUID()}`],
    ] as const) {
      const reply = await quay.send(method, path, { headers: { authorization } });
      expect([authorization, reply.status, reply.text]).toEqual([authorization, 401, '']);
    }
  }
  const skewed = await signAsQuay(KEY, { expiresIn: -5 });
  const reply = await quay.send('GET', '/indexer/api/v1/index_state', {
    headers: { authorization: `Bearer ${skewed}` },
  });
  expect(reply.status, 'clocks differ').toBe(200);
});

test('a report of what nobody knows is missing, never a bad request', async () => {
  for (const name of [NONE, 'nonsense', 'sha256:abc', 'md5:0']) {
    const reply = await quay.send('GET', `${REPORT}/${name}`);
    expect([reply.status, JSON.parse(reply.text)]).toEqual([404, { code: 'not-found', message: expect.any(String) }]);
  }
  expect((await quay.send('GET', `${INDEX}/${NONE}`)).status).toBe(404);
  expect((await quay.send('GET', `${INDEX}/sha256:abc`)).status).toBe(400);
});

test('what is deleted is gone, one by one and many at once; deleting it again is fine', async () => {
  const [one, two] = [await newImage('one'), await newImage('two')];
  for (const { digest, ...rest } of [one, two]) await quay.index(digest, layersOf({ digest, ...rest }, storage.url));
  for (let round = 0; round < 2; round += 1) {
    expect((await quay.send('DELETE', `${INDEX}/${one.digest}`)).status).toBe(204);
    expect(await quay.report(one.digest)).toBeUndefined();
  }
  const reply = await quay.send('DELETE', INDEX, { body: [one.digest, two.digest, NONE] });
  expect([reply.status, JSON.parse(reply.text)]).toEqual([200, [two.digest]]);
  expect(await quay.report(two.digest)).toBeUndefined();
});

test('large reports are compressed for who takes that', async () => {
  const files = Array.from({ length: 60 }, (_, at) => ({
    path: `app/node_modules/part-${at}/package.json`,
    content: `{"name":"part-${at}","version":"1.0.${at}"}`,
  }));
  const many = makeImage([await makeLayer(files)]);
  storage.hold('team/app', 'many', many);
  await quay.index(many.digest, layersOf(many, storage.url));
  const sizes: (string | null)[] = [];
  for (const coding of ['identity', 'gzip', 'zstd;q=0, gzip']) {
    const reply = await quay.send('GET', `${REPORT}/${many.digest}`, { headers: { 'accept-encoding': coding } });
    fits(reply, 'report');
    sizes.push(reply.headers.get('content-encoding'));
  }
  expect(sizes).toEqual([null, 'gzip', 'gzip']);
});

test('Quay is told of new findings after advisories change, reads them page by page, and deletes them', async () => {
  expect(calls).toEqual([]);
  const [, [name, text] = ['', '']] = scanFeeds();
  const path = `/api/v1/vulnerability-database/import?name=${name}`;
  const key = { 'x-api-key': world.root.key, 'content-type': 'application/octet-stream' };
  expect((await world.ask('POST', path, key, text)).status).toBeLessThan(300);
  while (calls.length < 2) await sleep(50);
  const [first, call] = calls;
  expect(call?.body, 'told again until it is taken').toBe(first?.body);
  const { payload, protectedHeader } = await jwtVerify((call?.authorization ?? '').replace('Bearer ', ''), KEY);
  expect(protectedHeader.alg).toBe('HS256');
  const now = Date.now() / 1000;
  expect(payload).toMatchObject({ iss: 'clair-notifier', iat: expect.any(Number), nbf: expect.any(Number) });
  expect(payload.aud).toBeUndefined();
  // Quay forgives no time that lies ahead.
  expect(Math.max(payload.iat ?? now + 1, payload.nbf ?? now + 1)).toBeLessThanOrEqual(now);
  expect(payload.exp).toBeGreaterThan(now);
  const { notification_id: id, callback } = JSON.parse(call?.body ?? '{}') as Record<string, string>;
  expect(callback).toBe(`${world.url}/notifier/api/v1/notification/${id}`);

  type Page = { page: { size: number; next?: string }; notifications: Record<string, unknown>[] };
  const entries: Record<string, unknown>[] = [];
  let pages = 0;
  for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
    const query = next === undefined ? '?page_size=3' : `?page_size=3&next=${next}`;
    const reply = await quay.send('GET', `/notifier/api/v1/notification/${id}${query}`);
    expect(reply.status).toBe(200);
    const page = fits<Page>(reply, 'page');
    expect(page.notifications.length).toBeLessThanOrEqual(3);
    entries.push(...page.notifications);
    next = page.page.next;
    pages += 1;
  }
  expect(pages).toBeGreaterThan(1);
  expect(entries.filter(({ manifest }) => manifest === image.digest)).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      manifest: image.digest,
      reason: 'added',
      vulnerability: {
        name: 'CVE-2024-1002',
        description: 'Padding takes long',
        fixed_in_version: '',
        links: 'https://github.com/advisories/GHSA-dddd-eeee-ffff',
        severity: 'Medium',
        normalized_severity: 'Medium',
        package: { id: '', name: 'left-pad', version: '1.3.0', kind: 'binary', arch: '' },
        distribution: {},
        repo: expect.objectContaining({ name: 'npm' }),
        repository: expect.objectContaining({ name: 'npm' }),
      },
    },
  ]);
  expect(new Set(entries.map(({ id: own }) => own)).size).toBe(entries.length);
  const whole = fits<Page>(await quay.send('GET', `/notifier/api/v1/notification/${id}`), 'page');
  expect([whole.page, whole.notifications]).toEqual([{ size: 500 }, entries]);
  // The report is judged by the new advisories, though nothing was indexed again.
  const report = await quay.report(image.digest);
  expect(Object.values(report?.vulnerabilities ?? {}).map(({ name: one }) => one)).toContain('CVE-2024-1002');
  for (let round = 0; round < 2; round += 1) {
    expect((await quay.send('DELETE', `/notifier/api/v1/notification/${id}`)).status).toBe(200);
    expect((await quay.send('GET', `/notifier/api/v1/notification/${id}`)).status).toBe(404);
  }
});

test('images that Quay had indexed are nobody else’s to see', async () => {
  const list = await world.root.native('GET', 'images?limit=50');
  expect(list.text).not.toContain(image.digest);
  expect((await world.root.native('GET', `images/${image.digest}`)).status).toBe(404);
});
