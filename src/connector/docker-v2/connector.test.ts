/** Plain registries: with a catalogue and without, open and closed, by Basic, Bearer and ready tokens. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { type RegistryServerOptions, sends, startRegistryServer } from '../../../test/fixtures/registry-server.ts';
import type { Connector, ConnectorOptions } from '../connector.ts';
import { openConnector } from '../open-connector.ts';
import { all, type ConnectorHarness, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories, holdWorld } from '../testing/contract-world.ts';

const { signal } = new AbortController();
const login = { username: 'robot$team+scan', password: 'pass:with "odd" $igns' };
const basic = { kind: 'basic', ...login } as const;

async function start(options: RegistryServerOptions): Promise<ConnectorHarness> {
  const world = contractRepositories();
  const server = await startRegistryServer({ maxPageSize: CONTRACT_PAGE_SIZE, catalog: 'listed', ...options });
  const isOpen = options.auth === undefined || options.login === undefined;
  return {
    server,
    world,
    digests: holdWorld(server, world),
    settings: {
      type: 'docker-v2',
      url: `${server.url}${options.prefix ?? ''}`,
      tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
      product: {},
    },
    credentials: isOpen ? { kind: 'none' } : basic,
    ...(isOpen ? {} : { wrongCredentials: { ...basic, password: 'not-the-password' } }),
    listing: { repositories: /^GET .*\/v2\/_catalog/, tags: /^GET .*\/v2\/acme\/app\/tags\/list/ },
    ...(options.auth === 'bearer' ? { expireTokens: () => server.endTokens() } : {}),
    secrets: isOpen ? [] : [login.password],
  };
}

describeConnector('A plain registry that is open', () => start({}));
describeConnector('A plain registry with Basic', () => start({ auth: 'basic', login, prefix: '/some/registry' }));
describeConnector('A plain registry with Bearer', () => start({ auth: 'bearer', login, isStrict: true }));
describeConnector('A plain registry with tokens for everybody', () => start({ auth: 'bearer' }));

/** A connector for a server of one test. */
async function connect(server: { readonly url: string }, options: Partial<ConnectorOptions> = {}): Promise<Connector> {
  return await openConnector({
    settings: {
      type: 'docker-v2',
      url: server.url,
      tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
      product: {},
    },
    credentials: basic,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

test.each([
  { why: 'nobody is logged in', auth: 'none', catalog: 'unknown', kind: 'none', says: 'it has no catalogue' },
  {
    why: 'tokens do not have that right',
    auth: 'bearer',
    catalog: 'denied',
    kind: 'basic',
    says: 'registry:catalog:*',
  },
  {
    why: 'visitors do not have that right',
    auth: 'bearer',
    catalog: 'denied',
    kind: 'none',
    says: 'let visitors do so',
  },
  { why: 'the account does not', auth: 'basic', catalog: 'denied', kind: 'basic', says: 'registry:catalog:*' },
] as const)(
  'a registry that works and has no catalogue for us says so: $why',
  async ({ auth, catalog, kind, says }) => {
    await using server = await startRegistryServer({ auth, catalog, ...(kind === 'basic' ? { login } : {}) });
    server.addImage('team/app', '1.0');
    await using connector = await connect(server, { credentials: kind === 'basic' ? basic : { kind } });
    const error = await errorOf(all(connector.listRepositories({ signal })));
    expect(error).toMatchObject({ code: 'CATALOG_UNSUPPORTED', message: expect.stringContaining(says) });
    expect(error.message).toContain('name the repositories to scan instead');
    expect((await all(connector.listTags('team/app', {}, { signal }))).map(({ name }) => name)).toEqual(['1.0']);
  },
);

test('a token without a user name is shown as it is, and one with a user name is its password', async () => {
  await using server = await startRegistryServer({ auth: 'basic', login });
  server.addImage('team/app', '1.0');
  const { username, password: token } = login;
  await using asPassword = await connect(server, { credentials: { kind: 'token', token, username } });
  expect(await all(asPassword.listTags('team/app', {}, { signal }))).toEqual([{ name: '1.0' }]);
  await using granted = await startRegistryServer({ auth: 'bearer' });
  granted.addImage('team/app', '1.0');
  await using asToken = await connect(granted, { credentials: { kind: 'token', token: 'a-ready-token' } });
  expect(await errorOf(all(asToken.listTags('team/app', {}, { signal })))).toMatchObject({ code: 'REGISTRY_DENIED' });
  expect(granted.requests.map(({ headers }) => headers.authorization)).toContain('Bearer a-ready-token');
});

test('a catalogue that goes in a circle is broken, and not missing', async () => {
  await using server = await startRegistryServer();
  server.playAlways(/_catalog/, sends(200, { link: '<?last=a>; rel="next"' }, '{"repositories":["a"]}'));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('in a circle') });
});

test.each([
  { why: 'they are looked up', names: ['1.0', 'none', 'not a tag'], heads: 2, lists: 0, found: ['1.0'] },
  { why: 'none is there', names: ['none'], heads: 1, lists: 1, found: [] },
  { why: 'they are many', names: Array.from({ length: 30 }, (_, at) => `${at}.0`), heads: 0, lists: 1, found: ['1.0'] },
  { why: 'the registry knows no HEAD', names: ['1.0'], status: 405, heads: 1, lists: 1, found: ['1.0'] },
])('tags by name: $why', async ({ names, status, heads, lists, found }) => {
  await using server = await startRegistryServer();
  const { manifest } = server.addImage('team/app', '1.0');
  server.addImage('team/app', 'other');
  if (status !== undefined) server.playAlways(/^HEAD/, sends(status));
  await using connector = await connect(server);
  const tags = await all(connector.listTags('team/app', { names }, { signal }));
  expect(tags.map(({ name }) => name)).toEqual(found);
  if (lists === 0) expect(tags[0]?.digest).toBe(manifest.digest);
  expect(server.count(/^HEAD/)).toBe(heads);
  expect(server.count(/tags\/list/)).toBe(lists);
});

test('credentials go over plain http only where that was allowed', async () => {
  await using server = await startRegistryServer({ auth: 'basic', login });
  const settings = { type: 'docker-v2', url: server.url, tls: { insecureHttp: true }, product: {} } as const;
  await using connector = await connect(server, { settings });
  const error = await errorOf(all(connector.listTags('team/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID', message: expect.stringContaining('plain http') });
  expect(server.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});
