import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { IMPATIENT, openFromRegistry, registryReference } from '../../../test/fixtures/open-from-registry.ts';
import { makeCertificate, sends, startRegistryServer } from '../../../test/fixtures/registry-server.ts';
import { scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { guardedLookup } from './address.ts';
import { originsOf, RegistryClient } from './client.ts';
import { fixedCredentials, noCredentials } from './credential-store.ts';
import { openRegistryWith } from './open-registry.ts';

const options = { signal: new AbortController().signal };
const made = await makeCertificate(['127.0.0.1', 'localhost', 'registry-1.docker.io', 'auth.docker.io', 'r.example']);
const other = (await makeCertificate(['elsewhere.example'])) ?? { key: '', cert: '' };
const DIGEST = `sha256:${'a'.repeat(64)}`;
const certificate = made ?? { key: '', cert: '' };
const withTls = test.skipIf(made === undefined);
if (made === undefined) console.warn('TLS tests of the registry client are left out: there is no openssl');

test.each([
  { registry: 'docker.io', tlsVerify: true, origins: ['https://registry-1.docker.io'], why: 'Docker Hub is elsewhere' },
  { registry: 'quay.io', tlsVerify: true, origins: ['https://quay.io'], why: 'never plain HTTP by itself' },
  { registry: 'r.example:80', tlsVerify: true, origins: ['https://r.example:80'], why: 'whatever the port' },
  {
    registry: 'r.example:5000',
    tlsVerify: false,
    origins: ['https://r.example:5000', 'http://r.example:5000'],
    why: 'the user allows plain HTTP',
  },
  {
    registry: 'localhost:5000',
    tlsVerify: true,
    origins: ['https://localhost:5000', 'http://localhost:5000'],
    why: 'this machine is not listened in on',
  },
  { registry: '[::1]:5000', tlsVerify: true, origins: ['https://[::1]:5000', 'http://[::1]:5000'], why: 'IPv6' },
])('$registry is looked for at $origins: $why', ({ registry, tlsVerify, origins }) => {
  expect(originsOf(registry, tlsVerify).map(({ origin }) => origin)).toEqual(origins);
});

test('a port that cannot be is a reference that cannot be', () => {
  expect(() => originsOf('r.example:99999', true)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
});

test('a name that stands for a refused address is not connected to', async () => {
  const reach = { allowsLoopback: false, allowsLinkLocal: false };
  const lookup = guardedLookup(() => reach) as unknown as (
    name: string,
    options: object,
    callback: (error: Error | null, address: unknown) => void,
  ) => void;
  await expect(promisify(lookup)('localhost', {})).rejects.toMatchObject({ name: 'AddressRefused' });
  const allowed = guardedLookup(() => ({ ...reach, allowsLoopback: true })) as unknown as typeof lookup;
  expect(await promisify(allowed)('localhost', { all: true })).toContainEqual(expect.objectContaining({ family: 4 }));
});

test('a registry elsewhere cannot send us to this machine', async () => {
  await using registry = await startRegistryServer();
  await using proxy = await startProxy(registry.host);
  await using local = await startRegistryServer();
  registry.playAlways(/manifests/, sends(307, { location: `${local.url}/private` }));
  const env = { HTTP_PROXY: proxy.url };
  await using content = await openFromRegistry('r.example/org/app:1.0', { env, tlsVerify: false });
  const error = await content.root(options).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: expect.stringMatching(/^REGISTRY_/) });
  expect(local.requests).toEqual([]);
});

withTls('a certificate that nobody vouches for is refused, and says how to go on', async () => {
  await using registry = await startRegistryServer({ tls: certificate });
  registry.addImage('org/app', '1.0');
  const retries: unknown[] = [];
  const onRetry = (notice: unknown) => retries.push(notice);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { onRetry });
  await expect(content.root(options)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    message: expect.stringMatching(/is not trusted, it is self-signed: .*--ca-file.*--tls-verify=false/),
  });
  expect(retries).toEqual([]);
  expect(registry.requests).toEqual([]);
});

withTls('a certificate is accepted by --tls-verify=false, by --ca-file and by the folder of the registry', async () => {
  await using registry = await startRegistryServer({ tls: certificate });
  await using folder = await scratchFolder();
  registry.addImage('org/app', '1.0');
  const caFile = folder.at('ca.pem');
  await writeFile(caFile, certificate.cert);
  await mkdir(folder.at('certs.d', registry.host), { recursive: true });
  await writeFile(folder.at('certs.d', registry.host, 'ca.crt'), certificate.cert);
  for (const how of [
    { tlsVerify: false },
    { caFile },
    { certificateFolders: [folder.at('none'), folder.at('certs.d')] },
  ]) {
    await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, how);
    expect((await content.root(options)).digest).toMatch(/^sha256:/);
  }
});

