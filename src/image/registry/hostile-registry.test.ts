/** A registry that is broken, lies, or means harm: each time one clear sentence, in time, and no secret given away. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { digestOf } from '#oci/digest.ts';
import { MAX_DOCUMENT_BYTES } from '#oci/manifest.ts';
import { collect, IMPATIENT, openFromRegistry } from '../../../test/fixtures/open-from-registry.ts';
import {
  type Act,
  breaksOff,
  hangs,
  type RegistryServer,
  resets,
  sends,
  startRegistryServer,
} from '../../../test/fixtures/registry-server.ts';
import { openImage } from '../open-image.ts';
import { type Credentials, fixedCredentials } from './credential-store.ts';

const options = { signal: new AbortController().signal };
const login = { username: 'me', password: 'correct-horse' };
const credentialsFor = (registry: RegistryServer, credentials?: Credentials) =>
  fixedCredentials(registry.host, credentials ?? { kind: 'password', ...login, source: 'auth.json' });
/** For registries that hang. */
const quick = { headersTimeoutMs: 80, idleTimeoutMs: 80 };
const page = '<!DOCTYPE html><html><title>Log in</title></html>';
const json = (code: string, message = 'no') => JSON.stringify({ errors: [{ code, message }] });

/** The error of reading the root when the registry answers every manifest by `act`. */
async function errorOf(act: Act, how: { tag?: string; head?: boolean } = {}): Promise<PlimsollError> {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.playAlways(/manifests/, act);
  await using content = await openFromRegistry(`${registry.host}/org/app:${how.tag ?? '1.0'}`);
  const reading = how.head === true ? content.headRoot(options) : content.root(options);
  return await errorIn(reading);
}

async function errorIn(promise: Promise<unknown>): Promise<PlimsollError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  if (!(error instanceof PlimsollError)) throw error;
  return error;
}

test.each([
  { why: 'hangs', act: hangs, code: 'TIMED_OUT', says: 'no answer from' },
  { why: 'resets the connection', act: resets, code: 'REGISTRY_UNAVAILABLE', says: 'broke off' },
  {
    why: 'hangs in the middle of a manifest',
    act: breaksOff(Buffer.from('{"schema'), 500, 'hangs'),
    code: 'TIMED_OUT',
    says: 'nothing more came from',
  },
  {
    why: 'cuts a manifest short',
    act: breaksOff(Buffer.from('{"schema'), 500),
    code: 'REGISTRY_UNAVAILABLE',
    says: 'broke off',
  },
  { why: 'fails', act: sends(500), code: 'REGISTRY_UNAVAILABLE', says: 'answers 500 Internal Server Error' },
  {
    why: 'is overloaded and says so',
    act: sends(503, {}, json('UNAVAILABLE', 'come back later')),
    code: 'REGISTRY_UNAVAILABLE',
    says: 'answers 503 Service Unavailable ("come back later")',
  },
  { why: 'took too long itself', act: sends(408), code: 'REGISTRY_UNAVAILABLE', says: 'answers 408' },
  {
    why: 'is broken behind its proxy',
    act: sends(502, { 'content-type': 'text/html' }, page),
    code: 'REGISTRY_UNAVAILABLE',
    says: '502',
  },
])('a registry that $why is asked as often as patience allows, then $code', async ({ act, code, says }) => {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.playAlways(/manifests/, act);
  const patience = code === 'TIMED_OUT' ? quick : {};
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { patience });
  const error = await errorIn(content.root(options));
  expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
  expect(error.message).toContain(`${registry.host}/org/app:1.0`);
  expect(registry.count(/manifests/)).toBe(IMPATIENT.attempts);
});

test.each([
  { why: 'resets', act: resets },
  { why: 'cuts short', act: breaksOff(Buffer.from('{'), 100) },
  { why: 'fails', act: sends(503) },
  { why: 'asks for patience', act: sends(429, { 'retry-after': '0' }) },
])('a registry that $why once is forgiven', async ({ act }) => {
  await using registry = await startRegistryServer();
  const { manifest } = registry.addImage('org/app', '1.0');
  registry.play(/manifests/, act);
  const told: number[] = [];
  const onRetry = ({ attempt }: { attempt: number }) => told.push(attempt);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { onRetry });
  expect((await content.root(options)).digest).toBe(manifest.digest);
  expect(told).toEqual([1]);
});

