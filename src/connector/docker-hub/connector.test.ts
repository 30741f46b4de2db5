/** Docker Hub: its API with tokens of minutes, and its registry. */
import { expect, test } from 'vitest';
import type { RateLimit } from '#image/registry/rate-limit.ts';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { Connector, ConnectorOptions } from '../connector.ts';
import { openConnector } from '../open-connector.ts';
import { all, type ConnectorHarness, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { contractRepositories, holdWorld } from '../testing/contract-world.ts';
import { type DockerHubServer, startDockerHub } from './testing/server.ts';

const { signal } = new AbortController();
const login = { username: 'Jane', password: 'dckr_pat_very-secret' };
const basic = { kind: 'basic', ...login } as const;
const settings = { type: 'docker-hub', url: 'docker.io', product: {} } as const;

async function startHub(options: { readonly knowsNamespaces?: boolean } = {}): Promise<DockerHubServer> {
  const world = contractRepositories();
  const digests = new Map<string, string>();
  const hub = await startDockerHub({ login, world, digests, ...options });
  for (const [name, digest] of holdWorld(hub.server, world)) digests.set(name, digest);
  return hub;
}

describeConnector('Docker Hub', async (): Promise<ConnectorHarness> => {
  const world = contractRepositories();
  const digests = new Map<string, string>();
  const { server, endTokens, origins } = await startDockerHub({ login, world, digests });
  for (const [name, digest] of holdWorld(server, world)) digests.set(name, digest);
  return {
    server,
    world,
    digests,
    settings,
    credentials: basic,
    wrongCredentials: { ...basic, password: 'not-the-password' },
    options: { serviceOrigins: origins },
    listing: { repositories: /^GET \/v2\/repositories\/acme\/\?/, tags: /^GET \/v2\/repositories\/acme\/app\/tags/ },
    expireTokens: endTokens,
    posts: /^POST \/v2\/auth\/token$/,
    secrets: [login.password],
  };
});

async function connect(hub: DockerHubServer, options: Partial<ConnectorOptions> = {}): Promise<Connector> {
  const around = { env: {}, allowsPrivateAddresses: false, patience: IMPATIENT, serviceOrigins: hub.origins };
  return await openConnector({ settings, credentials: basic, ...around, ...options });
}

test('an account whose namespaces cannot be asked for has its own', async () => {
  const hub = await startHub({ knowsNamespaces: false });
  await using _server = hub.server;
  await using connector = await connect(hub);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'MANIFEST_UNKNOWN', message: expect.stringContaining('namespace "jane"') });
});

test('an organisation selects the repositories that are listed, for visitors as well', async () => {
  const hub = await startHub();
  await using _server = hub.server;
  const chosen = { ...settings, product: { organization: 'acme' } };
  await using connector = await connect(hub, { settings: chosen, credentials: { kind: 'none' } });
  expect((await all(connector.listRepositories({ signal }))).length).toBe(7);
  await using nobody = await connect(hub, { credentials: { kind: 'none' } });
  const error = await errorOf(all(nobody.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'CATALOG_UNSUPPORTED', message: expect.stringContaining('organisation') });
});

test('a listing since a date stops at the first page that is older', async () => {
  const hub = await startHub();
  await using _server = hub.server;
  await using connector = await connect(hub);
  const listed = await all(connector.listTags('acme/app', { since: new Date('2026-07-01') }, { signal }));
  expect(listed.map(({ pushedAt }) => pushedAt)).toEqual(['2026-07-10T08:00:00.000Z']);
  expect(hub.server.count(/tags\?/)).toBe(1);
});

test('the limit of the API is told, and the time to come back is read as the moment it is', async () => {
  const hub = await startHub();
  await using _server = hub.server;
  const limits: RateLimit[] = [];
  const now = Date.UTC(2026, 0, 1);
  await using connector = await connect(hub, { onRateLimit: limit => limits.push(limit), now: () => now });
  await all(connector.listTags('acme/app', {}, { signal }));
  expect(limits.at(-1)).toMatchObject({ registry: 'hub.docker.com', limit: 600, remaining: 599, isApi: true });
  hub.server.playAlways(/tags/, sends(429, { 'x-retry-after': String(now / 1000 + 7200) }, '{}'));
  const error = await errorOf(all(connector.listTags('acme/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('come back in 2 hours') });
});

test.each([
  { text: 'nginx', name: 'library/nginx', why: 'official images have one word' },
  { text: 'docker.io/acme/app', name: 'acme/app', why: 'with its host' },
  { text: 'https://hub.docker.com/r/acme/app', name: 'acme/app', why: 'as copied from the browser' },
  { text: 'https://hub.docker.com/_/nginx', name: 'library/nginx', why: 'an official one, copied from the browser' },
  { text: 'index.docker.io/acme/app', name: 'acme/app', why: 'as docker log in files call it' },
  { text: '.*', name: '.*', why: 'a wildcard stays one' },
])('"$text" means $name: $why', async ({ text, name }) => {
  const hub = await startHub();
  await using _server = hub.server;
  await using connector = await connect(hub);
  expect(connector.normaliseRepository(text)).toBe(name);
});

test('another host is not taken for Docker Hub', async () => {
  const opening = openConnector({
    settings: { ...settings, url: 'mirror.example' },
    credentials: basic,
    env: {},
    allowsPrivateAddresses: false,
  });
  await expect(opening).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