withTls('a certificate for another name is refused', async () => {
  await using registry = await startRegistryServer({ tls: other });
  await using folder = await scratchFolder();
  await writeFile(folder.at('ca.pem'), other.cert);
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { caFile: folder.at('ca.pem') });
  await expect(content.root(options)).rejects.toMatchObject({
    message: expect.stringContaining('it is for another name'),
  });
});

test('a CA file that is missing or holds no certificate is named', async () => {
  await using folder = await scratchFolder();
  await writeFile(folder.at('text.pem'), 'not a certificate');
  const open = (caFile: string) => openFromRegistry('r.example/org/app:1.0', { caFile });
  await expect(open(folder.at('none.pem'))).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
  await expect(open(folder.at('text.pem'))).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
});

withTls('https does not become http on the way, neither to a layer nor to a token', async () => {
  await using registry = await startRegistryServer({ tls: certificate });
  await using plain = await startRegistryServer();
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { tlsVerify: false });
  registry.play(
    /manifests/,
    sends(307, { location: `${plain.url}/v2/org/app/manifests/1.0` }),
    sends(401, { 'www-authenticate': `Bearer realm="${plain.url}/token"` }),
  );
  for (const says of ['redirects from https to', 'without https']) {
    await expect(content.root(options)).rejects.toMatchObject({
      code: 'REGISTRY_INVALID',
      message: expect.stringContaining(says),
    });
  }
  expect(plain.requests).toEqual([]);
});

withTls('Docker Hub is reached through a proxy, and its limit is explained to those without credentials', async () => {
  await using hub = await startRegistryServer({ tls: certificate });
  await using proxy = await startProxy(hub.host);
  await using folder = await scratchFolder();
  await writeFile(folder.at('ca.pem'), certificate.cert);
  hub.addImage('library/alpine', 'latest');
  const how = { env: { https_proxy: proxy.url }, caFile: folder.at('ca.pem') };
  await using content = await openFromRegistry('alpine', how);
  expect((await content.root(options)).digest).toMatch(/^sha256:/);
  expect(proxy.asked).toEqual(['CONNECT registry-1.docker.io:443']);
  hub.playAlways(/manifests/, sends(429, { 'retry-after': '3600' }));
  await expect(content.root(options)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: expect.stringMatching(/come back in 1 hour; Docker Hub counts.*docker login/),
  });
});

withTls('the credentials of Docker Hub go to where it says tokens are had', async () => {
  await using hub = await startRegistryServer({ tls: certificate });
  await using proxy = await startProxy(hub.host);
  hub.addImage('library/alpine', 'latest');
  hub.playAlways(/token/, sends(200, {}, '{"token": "granted"}'));
  const challenge = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"';
  hub.play(/manifests/, sends(401, { 'www-authenticate': challenge }));
  const credentials = fixedCredentials('index.docker.io', {
    kind: 'password',
    username: 'me',
    password: 'secret',
    source: 'auth.json',
  });
  await using content = await openFromRegistry('alpine', {
    env: { HTTPS_PROXY: proxy.url },
    tlsVerify: false,
    credentials,
  });
  await content.root(options);
  expect(proxy.asked).toEqual(['CONNECT registry-1.docker.io:443', 'CONNECT auth.docker.io:443']);
  const shown = hub.requests.map(({ headers }) => headers.authorization?.split(' ')[0]);
  expect(shown).toEqual([undefined, 'Basic', 'Bearer']);
});

test.each([
  { env: {}, viaProxy: false, why: 'no proxy is named' },
  { env: { NO_PROXY: 'r.example,10.0.0.0/8' }, viaProxy: true, why: 'it is not among the exceptions' },
  { env: { NO_PROXY: '192.0.2.0/24' }, viaProxy: false, why: 'its network is an exception' },
  { env: { NO_PROXY: '192.0.2.7' }, viaProxy: false, why: 'its address is an exception' },
  { env: { no_proxy: '*' }, viaProxy: false, why: 'everything is an exception' },
])('a proxy is used as the environment says: $why', async ({ env, viaProxy, why }) => {
  await using registry = await startRegistryServer();
  await using proxy = await startProxy(registry.host);
  registry.addImage('org/app', '1.0');
  const named = why === 'no proxy is named' ? {} : { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
  // 192.0.2.0/24 is for documentation: without the proxy there is nobody.
  const patience = { ...IMPATIENT, attempts: 1, connectTimeoutMs: 50, headersTimeoutMs: viaProxy ? 5000 : 150 };
  const how = { env: { ...env, ...named }, tlsVerify: false, patience };
  await using content = await openFromRegistry('192.0.2.7:5000/org/app:1.0', how);
  const outcome = await content.root(options).catch((error: unknown) => error);
  if (viaProxy) expect(outcome).toMatchObject({ digest: expect.stringMatching(/^sha256:/) });
  else expect(outcome).toBeInstanceOf(Error);
  expect(proxy.asked.length > 0).toBe(viaProxy);
});

test('this machine is never reached through a proxy', async () => {
  await using registry = await startRegistryServer();
  await using proxy = await startProxy(registry.host);
  registry.addImage('org/app', '1.0');
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { env: { HTTP_PROXY: proxy.url } });
  await content.root(options);
  expect(proxy.asked).toEqual([]);
});