test.each([
  { why: 'a page in place of a manifest', act: sends(200, { 'content-type': 'text/html' }, page) },
  { why: 'a page that calls itself JSON', act: sends(200, { 'content-type': 'application/json' }, `\n${page}`) },
  { why: 'a page that says 404', act: sends(404, { 'content-type': 'text/html; charset=utf-8' }, page) },
])('a web server that is no registry is named so: $why', async ({ act }) => {
  expect(await errorOf(act)).toMatchObject({
    code: 'REGISTRY_INVALID',
    message: expect.stringContaining('a web page'),
  });
});

test.each([
  { code: 'MANIFEST_UNKNOWN', says: 'has no tag "9.9"', why: 'the tag is not there' },
  { code: 'NAME_UNKNOWN', says: 'has no repository "org/app"', why: 'the repository is not there' },
  { code: '', says: 'or no such repository', why: 'the registry does not say' },
])('what is not there is named: $why', async ({ code, says }) => {
  const error = await errorOf(sends(404, {}, code === '' ? 'gone' : json(code)), { tag: '9.9' });
  expect(error).toMatchObject({ code: 'MANIFEST_UNKNOWN', message: expect.stringContaining(says) });
  expect(await errorOf(sends(404), { tag: '9.9', head: true })).toMatchObject({ code: 'MANIFEST_UNKNOWN' });
});

test('a manifest that is cut short and yet complete to HTTP is not JSON', async () => {
  await using registry = await startRegistryServer();
  registry.addManifest('org/app', '1.0', Buffer.from('{"schemaVersion": 2, "config'), 'application/json');
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  const error = await errorIn(openImage(content, options));
  expect(error).toMatchObject({ code: 'MANIFEST_INVALID', message: expect.stringContaining('is not JSON') });
});

test.each([
  { why: 'announced', headers: { 'content-length': String(100 * 1024 * 1024) } },
  { why: 'or not', headers: {} },
])('a manifest of 100 MB is left after 16 MiB at the latest, $why', async ({ headers }) => {
  await using registry = await startRegistryServer();
  let sentBytes = 0;
  registry.playAlways(/manifests/, (_, response) => {
    response.writeHead(200, headers);
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    const more = () => {
      while (sentBytes < 100 * 1024 * 1024 && !response.destroyed) {
        sentBytes += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
    };
    more();
  });
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  expect(await errorIn(content.root(options))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(sentBytes).toBeLessThan(MAX_DOCUMENT_BYTES + 16 * 1024 * 1024);
  expect(registry.count(/manifests/)).toBe(1);
});

test.each([
  { why: 'the digest header names other bytes', header: digestOf('others'), pin: false },
  { why: 'the bytes are not those asked for', header: '', pin: true },
  { why: 'the header names another digest than was asked for', header: digestOf('others'), pin: true },
])('bytes that are not what they are called are refused: $why', async ({ header, pin }) => {
  await using registry = await startRegistryServer();
  const { manifest } = registry.addImage('org/app', '1.0');
  registry.playAlways(/manifests/, sends(200, { 'docker-content-digest': header }, '{"other": true}'));
  await using content = await openFromRegistry(`${registry.host}/org/app${pin ? `@${manifest.digest}` : ':1.0'}`);
  expect(await errorIn(content.root(options))).toMatchObject({ code: 'DIGEST_MISMATCH' });
  if (header !== '' && pin) expect(await errorIn(content.headRoot(options))).toMatchObject({ code: 'DIGEST_MISMATCH' });
});

test('a document of another size or content than promised is refused', async () => {
  await using registry = await startRegistryServer();
  const { config, manifest } = registry.addImage('org/app', '1.0');
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  registry.play(/blobs/, sends(200, {}, 'x'.repeat(config.size)), sends(200, {}, 'x'.repeat(config.size + 1)));
  for (let turn = 0; turn < 2; turn += 1) {
    const error = await errorIn(content.document(config, 'config', options));
    expect(error.code).toBe('DIGEST_MISMATCH');
  }
  const huge = { ...manifest, size: MAX_DOCUMENT_BYTES + 1 };
  const before = registry.requests.length;
  expect(await errorIn(content.document(huge, 'manifest', options))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(registry.requests.length).toBe(before);
});

test('429 ten times is a rate limit that is used up, with what the registry says about it', async () => {
  await using registry = await startRegistryServer();
  registry.playAlways(
    /manifests/,
    sends(
      429,
      { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' },
      json('TOOMANYREQUESTS', 'You have reached your pull rate limit'),
    ),
  );
  const patience = { attempts: 10 };
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { patience });
  const error = await errorIn(content.root(options));
  expect(error.code).toBe('RATE_LIMITED');
  expect(error.message).toContain('(100 per 6 hours, 0 left) ("You have reached your pull rate limit")');
  expect(registry.count(/manifests/)).toBe(10);
});

test('a pause longer than patience is not waited for', async () => {
  const error = await errorOf(sends(429, { 'retry-after': '2700' }));
  expect(error).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('come back in 45 minutes') });
});

test.each([
  { why: 'in seconds', retryAfter: () => '0.2' },
  { why: 'as a date', retryAfter: () => new Date(Date.now() + 900).toUTCString() },
])('a short pause is waited for: $why', async ({ retryAfter }) => {
  await using registry = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  registry.play(/manifests/, (...args) => sends(429, { 'retry-after': retryAfter() })(...args));
  const waits: number[] = [];
  const onRetry = ({ delayMs }: { delayMs: number }) => waits.push(delayMs);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { onRetry });
  await content.root(options);
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeLessThanOrEqual(1500);
});

