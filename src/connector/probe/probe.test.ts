/** The test of a connection against a real server in every state that people meet: each reads differently, and says what to do. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import {
  hangs,
  makeCertificate,
  type RegistryServer,
  type RegistryServerOptions,
  sends,
  startRegistryServer,
} from '../../../test/fixtures/registry-server.ts';
import { Connection } from '../connection.ts';
import type { Connector, ConnectorOptions, ProbeStep, ProbeStepName, TlsSettings } from '../connector.ts';
import { startDockerHub } from '../docker-hub/testing/server.ts';
import { openConnector } from '../open-connector.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { makeAuthority } from '../testing/certificates.ts';
import { contractRepositories, holdWorld } from '../testing/contract-world.ts';
import { startTunnelProxy } from '../testing/tunnel-proxy.ts';
import { probeConnection } from './probe.ts';

const { signal } = new AbortController();
const login = { username: 'jane', password: 'correct-horse' };
const basic = { kind: 'basic', ...login } as const;
const open: TlsSettings = { insecureHttp: true, allowsCredentialsOverHttp: true };
const page = '<!DOCTYPE html><html><title>Log in</title></html>';
const authority = await makeAuthority();
const STEPS = ['dns', 'tcp', 'tls', 'ping', 'challenge', 'token', 'catalogue', 'tags', 'manifest'];

interface Asked extends Partial<Omit<ConnectorOptions, 'settings'>> {
  readonly tls?: TlsSettings;
  readonly proxy?: string;
  readonly repository?: string;
}

/** All steps of a test of the registry at `url`. */
async function probe(url: string, asked: Asked = {}): Promise<readonly ProbeStep[]> {
  await using connector = await connect(url, asked);
  return await Array.fromAsync(
    connector.probe({ signal, ...(asked.repository === undefined ? {} : { repository: asked.repository }) }),
  );
}

async function connect(url: string, { tls = open, proxy, repository: _, ...options }: Asked = {}): Promise<Connector> {
  return await openConnector({
    settings: { type: 'docker-v2', url, tls, product: {}, ...(proxy === undefined ? {} : { proxy }) },
    credentials: { kind: 'none' },
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

async function serve(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const server = await startRegistryServer({ catalog: 'listed', ...options });
  server.addImage('team/app', '1.0');
  server.addImage('team/app', 'latest');
  return server;
}

/** `step result` of each, for the shape of a trace. */
const shapeOf = (steps: readonly ProbeStep[]) => steps.map(({ step, result }) => `${step} ${result}`);
const find = (steps: readonly ProbeStep[], name: ProbeStepName) => steps.find(({ step }) => step === name);
/** The first step that is not fine, which is what people read. */
const firstBad = (steps: readonly ProbeStep[]) =>
  steps.find(({ result }) => result === 'failed') ??
  steps.find(({ result, step }) => result === 'warning' && step !== 'tls');

test('a registry that works shows what was found at each step', async () => {
  await using server = await serve({ auth: 'bearer', login, tls: await certificateOf(['localhost', '127.0.0.1']) });
  const url = server.url.replace('127.0.0.1', 'localhost');
  const steps = await probe(url, { credentials: basic, tls: { caPem: authority?.pem } });
  expect(shapeOf(steps)).toEqual(STEPS.map(step => `${step} ${step === 'tls' ? 'warning' : 'ok'}`));
  expect(steps.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^localhost is at (?:127\.0\.0\.1|::1)/),
    expect.stringContaining('connected to localhost:'),
    expect.stringMatching(/^TLS 1\.3, certificate of "Unknown Test CA" until \d{4}-\d\d-\d\d, which is soon$/),
    expect.stringContaining('answers as a registry and asks for a log-in'),
    expect.stringContaining('for test,registry'),
    expect.stringContaining('the credentials are accepted'),
    'repositories are listed, such as team/app',
    'team/app has tags, such as 1.0, latest',
    expect.stringMatching(/^team\/app:1\.0 is sha256:[0-9a-f]{12}…$/),
  ]);
  for (const { durationMs, detail } of steps) {
    expect(durationMs).toBeGreaterThanOrEqual(0);
    expect(detail).not.toMatch(/\.$/);
  }
});

async function certificateOf(hosts: readonly string[], options = {}) {
  const certificate = await authority?.issue(hosts, options);
  if (certificate === undefined) throw new Error('openssl is needed');
  return certificate;
}

interface State {
  readonly state: string;
  readonly start: () => Promise<RegistryServer>;
  readonly asked?: Asked;
  /** How the address differs from the server's own. */
  readonly address?: (url: string) => string;
  readonly step: ProbeStepName;
  readonly result?: 'warning';
  readonly code?: string;
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
const always =
  (when: RegExp, ...answer: Parameters<typeof sends>) =>
  async () => {
    const server = await serve();
    server.playAlways(when, sends(...answer));
    return server;
  };
const errors = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] });