test('a proxy that refuses, and one that is no URL, are named without its password', async () => {
  await using proxy = await startProxy(undefined);
  const url = proxy.url.replace('http://', 'http://user:hunter2@');
  await using content = await openFromRegistry('r.example/org/app:1.0', { env: { HTTPS_PROXY: url } });
  const refused = await content.root(options).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
    message: expect.stringContaining('the proxy refuses'),
  });
  expect(proxy.shown[0]).toBe(`Basic ${Buffer.from('user:hunter2').toString('base64')}`);
  const malformed = await openFromRegistry('r.example/org/app:1.0', {
    env: { HTTPS_PROXY: 'ftp://me:hunter2@x' },
  }).catch((error: unknown) => error);
  expect(malformed).toMatchObject({ code: 'USAGE', message: expect.stringContaining('HTTPS_PROXY') });
  for (const error of [refused, malformed]) expect(String(error)).not.toContain('hunter2');
});

test('cancelling does not wait for a host that takes the connection and says nothing', async () => {
  const controller = new AbortController();
  const sockets: Socket[] = [];
  const silent = createSocketServer(socket => {
    sockets.push(socket);
    socket.on('error', () => {});
    controller.abort();
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  // Longer than a test may take.
  const patience = { connectTimeoutMs: 120_000, headersTimeoutMs: 120_000 };
  const content = await openFromRegistry(`127.0.0.1:${port}/org/app:1.0`, { patience });
  await expect(content.root({ signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  await content[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('hundreds of heads share a few connections, and one client', async () => {
  const connections = new Set<Socket>();
  const server = createServer((request, response) => {
    connections.add(request.socket);
    response.writeHead(200, { 'docker-content-digest': DIGEST, 'content-length': '7' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using stack = new AsyncDisposableStack();
  stack.defer(() => void server.close());
  const client = stack.use(new RegistryClient({ credentials: noCredentials, tlsVerify: false, env: {} }));
  const reference = registryReference(`127.0.0.1:${(server.address() as AddressInfo).port}/org/app:1.0`);
  for (let round = 0; round < 50; round += 1) {
    const heads = Array.from({ length: 6 }, async () => {
      await using content = await openRegistryWith(client, reference, options);
      return await content.headRoot?.(options);
    });
    expect((await Promise.all(heads)).map(head => head?.digest)).toEqual(heads.map(() => DIGEST));
  }
  expect(connections.size).toBeLessThan(20);
});

test('a server that answers a HEAD with a body is understood all the same', async () => {
  const server = createSocketServer(socket => {
    socket.on('error', () => {});
    socket.on('data', () => {
      const head = `HTTP/1.1 200 OK\r\ndocker-content-digest: ${DIGEST}\r\ncontent-length: 12\r\n\r\n`;
      socket.write(head);
      // Later than the answer: it is then taken for the beginning of the next.
      setImmediate(() => socket.write('{"nonsense"}'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using stack = new AsyncDisposableStack();
  stack.defer(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bases = { [host]: new URL(`http://${host}/`) };
  const client = stack.use(
    new RegistryClient({ credentials: noCredentials, tlsVerify: false, env: {}, patience: IMPATIENT, bases }),
  );
  const reference = registryReference(`${host}/org/app:1.0`);
  for (let round = 0; round < 20; round += 1) {
    await using content = await openRegistryWith(client, reference, options);
    expect((await content.headRoot?.(options))?.digest).toBe(DIGEST);
  }
});

/** A proxy that leads every way to `target`, or refuses them all; keeps what it was asked and shown. */
async function startProxy(target: string | undefined) {
  const asked: string[] = [];
  const shown: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    shown.push(request.headers['proxy-authorization']);
    if (target === undefined) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const [host = '', port = ''] = target.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    sockets.add(onward);
  });
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const path = new URL(request.url ?? '').pathname;
    void fetch(`http://${target}${path}`, { method: request.method ?? 'GET', redirect: 'manual' }).then(
      async answer => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    shown,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.resolve();
    },
  };
}