test('redirects in a circle are left', async () => {
  await using registry = await startRegistryServer();
  registry.playAlways(/manifests/, (request, ...rest) => sends(307, { location: request.path })(request, ...rest));
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  const error = await errorIn(content.root(options));
  expect(error).toMatchObject({
    code: 'REGISTRY_INVALID',
    message: expect.stringContaining('redirects over 10 times'),
  });
  expect(registry.count(/manifests/)).toBe(11);
});

test.each([
  { to: 'http://169.254.169.254/latest/meta-data/?secret=1', says: 'which is a link-local or metadata address' },
  { to: 'http://metadata.google.internal/', says: 'which is a link-local or metadata address' },
  { to: 'file:///etc/passwd', says: 'which is refused' },
  { to: 'http://[::bad', says: 'something that is no URL' },
])('a redirect to $to is not followed', async ({ to, says }) => {
  const error = await errorOf(sends(307, { location: to }));
  expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining(says) });
  expect(error.message).not.toContain('secret');
});

test('a relative redirect on the registry itself keeps the right to read', async () => {
  await using registry = await startRegistryServer({ auth: 'basic', login });
  const { layers } = registry.addImage('org/app', '1.0', [Buffer.from('layer')]);
  const [layer] = layers;
  if (layer === undefined) throw new Error('one layer');
  registry.play(
    /blobs/,
    (_request, _response, proceed) => proceed(),
    sends(307, { location: `../blobs/${layer.digest}?moved` }),
  );
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, {
    credentials: credentialsFor(registry),
  });
  expect(String(await collect(await content.blob(layer, options)))).toBe('layer');
});

test('a redirect to another host carries no credentials there, nor from there back', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', login });
  await using storage = await startRegistryServer();
  const { layers } = registry.addImage('org/app', '1.0', [Buffer.from('layer')]);
  storage.addImage('org/app', '1.0', [Buffer.from('layer')]);
  const [layer] = layers;
  if (layer === undefined) throw new Error('one layer');
  const path = `/v2/org/app/blobs/${layer.digest}`;
  const credentials = credentialsFor(registry);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { credentials });
  await content.root(options);
  registry.play(/blobs/, sends(307, { location: `http://user:pass@${storage.host}${path}?signature=s3cret` }));
  expect(String(await collect(await content.blob(layer, options)))).toBe('layer');
  expect(storage.requests[0]?.headers.authorization).toBeUndefined();

  registry.playAlways(({ path: asked }) => asked === path, sends(307, { location: `${storage.url}/back` }));
  storage.playAlways(/back/, sends(307, { location: `${registry.url}${path}?direct` }));
  const error = await errorIn(content.blobRange(layer, { offset: 0, length: 1 }, options));
  expect(error.code).toBe('REGISTRY_DENIED');
  const returned = registry.seen(/\?direct/);
  expect(returned.length).toBeGreaterThan(0);
  for (const { headers } of [...returned, ...storage.requests]) expect(headers.authorization).toBeUndefined();
});

