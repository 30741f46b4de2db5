/** Sonatype Nexus: by port and by path, lists that are forgotten, searches that find too much. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { apiBaseOf, checkNexusSettings } from './settings.ts';
import { NEXUS_LOGIN, type NexusServer, startNexusServer } from './testing/server.ts';

const { signal } = new AbortController();
const login = { kind: 'basic', ...NEXUS_LOGIN } as const;
const tls = { insecureHttp: true, allowsCredentialsOverHttp: true };
const settingsOf = (server: NexusServer, product: Record<string, unknown> = { repository: 'docker-hosted' }) => {
  const { url } = server.images.registry;
  return { type: 'nexus', url, tls, product: { apiUrl: url, ...product } } as const;
};

async function harness(method: 'port' | 'path') {
  const isByPath = method === 'path';
  const world = contractRepositories(isByPath ? 'docker-hosted/team' : 'team');
  const server = await startNexusServer(method);
  server.pageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server, isByPath ? { accessMethod: 'path' } : undefined),
    credentials: login,
    wrongCredentials: { ...login, password: 'not-the-password' },
    listing: { repositories: /v1\/components\?/, tags: /v1\/search\?/ },
    expireTokens: () => server.images.registry.endTokens(),
    secrets: [NEXUS_LOGIN.password],
  };
}

describeConnector('Sonatype Nexus by port', () => harness('port'));
describeConnector('Sonatype Nexus by path', () => harness('path'));

async function connect(server: NexusServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings: settingsOf(server),
    credentials: login,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

test('a list that Nexus has forgotten is begun anew, and comes whole and once', async () => {
  await using server = await startNexusServer();
  server.pageSize = 1;
  server.forgets = 1;
  for (const tag of ['1', '2', '3']) server.images.push('app', tag, '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  const names = (await all(connector.listTags('app', {}, { signal }))).map(({ name }) => name);
  expect(names).toEqual(['1', '2', '3']);
});

test('what the search finds besides is not taken for the image', async () => {
  await using server = await startNexusServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  server.images.push('app-extra', '2', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  const names = (await all(connector.listTags('app', {}, { signal }))).map(({ name }) => name);
  expect(names).toEqual(['1']);
});

test('by path every Docker repository is listed, proxies are marked, groups and other formats left out', async () => {
  await using server = await startNexusServer('path');
  server.images.push('docker-hosted/app', '1', '2026-01-01T00:00:00Z');
  server.images.push('hub/library/alpine', '3', '2026-01-01T00:00:00Z');
  server.types.set('hub', 'proxy').set('all', 'group');
  await using connector = await connect(server, { settings: settingsOf(server, { accessMethod: 'path' }) });
  expect(await all(connector.listRepositories({ signal }))).toEqual([
    { name: 'docker-hosted/app' },
    { name: 'hub/library/alpine', note: expect.stringContaining('proxy') },
  ]);
  expect(server.images.registry.count(/repository=(?:all|maven)/)).toBe(0);
});

test('who may not browse is told the privileges', async () => {
  await using server = await startNexusServer();
  server.images.registry.playAlways(/components/, sends(403));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('-browse') });
});

test.each([
  ['https://nexus.example:8443', { repository: 'r' }, 'https://nexus.example/service/rest/v1/'],
  ['https://docker-hosted.nexus.example', { accessMethod: 'subdomain' }, 'https://nexus.example/service/rest/v1/'],
  ['https://nexus.example', { accessMethod: 'path' }, 'https://nexus.example/service/rest/v1/'],
  [
    'https://docker.example',
    { repository: 'r', apiUrl: 'https://nexus.example/nexus/' },
    'https://nexus.example/nexus/service/rest/v1/',
  ],
])('the API of %s with %j is at %s', (url, product, expected) => {
  const { url: checked, product: settings } = checkNexusSettings({ type: 'nexus', url, product });
  expect(apiBaseOf(new URL(checked), settings).href).toBe(expected);
});

test.each([
  [{ accessMethod: 'path' }, 'docker-hosted/app', 'docker-hosted/app'],
  [{ accessMethod: 'path', repository: 'docker-hosted' }, 'app', 'docker-hosted/app'],
  [{ accessMethod: 'path' }, 'repository/docker-hosted/v2/app', 'docker-hosted/app'],
  [{ accessMethod: 'port', repository: 'docker-hosted' }, 'app', 'app'],
])('with %j, %s is pulled as %s', async (product, text, expected) => {
  await using server = await startNexusServer();
  await using connector = await connect(server, { settings: settingsOf(server, product) });
  expect(connector.normaliseRepository(text)).toBe(expected);
});

test.each<[string, Record<string, string>]>([
  ['https://nexus.example:8443', {}],
  ['https://localhost', { accessMethod: 'subdomain' }],
  ['https://nexus.example', { accessMethod: 'path', apiUrl: 'http://nexus.example' }],
])('%s with %j is refused', async (url, product) => {
  const failure = checkRegistrySettings({ type: 'nexus', url, product });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
