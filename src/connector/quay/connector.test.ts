/** Red Hat Quay: a token for its API, a robot for pulling, either alone, or neither. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { QUAY_ROBOT, QUAY_TOKEN, type QuayServer, startQuayServer } from './testing/server.ts';

const { signal } = new AbortController();
const both = { kind: 'quay', apiToken: QUAY_TOKEN, robot: QUAY_ROBOT } as const;
const tokenOnly = { kind: 'quay', apiToken: QUAY_TOKEN } as const;
const robotOnly = { kind: 'basic', ...QUAY_ROBOT } as const;
const settingsOf = (server: QuayServer, product = {}) =>
  ({
    type: 'quay',
    url: server.images.registry.url,
    tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
    product,
  }) as const;

async function harness(credentials: RegistryCredentials, wrongCredentials: RegistryCredentials) {
  const world = contractRepositories();
  const hasToken = credentials.kind === 'quay';
  const isOauth = hasToken && credentials.robot === undefined;
  const server = await startQuayServer(isOauth ? { username: '$oauthtoken', password: QUAY_TOKEN } : QUAY_ROBOT);
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server),
    credentials,
    wrongCredentials,
    listing: hasToken
      ? { repositories: /^GET \/api\/v1\/repository\?/, tags: /^GET \/api\/v1\/repository\/acme\/app\/tag\// }
      : { repositories: /^GET \/v2\/_catalog/, tags: /^GET \/v2\/acme\/app\/tags\/list/ },
    expireTokens: () => server.images.registry.endTokens(),
    secrets: [...(hasToken ? [QUAY_TOKEN] : []), ...(isOauth ? [] : [QUAY_ROBOT.password])],
  };
}

describeConnector('Red Hat Quay with token and robot', () => harness(both, { ...both, apiToken: 'not-the-token' }));
describeConnector('Red Hat Quay with a token', () => harness(tokenOnly, { ...tokenOnly, apiToken: 'not-the-token' }));
describeConnector('Red Hat Quay with a robot', () =>
  harness(robotOnly, { ...robotOnly, password: 'not-the-password' }),
);

async function connect(server: QuayServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings: settingsOf(server),
    credentials: both,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

test('with a robot alone there are no dates, and it says so', async () => {
  await using server = await startQuayServer();
  server.images.push('acme/app', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { credentials: robotOnly });
  expect(connector.capabilities).toMatchObject({ pushedDate: false, newestFirst: false, catalog: true });
  expect(await all(connector.listTags('acme/app', {}, { signal }))).toEqual([{ name: '1' }]);
});

test('namespaces that are named are listed, and no others', async () => {
  await using server = await startQuayServer();
  for (const name of ['acme/app', 'other/app', 'third/app']) server.images.push(name, '1', '2026-01-01T00:00:00Z');
  const settings = settingsOf(server, { namespaces: ['other', 'third'] });
  await using connector = await connect(server, { settings });
  const names = (await all(connector.listRepositories({ signal }))).map(({ name }) => name);
  expect(names).toEqual(['other/app', 'third/app']);
});

test('a token that does not say whose it is asks for the namespaces; one that is no good is denied', async () => {
  await using server = await startQuayServer();
  server.mayReadUser = false;
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'CATALOG_UNSUPPORTED', message: expect.stringContaining('user:read') });
});

test('visitors see what is public, with dates', async () => {
  await using server = await startQuayServer();
  server.images.push('acme/open', '1', '2026-01-01T00:00:00Z');
  server.images.push('acme/closed', '1', '2026-01-01T00:00:00Z');
  server.publicNames.add('acme/open');
  const settings = settingsOf(server, { namespaces: ['acme'] });
  await using connector = await connect(server, { settings, credentials: { kind: 'none' } });
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'acme/open' }]);
  expect(await all(connector.listTags('acme/open', {}, { signal }))).toMatchObject([
    { pushedAt: '2026-01-01T00:00:00.000Z' },
  ]);
  const error = await errorOf(all(connector.listTags('acme/closed', {}, { signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
});

test('applications in the place of images are left out', async () => {
  await using server = await startQuayServer();
  server.images.push('acme/app', '1', '2026-01-01T00:00:00Z');
  server.images.push('acme/chart', '1', '2026-01-01T00:00:00Z');
  server.applications.add('acme/chart');
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'acme/app' }]);
});

test('a tag that only has its date as text keeps it', async () => {
  await using server = await startQuayServer();
  const tags = [{ name: '1', last_modified: 'Tue, 10 Mar 2026 08:00:00 -0000' }, { name: '2' }];
  const body = JSON.stringify({ tags, page: 1, has_additional: false });
  server.images.registry.playAlways(/\/tag\//, sends(200, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  expect(await all(connector.listTags('acme/app', {}, { signal }))).toEqual([
    { name: '1', pushedAt: '2026-03-10T08:00:00.000Z' },
    { name: '2' },
  ]);
});

test('a token without the right scope is told which', async () => {
  await using server = await startQuayServer();
  const body = JSON.stringify({ status: 403, error_type: 'insufficient_scope', detail: 'Unauthorized' });
  server.images.registry.playAlways(/\/tag\//, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listTags('acme/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('repo:read') });
});