test('a host that the registry redirects to cannot ask for the credentials', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', login });
  await using storage = await startRegistryServer();
  registry.addImage('org/app', '1.0');
  const challenge = `Bearer realm="${storage.url}/token",service="evil",scope="x", Basic realm="y"`;
  storage.playAlways(/blob/, sends(401, { 'www-authenticate': challenge }, json('UNAUTHORIZED')));
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, {
    credentials: credentialsFor(registry),
  });
  await content.root(options);
  registry.playAlways(/blobs/, sends(307, { location: `${storage.url}/blob` }));
  const layer = { ...registry.addBlob(Buffer.from('layer')) };
  const error = await errorIn(collect(await content.blob(layer, options)));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('refuses the link') });
  expect(storage.requests.map(({ path }) => path)).toEqual(['/blob']);
});

test('nothing that a registry echoes brings a secret into a message', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', login });
  const credentials = credentialsFor(registry);
  const echo: Act = (request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' });
    const { authorization = '' } = request.headers;
    const decoded = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString('utf8');
    response.end(json('DENIED', `not with ${authorization} ${decoded} ${request.path}`));
  };
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { credentials });
  registry.play(/token/, echo);
  const fromToken = await errorIn(content.root(options));
  registry.play(r => r.headers.authorization?.startsWith('Bearer') === true, echo);
  const fromRegistry = await errorIn(content.root(options));
  for (const { code, message } of [fromToken, fromRegistry]) {
    expect(code).toBe('REGISTRY_DENIED');
    expect(message).toContain('not with');
    expect(message).not.toMatch(/correct-horse|token-1|bWU6/);
  }
});

test.each([
  {
    why: 'none were given',
    auth: 'bearer',
    credentials: 'none',
    says: /wants credentials for "org\/app", and there are none.*podman login/,
  },
  { why: 'they are wrong', auth: 'bearer', credentials: 'wrong', says: /refuses the credentials from auth\.json/ },
  {
    why: 'they are wrong (Basic)',
    auth: 'basic',
    credentials: 'wrong',
    says: /refuses the credentials from auth\.json/,
  },
  {
    why: 'a token where a password is wanted',
    auth: 'basic',
    credentials: 'token',
    says: /wants a user name and a password, and auth\.json holds a token/,
  },
] as const)('who may not pull is told what to do: $why', async ({ auth, credentials, says }) => {
  await using registry = await startRegistryServer({ auth, login });
  registry.addImage('org/app', '1.0');
  const shown: Record<typeof credentials, Credentials | undefined> = {
    none: undefined,
    wrong: { kind: 'password', username: 'me', password: 'wrong-battery', source: 'auth.json' },
    token: { kind: 'identity-token', token: 'a-token', source: 'auth.json' },
  };
  const given = shown[credentials];
  const store = given === undefined ? {} : { credentials: credentialsFor(registry, given) };
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, store);
  const error = await errorIn(content.root(options));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringMatching(says) });
  expect(error.message).not.toMatch(/wrong-battery|a-token/);
  expect(registry.requests.length).toBeLessThanOrEqual(3);
});

test('a token that does not suffice means that the right to pull is missing', async () => {
  await using registry = await startRegistryServer({ auth: 'bearer', login });
  const challenge = `Bearer realm="${registry.url}/token",scope="repository:org/app:pull",error="insufficient_scope"`;
  registry.playAlways(/manifests/, sends(401, { 'www-authenticate': challenge }, json('DENIED')));
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, {
    credentials: credentialsFor(registry),
  });
  const error = await errorIn(content.root(options));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('may not pull "org/app"') });
  expect(registry.requests.length).toBeLessThanOrEqual(6);
});

