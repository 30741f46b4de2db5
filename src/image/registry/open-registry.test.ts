import { expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { parsePlatform } from '#oci/platform.ts';
import { makeImage, makeIndex, makeLayer } from '../../../test/fixtures/image-builder.ts';
import { collect, IMPATIENT, openFromRegistry, registryReference } from '../../../test/fixtures/open-from-registry.ts';
import { sends, startRegistryServer, withHeaders } from '../../../test/fixtures/registry-server.ts';
import { openImage } from '../open-image.ts';
import { RegistryClient } from './client.ts';
import { type Credentials, fixedCredentials, noCredentials } from './credential-store.ts';
import { openRegistryWith } from './open-registry.ts';
import type { RateLimit } from './rate-limit.ts';

const options = { signal: new AbortController().signal };
const login = { username: 'me', password: 'correct horse' };
const bytes = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31) & 0xff));
const asPassword: Credentials = { kind: 'password', ...login, source: 'auth.json' };

test('an image is opened through its index, for the platform asked for, and its layers stream', async () => {
  await using registry = await startRegistryServer();
  const layer = await makeLayer([{ path: 'etc/os-release', content: 'ID=alpine\n' }]);
  const images = ['linux/amd64', 'linux/arm64'].map(platform => makeImage([layer], { platform }));
  registry.hold('org/app', '1.0', makeIndex(images));
  const content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  await using image = await openImage(content, { ...options, platform: parsePlatform('linux/arm64') });
  expect(image.reference).toBe(`${registry.host}/org/app:1.0`);
  expect(image.digest).toBe(images[1]?.digest);
  const [opened] = image.layers;
  if (opened?.kind !== 'tar') throw new Error('expected a tar');
  expect(opened.isRemote).toBe(true);
  expect(digestOf(await collect(await opened.open(options)))).toBe(layer.digest);
});

test('an image that was scanned before and is unchanged costs one HEAD, and nothing of it is fetched', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer' });
  const { manifest } = registry.addImage('org/app', '1.0', [bytes(100)]);
  await using client = new RegistryClient({
    credentials: noCredentials,
    tlsVerify: true,
    env: {},
    certificateFolders: [],
  });
  const head = async () => {
    await using content = await openRegistryWith(client, registryReference(`${registry.host}/org/app:1.0`), options);
    return await content.headRoot?.(options);
  };
  expect(await head()).toEqual({ digest: manifest.digest, mediaType: manifest.mediaType });
  const before = registry.requests.length;
  expect(await head()).toMatchObject({ digest: manifest.digest });
  expect(registry.requests.length - before).toBe(1);
  expect(registry.fetched()).toEqual([]);
});

test.each([
  { why: 'it does not know HEAD', act: sends(405) },
  { why: 'it leaves the digest out', act: sends(200, { 'content-type': 'application/json' }) },
  { why: 'its digest is none', act: sends(200, { 'docker-content-digest': 'sha256:zz' }) },
])('a registry that cannot tell by HEAD leaves the question open: $why', async ({ act }) => {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.play(/^HEAD/, act);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  expect(await content.headRoot(options)).toBeUndefined();
  expect((await content.root(options)).digest).toMatch(/^sha256:/);
});

test('a tag without a digest header gets the digest of its bytes', async () => {
  await using registry = await startRegistryServer({ namesDigests: false });
  const { manifest } = registry.addImage('org/app', '1.0');
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  expect((await content.root(options)).digest).toBe(manifest.digest);
  expect(registry.requests[0]?.headers.accept).toContain('application/vnd.oci.image.index.v1+json');
});