const states: readonly State[] = [
  {
    state: 'the password is wrong',
    start: () => serve({ auth: 'bearer', login }),
    asked: { credentials: { ...basic, password: 'wrong-horse' } },
    step: 'token',
    code: 'REGISTRY_DENIED',
    says: /refuses the credentials from the settings/,
    remedy: /docker login/,
  },
  {
    state: 'the password is wrong, by Basic',
    start: () => serve({ auth: 'basic', login }),
    asked: { credentials: { ...basic, password: 'wrong-horse' } },
    step: 'token',
    code: 'REGISTRY_DENIED',
    says: /refuses the credentials from the settings/,
    remedy: /docker login/,
  },
  {
    state: 'there are no credentials',
    start: () => serve({ auth: 'basic', login }),
    step: 'token',
    code: 'REGISTRY_DENIED',
    says: /wants credentials, and there are none/,
    remedy: /Add credentials/,
  },
  {
    state: 'the token has expired, and says so itself',
    start: () => serve({ auth: 'bearer', login }),
    asked: { credentials: { kind: 'token', token: jwt({ exp: Date.UTC(2026, 0, 2) / 1000 }) } },
    step: 'token',
    code: 'REGISTRY_DENIED',
    says: /^the token in the settings expired at 2026-01-02T00:00:00Z$/,
    remedy: /Create a new token/,
  },
  {
    state: 'the token has expired, and the registry says so',
    start: always(
      /^GET \/v2\//,
      401,
      { 'www-authenticate': 'Basic realm="r"' },
      errors('UNAUTHORIZED', 'access token expired'),
    ),
    asked: { credentials: basic },
    step: 'token',
    code: 'REGISTRY_DENIED',
    says: /access token expired/,
    remedy: /Create a new token/,
  },
  {
    state: 'credentials would go over plain http',
    start: () => serve({ auth: 'basic', login }),
    asked: { credentials: basic, tls: { insecureHttp: true } },
    step: 'token',
    code: 'REGISTRY_SETTINGS_INVALID',
    says: /Refusing to send credentials .* over plain http/,
    remedy: /Change the settings/,
  },
  {
    state: 'the rate limit is used up at the first question',
    start: always(/^GET \/v2\/$/, 429, { 'retry-after': '600' }),
    step: 'ping',
    code: 'RATE_LIMITED',
    says: /too much was asked/,
    remedy: /Wait until the limit/,
  },
  {
    state: 'the rate limit is used up for images',
    start: always(/^HEAD/, 429, { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' }),
    step: 'manifest',
    code: 'RATE_LIMITED',
    says: /used up \(100 per 6 hours, 0 left\)/,
    remedy: /Wait until the limit/,
  },
  {
    state: 'it has no catalogue',
    start: () => serve({ catalog: 'unknown' }),
    asked: { repository: 'team/app' },
    step: 'catalogue',
    result: 'warning',
    code: 'CATALOG_UNSUPPORTED',
    says: /it has no catalogue that we can read/,
    remedy: /Name the repositories/,
  },
  {
    state: 'its catalogue is for administrators',
    start: () => serve({ auth: 'bearer', login, catalog: 'denied' }),
    asked: { credentials: basic, repository: 'team/app' },
    step: 'catalogue',
    result: 'warning',
    code: 'CATALOG_UNSUPPORTED',
    says: /registry:catalog:\* is not granted/,
    remedy: /Name the repositories/,
  },
  {
    state: 'it lists nothing',
    start: () => startRegistryServer({ catalog: 'listed' }),
    step: 'catalogue',
    result: 'warning',
    says: /lists no repositories to visitors/,
    remedy: /rights/,
  },
  {
    state: 'it is a web server',
    start: always(/./, 200, { 'content-type': 'text/html' }, page),
    step: 'ping',
    code: 'REGISTRY_INVALID',
    says: /a web page \(200\)/,
    remedy: /Check the address/,
  },
  {
    state: 'there is no registry at this path',
    start: () => serve({ prefix: '/registry' }),
    step: 'ping',
    code: 'REGISTRY_INVALID',
    says: /no registry at 127\.0\.0\.1:\d+\/v2\/ \(404\)/,
    remedy: /path in front of \/v2\//,
  },
  {
    state: 'it refuses our network',
    start: always(/./, 403, {}, 'no'),
    step: 'ping',
    code: 'REGISTRY_DENIED',
    says: /refuses to talk to us at all/,
    remedy: /network address/,
  },
  {
    state: 'it is broken',
    start: always(/./, 502),
    step: 'ping',
    code: 'REGISTRY_UNAVAILABLE',
    says: /an error of its own \(502\)/,
    remedy: /log/,
  },
  {
    state: 'it wants a log-in of another kind',
    start: always(/./, 401, { 'www-authenticate': 'Negotiate' }),
    step: 'challenge',
    code: 'REGISTRY_INVALID',
    says: /wants one by negotiate/,
    remedy: /Basic or Bearer/,
  },
  {
    state: 'it sends to the metadata service for tokens',
    start: () => serve({ auth: 'bearer', realm: 'http://169.254.169.254/latest/meta-data' }),
    step: 'challenge',
    code: 'REGISTRY_INVALID',
    says: /169\.254\.169\.254, which is a link-local or metadata address/,
    remedy: /never allowed/,
  },
  {
    state: 'it sends to a private address for tokens',
    start: () => serve({ auth: 'bearer', realm: 'http://10.1.2.3/token' }),
    step: 'challenge',
    code: 'REGISTRY_INVALID',
    says: /10\.1\.2\.3, which is a private address/,
    remedy: /administrator/,
  },
  {
    state: 'the repository to look into is not there',
    start: () => serve(),
    asked: { repository: 'team/other' },
    step: 'tags',
    code: 'MANIFEST_UNKNOWN',
    says: /has no repository "team\/other"/,
    remedy: /name of the repository/,
  },
  {
    state: 'it serves plain http where https was expected',
    start: () => serve(),
    address: url => url.replace('http:', 'https:'),
    asked: { tls: {} },
    step: 'tls',
    code: 'REGISTRY_UNAVAILABLE',
    says: /does not speak TLS; it seems to serve plain http/,
    remedy: /http:\/\//,
  },
  {
    state: 'its authority is not known',
    start: async () => await serve({ tls: await certificateOf(['127.0.0.1']) }),
    asked: { tls: {} },
    step: 'tls',
    code: 'REGISTRY_UNAVAILABLE',
    says: /was issued by "Unknown Test CA", an authority that is not known here/,
    remedy: /Upload the certificate of that authority.*fingerprint (?:[0-9A-F]{2}:){31}[0-9A-F]{2}/,
  },
  {
    state: 'its certificate vouches for itself',
    start: async () => await serve({ tls: (await makeCertificate(['127.0.0.1'])) ?? (await certificateOf([])) }),
    asked: { tls: {} },
    step: 'tls',
    code: 'REGISTRY_UNAVAILABLE',
    says: /vouches for itself/,
    remedy: /Upload the certificate of the registry/,
  },
  {
    state: 'its certificate has expired',
    start: async () => await serve({ tls: await certificateOf(['127.0.0.1'], { isExpired: true }) }),
    asked: { tls: { caPem: authority?.pem } },
    step: 'tls',
    code: 'REGISTRY_UNAVAILABLE',
    says: /has expired on \d{4}-\d\d-\d\d/,
    remedy: /renewed/,
  },
  {
    state: 'its certificate is for another name',
    start: async () => await serve({ tls: await certificateOf(['registry.example', 'other.example']) }),
    asked: { tls: { caPem: authority?.pem } },
    step: 'tls',
    code: 'REGISTRY_UNAVAILABLE',
    says: /is for registry\.example, other\.example, not for 127\.0\.0\.1/,
    remedy: /the name that the certificate is for/,
  },
];

describe.skipIf(authority === undefined)('a test says what is wrong and what to do', () => {
  test.each(states)('when $state', async ({ start, asked, address = url => url, step, result, code, says, remedy }) => {
    await using server = await start();
    const steps = await probe(address(server.url), asked);
    expect(steps.map(one => one.step)).toEqual(STEPS);
    const found = firstBad(steps);
    expect(found).toMatchObject({ step, result: result ?? 'failed', detail: expect.stringMatching(says) });
    expect(found?.remedy).toMatch(remedy);
    expect(found?.code).toBe(code);
    expect(JSON.stringify(steps)).not.toMatch(/correct-horse|wrong-horse/);
    // Nothing is tried that cannot work any more.
    const isVital = ['dns', 'tcp', 'tls', 'ping', 'challenge', 'token'].includes(step) && result === undefined;
    if (!isVital) return;
    for (const later of steps.slice(STEPS.indexOf(step) + 1)) {
      expect(later).toMatchObject({ result: 'skipped', detail: `not tried, since the step "${step}" failed` });
    }
  });

  test('no two of these states read the same', () => {
    const texts = states.filter(({ state }) => !/by Basic/.test(state)).map(({ says }) => says.source);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

test.skipIf(authority === undefined)(
  'a certificate that was shown can be trusted alone, and the chain is there to compare',
  async () => {
    await using server = await serve({ tls: await certificateOf(['127.0.0.1']) });
    const shown = find(await probe(server.url, { tls: {} }), 'tls')?.certificates ?? [];
    expect(shown[0]).toMatchObject({ subject: 'CN=test registry', issuer: 'CN=Unknown Test CA' });
    const steps = await probe(server.url, { tls: { caPem: shown[0]?.pem } });
    expect(steps.filter(({ result }) => result === 'failed')).toEqual([]);
    expect(find(steps, 'manifest')?.result).toBe('ok');
  },
);

test.skipIf(authority === undefined)('a certificate that is not checked is a warning that shows it', async () => {
  await using server = await serve({ tls: await certificateOf(['other.example']) });
  const steps = await probe(server.url, { tls: { skipVerify: true } });
  expect(find(steps, 'tls')).toMatchObject({ result: 'warning', detail: expect.stringContaining('is not checked') });
  expect(find(steps, 'tls')?.certificates?.length).toBeGreaterThan(0);
  expect(find(steps, 'manifest')?.result).toBe('ok');
});

test('plain http is a warning even where it is meant', async () => {
  await using server = await serve();
  const steps = await probe(server.url);
  expect(shapeOf(steps)).toEqual([
    'dns skipped',
    'tcp ok',
    'tls warning',
    'ping ok',
    'challenge skipped',
    'token skipped',
    'catalogue ok',
    'tags ok',
    'manifest ok',
  ]);
});

test('nobody listens, or nobody has the name', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise(resolve => free.close(resolve));
  const refused = await probe(`http://127.0.0.1:${port}`);
  expect(firstBad(refused)).toMatchObject({ step: 'tcp', detail: `127.0.0.1:${port} refuses connections` });
  const unknown = await probe('https://registry.invalid', { tls: {} });
  expect(firstBad(unknown)).toMatchObject({ step: 'dns', detail: expect.stringContaining('"registry.invalid"') });
});

test.skipIf(authority === undefined)('a proxy on the way is named, and looks the name up itself', async () => {
  await using server = await serve({ tls: await certificateOf(['registry.test']) });
  await using proxy = await startTunnelProxy(server.host);
  const tls = { caPem: authority?.pem };
  const steps = await probe('https://registry.test', { tls, proxy: proxy.url.replace('//', '//user:proxy-secret@') });
  expect(steps.filter(({ result }) => result === 'failed')).toEqual([]);
  expect(find(steps, 'dns')?.detail).toContain('looks up registry.test itself');
  expect(find(steps, 'tcp')?.detail).toMatch(/^connected to the proxy 127\.0\.0\.1:\d+ on the way to registry\.test$/);
  expect(proxy.tunnels).toContain('registry.test:443');
  expect(JSON.stringify(steps)).not.toContain('proxy-secret');
});

test.each([
  { refusal: 407, says: /wants a user name and password/ },
  { refusal: 403, says: /refuses the way to registry\.test:443 \(403\)/ },
])('a proxy that answers $refusal is called the one who refuses', async ({ refusal, says }) => {
  await using proxy = await startTunnelProxy('127.0.0.1:1', { refusal });
  const steps = await probe('https://registry.test', { tls: {}, proxy: proxy.url });
  expect(firstBad(steps)).toMatchObject({ step: 'tls', detail: expect.stringMatching(says) });
});

test('a proxy of the environment is used as well, but not for the names it leaves out', async () => {
  await using proxy = await startTunnelProxy('127.0.0.1:1', { refusal: 403 });
  const env = { https_proxy: proxy.url, no_proxy: 'example.com,.invalid' };
  expect(firstBad(await probe('https://registry.test', { tls: {}, env }))?.step).toBe('tls');
  expect(firstBad(await probe('https://registry.invalid', { tls: {}, env }))?.step).toBe('dns');
});

test('visitors of Docker Hub are warned, and shown the limit', async () => {
  const world = contractRepositories('ratelimitpreview').map(one => ({
    ...one,
    name: one.name.replace('/app', '/test'),
  }));
  const digests = new Map<string, string>();
  const { server, origins } = await startDockerHub({ world, digests });
  await using _server = server;
  for (const [name, digest] of holdWorld(server, world)) digests.set(name, digest);
  const limit = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '97;w=21600' };
  server.playAlways(/^HEAD/, (_, response, proceed) => {
    for (const [name, value] of Object.entries(limit)) response.setHeader(name, value);
    proceed();
  });
  await using connector = await openConnector({
    settings: { type: 'docker-hub', url: 'docker.io', product: {} },
    credentials: { kind: 'none' },
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: origins,
  });
  const steps = await Array.fromAsync(connector.probe({ signal }));
  expect(find(steps, 'catalogue')).toMatchObject({ result: 'warning', code: 'CATALOG_UNSUPPORTED' });
  expect(find(steps, 'manifest')).toMatchObject({
    result: 'warning',
    detail: expect.stringMatching(/rate limit 100 per 6 hours, 97 left; all visitors of one network address share/),
    remedy: expect.stringContaining('access token'),
  });
});

test('each step has its time, and so has the whole', async () => {
  await using server = await serve();
  server.playAlways(/^GET \/v2\/$/, hangs);
  const { base, host } = parseRegistryAddress(server.url, open);
  const around = { credentials: { kind: 'none' }, env: {}, allowsPrivateAddresses: false } as const;
  const settings = { type: 'docker-v2', url: server.url, tls: open, product: {} } as const;
  await using connection = new Connection({ ...around, settings }, { host, base });
  await using connector = await connect(server.url);
  const product = { type: connector.type, capabilities: connector.capabilities };
  const subject = { ...connector, product, connection };
  const late = await Array.fromAsync(probeConnection(subject, { signal, limits: { stepMs: 800, wholeMs: 60_000 } }));
  expect(firstBad(late)).toMatchObject({ step: 'ping', code: 'TIMED_OUT', detail: 'no answer within 0.8 s' });
  const never = await Array.fromAsync(probeConnection(subject, { signal, limits: { stepMs: 60_000, wholeMs: 800 } }));
  expect(firstBad(never)).toMatchObject({ step: 'ping', code: 'TIMED_OUT' });
});

test('a test of a registry that hangs ends, and so does one that its caller gives up', async () => {
  await using server = await serve();
  server.playAlways(/^GET \/v2\/$/, hangs);
  await using connector = await connect(server.url, { patience: { ...IMPATIENT, headersTimeoutMs: 100 } });
  const steps = await Array.fromAsync(connector.probe({ signal }));
  expect(firstBad(steps)).toMatchObject({ step: 'ping', code: 'TIMED_OUT' });
  const controller = new AbortController();
  await using other = await connect(server.url);
  const trying = Array.fromAsync(other.probe({ signal: controller.signal }));
  controller.abort();
  await expect(trying).rejects.toMatchObject({ code: 'CANCELLED' });
});