test.each([
  { challenge: 'Negotiate', code: 'REGISTRY_DENIED', says: 'a log-in by negotiate' },
  { challenge: 'Bearer service="x"', code: 'REGISTRY_INVALID', says: 'does not say where from' },
  { challenge: 'Bearer realm="ftp://x/"', code: 'REGISTRY_INVALID', says: 'without https' },
  { challenge: 'Bearer realm="https://169.254.169.254/"', code: 'REGISTRY_INVALID', says: 'metadata address' },
  { challenge: '', code: 'REGISTRY_DENIED', says: 'wants credentials' },
])('a challenge that cannot be met is refused: $challenge', async ({ challenge, code, says }) => {
  const error = await errorOf(sends(401, challenge === '' ? {} : { 'www-authenticate': challenge }));
  expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
});

test.each([
  {
    why: 'of a megabyte',
    act: sends(200, {}, JSON.stringify({ token: 'x'.repeat(1_000_000) })),
    code: 'LIMIT_EXCEEDED',
  },
  { why: 'without a token', act: sends(200, {}, '{}'), code: 'REGISTRY_INVALID' },
  { why: 'that is no JSON', act: sends(200, {}, '{"token": "abc'), code: 'REGISTRY_INVALID' },
  { why: 'that is a page', act: sends(200, { 'content-type': 'text/html' }, page), code: 'REGISTRY_INVALID' },
  { why: 'that would break a header', act: sends(200, {}, '{"token": "a\\r\\nX: y"}'), code: 'REGISTRY_INVALID' },
  { why: 'that never comes', act: hangs, code: 'TIMED_OUT' },
  { why: 'that is a failure', act: sends(500), code: 'REGISTRY_UNAVAILABLE' },
])('an answer to the request for a token $why is $code', async ({ act, code }) => {
  await using registry = await startRegistryServer({ auth: 'bearer' });
  registry.addImage('org/app', '1.0');
  registry.playAlways(/token/, act);
  const patience = code === 'TIMED_OUT' ? quick : {};
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { patience });
  expect((await errorIn(content.root(options))).code).toBe(code);
});

test('a registry that is not there is named, and so is one that speaks something else', async () => {
  const gone = await startRegistryServer();
  const { host } = gone;
  await gone[Symbol.asyncDispose]();
  await using content = await openFromRegistry(`${host}/org/app:1.0`);
  expect(await errorIn(content.root(options))).toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    message: expect.stringContaining(`${host} refuses connections`),
  });
  const error = await errorOf((_, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'));
  expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('not HTTP') });
});

test('no bytes in the place of an answer make reading fail otherwise than with an error that says so', async () => {
  const answers: Uint8Array[] = [];
  const server = createServer(socket => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end(answers.shift() ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const line = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.1 206 Partial Content',
    'HTTP/1.1 401 Unauthorized',
    'HTTP/1.1 307 Temporary Redirect',
    'Content-Length: 5',
    'Content-Range: bytes 0-4/5',
    'Transfer-Encoding: chunked',
    'Location: /v2/',
    'Location: //',
    'WWW-Authenticate: Bearer realm=/token',
    'Docker-Content-Digest: sha256:0',
    'Retry-After: 99',
    '',
    '5',
    '{"a":',
  );
  const text = fc.array(line, { maxLength: 8 }).map(lines => Buffer.from(lines.join('\r\n')));
  const answer = fc.oneof(text, fc.uint8Array({ maxLength: 64 }));
  const layer = { mediaType: '', digest: digestOf('hello'), size: 5, annotations: {}, urls: [] };
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 4 }), fc.boolean(), async (given, wantsLayer) => {
        // The first connection is the attempt at TLS.
        answers.splice(0, answers.length, Buffer.from('no TLS'), ...given);
        await using content = await openFromRegistry(`127.0.0.1:${port}/a/b:1`, { patience: { attempts: 1 } });
        const reading = wantsLayer ? content.blob(layer, options).then(collect) : content.root(options);
        const outcome = await reading.catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(PlimsollError);
        expect(outcome).not.toMatchObject({ code: 'BUG' });
      }),
      { numRuns: 60 },
    );
  } finally {
    server.close();
  }
});