test('with a tag and a digest the digest decides', async () => {
  await using registry = await startRegistryServer();
  const { manifest } = registry.addImage('org/app', '1.0');
  registry.addImage('org/app', '1.0', [bytes(10)]);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0@${manifest.digest}`);
  expect((await content.root(options)).digest).toBe(manifest.digest);
  expect(registry.fetched()).toEqual([`/v2/org/app/manifests/${manifest.digest}`]);
});

test('a range is asked for as a range, and a registry that has none is asked once', async () => {
  await using registry = await startRegistryServer();
  await using plain = await startRegistryServer({ servesRanges: false });
  const layer = bytes(1000);
  for (const [server, expected] of [
    [registry, layer.subarray(100, 150)],
    [plain, undefined],
  ] as const) {
    const { layers } = server.addImage('org/app', '1.0', [layer]);
    const [descriptor] = layers;
    if (descriptor === undefined) throw new Error('one layer');
    await using content = await openFromRegistry(`${server.host}/org/app:1.0`);
    const range = { offset: 100, length: 50 };
    for (let turn = 0; turn < 2; turn += 1) {
      const read = await content.blobRange(descriptor, range, options);
      expect(read && Buffer.from(read).equals(expected ?? Buffer.alloc(0))).toBe(
        expected === undefined ? undefined : true,
      );
    }
  }
  expect(registry.seen(/blobs/).map(({ headers }) => headers.range)).toEqual(['bytes=100-149', 'bytes=100-149']);
  expect(plain.count(/blobs/)).toBe(1);
});

test.each([
  { auth: 'none', credentials: undefined, requests: ['GET 200'], why: 'nobody is asked' },
  {
    auth: 'basic',
    credentials: asPassword,
    requests: ['GET 401', 'GET 200'],
    why: 'the password goes with each request',
  },
  {
    auth: 'bearer',
    credentials: asPassword,
    requests: ['GET 401', 'GET 200', 'GET 200'],
    why: 'the password is exchanged for a token',
  },
  {
    auth: 'bearer',
    credentials: { kind: 'identity-token', token: login.password, source: 'auth.json' },
    requests: ['GET 401', 'POST 200', 'GET 200'],
    why: 'an identity token is exchanged by POST',
  },
] as const)(
  'the right to read is shown as the registry wants it ($auth): $why',
  async ({ auth, credentials, requests }) => {
    await using registry = await startRegistryServer({ auth, login });
    registry.addImage('org/app', '1.0');
    const store = credentials === undefined ? noCredentials : fixedCredentials(registry.host, credentials);
    await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { credentials: store });
    await content.root(options);
    expect(registry.requests.map(({ method, status }) => `${method} ${status()}`)).toEqual(requests);
  },
);

test('an anonymous token is asked for without credentials, with the service and scope of the challenge', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer' });
  registry.addImage('org/app', '1.0');
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  await content.root(options);
  const [asked] = registry.seen(/\/token/);
  const query = new URL(asked?.path ?? '', registry.url).searchParams;
  expect(Object.fromEntries(query)).toEqual({
    service: 'test,registry',
    scope: 'repository:org/app:pull',
    client_id: 'plimsoll',
  });
  expect(asked?.headers.authorization).toBeUndefined();
});

test('a token server that knows only POST gets the password by POST', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', login });
  registry.addImage('org/app', '1.0');
  registry.play(/^GET \/token/, sends(404));
  const credentials = fixedCredentials(registry.host, asPassword);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { credentials });
  await content.root(options);
  const [posted] = registry.seen(/^POST \/token/);
  expect(Object.fromEntries(new URLSearchParams(posted?.body))).toMatchObject({ grant_type: 'password', ...login });
});

test.each([
  { why: 'access_token in place of token', answer: (token: string) => ({ access_token: token }) },
  { why: 'both', answer: (token: string) => ({ token, access_token: token }) },
  { why: 'a life in text', answer: (token: string) => ({ token, expires_in: '300' }) },
  { why: 'a life of nothing', answer: (token: string) => ({ token, expires_in: 0 }) },
  { why: 'null where nothing is', answer: (token: string) => ({ token, expires_in: null, refresh_token: null }) },
])('a token is read from $why', async ({ answer }) => {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.playAlways(/\/token/, sends(200, {}, JSON.stringify(answer('granted'))));
  registry.playAlways(/manifests/, (request, response, proceed) => {
    if (request.headers.authorization === 'Bearer granted') return proceed();
    // No scope: it is for us to know what we want.
    sends(401, { 'www-authenticate': `Bearer realm="${registry.url}/token"` })(request, response, proceed);
  });
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  await content.root(options);
  expect(registry.seen(/\/token/)[0]?.path).toContain('scope=repository%3Aorg%2Fapp%3Apull');
});

test('a token is used for its life, and not for one moment longer', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', expiresIn: 100 });
  registry.addImage('org/app', '1.0');
  let nowMs = 0;
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { now: () => nowMs });
  await content.root(options);
  nowMs = 79_000;
  await content.root(options);
  expect(registry.count(/\/token/)).toBe(1);
  nowMs = 81_000;
  await content.root(options);
  expect(registry.count(/\/token/)).toBe(2);
  expect(registry.seen(/manifests/).filter(({ status }) => status() === 401)).toHaveLength(1);
});

test('a token that ends in the middle of a pull is renewed once for all who wait', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', expiresIn: 3600 });
  const { layers } = registry.addImage('org/app', '1.0', [bytes(10), bytes(20), bytes(30), bytes(40)]);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  await content.root(options);
  registry.endTokens();
  const read = await Promise.all(layers.map(async layer => (await collect(await content.blob(layer, options))).length));
  expect(read).toEqual([10, 20, 30, 40]);
  expect(registry.count(/\/token/)).toBe(2);
});

test('credentials that a cloud gives out for some hours are looked up again when their time is over', async () => {
  await using registry = await startRegistryServer({ auth: 'basic', login: { username: 'AWS', password: 'second' } });
  registry.addImage('org/app', '1.0');
  let now = 1000;
  let given = 0;
  const words = ['second', 'third'];
  await using client = new RegistryClient({
    credentials: {
      find: () =>
        Promise.resolve({
          kind: 'password',
          username: 'AWS',
          password: words[given++] ?? '',
          source: 'ECR',
          expiresAtMs: now + 500,
        }),
    },
    tlsVerify: true,
    env: {},
    certificateFolders: [],
    now: () => now,
  });
  const head = async () => {
    await using content = await openRegistryWith(client, registryReference(`${registry.host}/org/app:1.0`), options);
    return await content.headRoot?.(options);
  };
  await head();
  await head();
  expect(given).toBe(1);
  now += 501;
  await expect(head()).rejects.toThrow(expect.objectContaining({ code: 'REGISTRY_DENIED' }));
  expect(given).toBe(2);
});

test('a registry that asks for another scope than before gets a token for that', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer' });
  const { layers } = registry.addImage('org/app', '1.0', [bytes(10)]);
  const [layer] = layers;
  if (layer === undefined) throw new Error('one layer');
  registry.play(
    /blobs/,
    sends(401, {
      'www-authenticate': `Basic realm="x", Bearer realm="${registry.url}/token",scope="repository:mirror/app:pull a:b:c"`,
    }),
  );
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  await content.root(options);
  expect(await collect(await content.blob(layer, options))).toHaveLength(10);
  expect(registry.seen(/\/token/)[1]?.path).toContain('scope=repository%3Amirror%2Fapp%3Apull&scope=a%3Ab%3Ac');
});

test('a ready registry token is sent as it is', async () => {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.play(/manifests/, sends(401, { 'www-authenticate': 'Bearer realm="https://nowhere.invalid/token"' }));
  const credentials = fixedCredentials(registry.host, { kind: 'registry-token', token: 'ready', source: 'auth.json' });
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { credentials });
  await content.root(options);
  expect(registry.requests[1]?.headers.authorization).toBe('Bearer ready');
});

test('no more requests are under way than allowed, and streams that nobody reads hold no place', async () => {
  await using registry = await startRegistryServer();
  const { layers } = registry.addImage(
    'org/app',
    '1.0',
    Array.from({ length: 8 }, (_, at) => bytes(1000 + at)),
  );
  let running = 0;
  let most = 0;
  registry.playAlways(/blobs/, (_, response, proceed) => {
    running += 1;
    most = Math.max(most, running);
    response.on('finish', () => {
      running -= 1;
    });
    setTimeout(proceed, 5);
  });
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { maxConcurrency: 2 });
  await Promise.all(layers.map(layer => content.blob(layer, options)));
  const streams = await Promise.all(layers.map(layer => content.blob(layer, options)));
  const lengths = await Promise.all(streams.map(async stream => (await collect(stream)).length));
  expect(lengths).toEqual(layers.map(({ size }) => size));
  expect(most).toBe(2);
});

test('what is left of a rate limit is told', async () => {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.play(/manifests/, withHeaders({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '7;w=21600' }));
  const told: RateLimit[] = [];
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, {
    onRateLimit: limit => told.push(limit),
  });
  await content.headRoot(options);
  expect(told).toEqual([{ registry: registry.host, limit: 100, remaining: 7, windowSeconds: 21_600 }]);
});

test('cancelling ends a request that waits, and closing ends all', async () => {
  await using registry = await startRegistryServer();
  const { layers } = registry.addImage('org/app', '1.0', [bytes(10)]);
  const [layer] = layers;
  if (layer === undefined) throw new Error('one layer');
  const controller = new AbortController();
  registry.play(/manifests/, () => controller.abort());
  const patience = { ...IMPATIENT, headersTimeoutMs: 60_000 };
  const content = await openFromRegistry(`${registry.host}/org/app:1.0`, { patience });
  await expect(content.root({ signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  registry.play(/blobs/, () => void content[Symbol.asyncDispose]());
  await expect(collect(await content.blob(layer, options))).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(content.root(options)).rejects.toMatchObject({ code: 'CANCELLED' });
});
