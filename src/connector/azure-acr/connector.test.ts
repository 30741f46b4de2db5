/** Azure Container Registry: the exchange of tokens, scopes, and lists newest first. */
import { expect, test } from 'vitest';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { ACR_APPLICATION, ACR_HOST, type AcrServer, startAcrServer } from './testing/server.ts';

const { signal } = new AbortController();
const settings = { type: 'azure-acr', url: `https://${ACR_HOST}`, product: {} } as const;
const application = { kind: 'azure-service-principal', ...ACR_APPLICATION } as const;
const basic = {
  kind: 'basic',
  username: ACR_APPLICATION.applicationId,
  password: ACR_APPLICATION.clientSecret,
} as const;

async function harness(credentials: typeof application | typeof basic) {
  const world = contractRepositories();
  const server = await startAcrServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings,
    credentials,
    wrongCredentials:
      credentials.kind === 'basic'
        ? { ...basic, password: 'not-the-password' }
        : { ...application, clientSecret: 'not-the-secret' },
    options: { serviceOrigins: server.serviceOrigins },
    listing: { repositories: /^GET \/acr\/v1\/_catalog/, tags: /^GET \/acr\/v1\/acme\/app\/_tags\?/ },
    posts: /^POST \/(?:oauth2\/(?:exchange|token)|[0-9a-f-]+\/oauth2\/v2.0\/token)$/,
    expireTokens: () => server.endTokens(),
    secrets: [ACR_APPLICATION.clientSecret],
  };
}

describeConnector('Azure Container Registry with an application', () => harness(application));
describeConnector('Azure Container Registry with a password', () => harness(basic));

async function connect(server: AcrServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings,
    credentials: application,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: server.serviceOrigins,
    ...options,
  });
}

test('the application logs in once, at Entra and at the registry, for many repositories', async () => {
  await using server = await startAcrServer();
  for (const name of ['a', 'b', 'c']) server.images.push(name, '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  for await (const { name } of connector.listRepositories({ signal })) {
    await all(connector.listTags(name, {}, { signal }));
  }
  expect(server.images.registry.count(/oauth2\/v2.0\/token$/)).toBe(1);
  expect(server.images.registry.count(/oauth2\/exchange$/)).toBe(1);
});

test('the refresh token is exchanged anew when its hours are over', async () => {
  await using server = await startAcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  let now = Date.now();
  await using connector = await connect(server, { now: () => now });
  await all(connector.listTags('app', {}, { signal }));
  now += 2.5 * 3_600_000;
  await all(connector.listTags('app', {}, { signal }));
  expect(server.images.registry.count(/oauth2\/exchange$/)).toBe(2);
});

test('who may pull and not list tags is told which right is missing', async () => {
  await using server = await startAcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  server.withheld = /metadata_read/;
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listTags('app', {}, { signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toContain('repository:app:metadata_read');
  expect(error.message).toContain('Container Registry Repository Reader');
  const content = await openRegistryWith(connector.client, connector.toReference('app', '1'), { signal });
  expect(await content.headRoot?.({ signal })).toBeDefined();
});

test('who may not list repositories is told which right is missing', async () => {
  await using server = await startAcrServer();
  server.withheld = /catalog/;
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('Catalog Lister') });
});

test('a firewall of the registry is quoted, with the address that it saw', async () => {
  await using server = await startAcrServer();
  const message =
    "client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.";
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message }] });
  server.images.registry.playAlways(/^GET \/acr/, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining("IP '203.0.113.7'") });
});

test('Entra is quoted when it does not know the application', async () => {
  await using server = await startAcrServer();
  await using connector = await connect(server, { credentials: { ...application, clientSecret: 'old' } });
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toMatch(/AADSTS7000215.*client secret/);
});

test('an empty registry lists nothing', async () => {
  await using server = await startAcrServer();
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([]);
});

test.each([
  ['https://example.azurecr.io', {}, 'public'],
  ['https://example.azurecr.us', {}, 'us-government'],
  ['https://example.azurecr.cn', {}, 'china'],
  ['https://registry.example', { cloud: 'china' }, 'china'],
] as const)('%s with %j logs in to the cloud %s', async (url, product, cloud) => {
  expect((await checkRegistrySettings({ type: 'azure-acr', url, product })).product).toEqual({ cloud });
});

test.each([
  ['https://example.azurecr.io/team', {}],
  ['https://example.azurecr.us', { cloud: 'public' }],
] as const)('%s with %j is refused', async (url, product) => {
  const failure = checkRegistrySettings({ type: 'azure-acr', url, product });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
