/** Google Artifact Registry: signed log-ins, images by digest, and prefixes of names. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import type { ConnectorOptions } from '../connector.ts';
import { parseServiceAccount } from '../google-service-account.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf, expectNoSecret } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { KEY_FILE, PRIVATE_KEY, WRONG_KEY_FILE } from '../testing/google-account.ts';
import { GAR_HOST, type GarServer, startGarServer } from './testing/server.ts';

const { signal } = new AbortController();
const settings = { type: 'google-artifact-registry', url: `https://${GAR_HOST}/acme-project`, product: {} } as const;
const account = { kind: 'google-service-account', keyFile: KEY_FILE } as const;

describeConnector('Google Artifact Registry', async () => {
  const world = contractRepositories('acme-project/containers/deep');
  const server = await startGarServer({ username: '_json_key', password: KEY_FILE });
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings,
    credentials: account,
    wrongCredentials: { ...account, keyFile: WRONG_KEY_FILE },
    options: { serviceOrigins: server.serviceOrigins },
    listing: { repositories: /\/dockerImages\?/, tags: /\/dockerImages\?/ },
    posts: /^POST \/token$/,
    expireTokens: () => server.tokens.end(),
    secrets: [PRIVATE_KEY, KEY_FILE],
    // Google does not tell what is missing from what may not be seen, but an image of a repository that is there it does.
    unknownRepository: { name: 'acme-project/containers/none', code: 'MANIFEST_UNKNOWN' },
  };
});

async function connect(server: GarServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings,
    credentials: account,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: server.serviceOrigins,
    ...options,
  });
}

test('the log-in is signed for an hour, to read and for Google alone, and serves many calls', async () => {
  await using server = await startGarServer();
  server.images.push('acme-project/containers/app', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  await all(connector.listRepositories({ signal }));
  await all(connector.listTags('acme-project/containers/app', {}, { signal }));
  const { claims } = server.tokens;
  expect(claims).toHaveLength(1);
  const { iss, aud, scope, iat, exp } = claims[0] ?? {};
  expect({ iss, aud, scope, life: Number(exp) - Number(iat) }).toEqual({
    iss: 'plimsoll@acme-project.iam.gserviceaccount.com',
    aud: 'https://oauth2.googleapis.com/token',
    scope: 'https://www.googleapis.com/auth/cloud-platform.read-only',
    life: 3600,
  });
});

test('a token that ends between two pages is renewed, and the list is whole', async () => {
  await using server = await startGarServer();
  server.maxPageSize = 1;
  for (const tag of ['1', '2', '3']) server.images.push('acme-project/containers/app', tag, '2026-01-01T00:00:00Z');
  server.onPage = () => server.tokens.end();
  await using connector = await connect(server);
  expect(await all(connector.listTags('acme-project/containers/app', {}, { signal }))).toHaveLength(3);
  expect(server.tokens.claims.length).toBe(3);
});

test('the images of a repository are listed once for all its paths', async () => {
  await using server = await startGarServer();
  for (const name of ['a', 'b', 'c'])
    server.images.push(`acme-project/containers/${name}`, '1', '2026-01-01T00:00:00Z');
  let now = Date.now();
  await using connector = await connect(server, { now: () => now });
  for await (const { name } of connector.listRepositories({ signal }))
    await all(connector.listTags(name, {}, { signal }));
  expect(server.images.registry.count(/dockerImages/)).toBe(1);
  now += 61_000;
  await all(connector.listTags('acme-project/containers/a', {}, { signal }));
  expect(server.images.registry.count(/dockerImages/)).toBe(2);
});

test('repositories of other formats and virtual ones are left out, remote ones are marked', async () => {
  await using server = await startGarServer();
  server.images.push('acme-project/containers/app', '1', '2026-01-01T00:00:00Z');
  server.others.push({ name: 'maven', format: 'MAVEN', mode: 'STANDARD_REPOSITORY' });
  server.others.push({ name: 'virtual', format: 'DOCKER', mode: 'VIRTUAL_REPOSITORY' });
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'acme-project/containers/app' }]);
  expect(server.images.registry.count(/maven|virtual/)).toBe(0);
});

test('what may not be seen, or is not there, is told with the role and Google’s own words', async () => {
  await using server = await startGarServer();
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listTags('acme-project/secret/app', {}, { signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toContain('roles/artifactregistry.reader');
  expect(error.message).toContain('or it may not exist');
});

test('a key that Google does not know is called that, and not repeated', async () => {
  await using server = await startGarServer();
  await using connector = await connect(server, { credentials: { ...account, keyFile: WRONG_KEY_FILE } });
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toContain('Invalid JWT Signature');
  expectNoSecret(error, [JSON.parse(WRONG_KEY_FILE).private_key]);
});

test('visitors list tags by the registry itself, with dates, and no repositories', async () => {
  await using server = await startGarServer();
  server.images.push('acme-project/public/app', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { credentials: { kind: 'none' } });
  expect(connector.capabilities.catalog).toBe(false);
  const [tag] = await all(connector.listTags('acme-project/public/app', {}, { signal }));
  expect(tag).toMatchObject({ name: '1', pushedAt: '2026-01-01T00:00:00.000Z' });
  await expect(all(connector.listRepositories({ signal }))).rejects.toMatchObject({ code: 'CATALOG_UNSUPPORTED' });
});

test('repositories may be written after the repository of Artifact Registry, and in full', async () => {
  await using server = await startGarServer();
  const url = `${settings.url}/containers`;
  await using connector = await connect(server, { settings: { ...settings, url } });
  for (const text of ['app', 'acme-project/containers/app', `${GAR_HOST}/acme-project/containers/app`]) {
    expect(connector.normaliseRepository(text)).toBe('acme-project/containers/app');
  }
  await using whole = await connect(server);
  expect(whole.normaliseRepository('containers/app')).toBe('acme-project/containers/app');
});

test.each([
  ['europe-docker.pkg.dev/acme-project/containers', { projectId: 'acme-project', repository: 'containers' }],
  ['us-central1-docker.pkg.dev/example.com/old-project', { projectId: 'example.com:old-project' }],
])('the address %s says %j', async (url, product) => {
  const checked = await checkRegistrySettings({ type: 'google-artifact-registry', url, product: {} });
  expect(checked.product).toEqual(product);
});

test.each([
  'europe-docker.pkg.dev',
  'europe-npm.pkg.dev/acme-project',
  'gcr.io/acme-project',
  'http://eu-docker.pkg.dev/p-12345',
])('the address %s is refused', async url => {
  const failure = checkRegistrySettings({ type: 'google-artifact-registry', url, product: {} });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});

test.each([
  ['{', 'no JSON'],
  ['{"type":"authorized_user","client_email":"a@b.c","private_key":"x"}', 'credentials of a person'],
  ['{"type":"service_account","client_email":"a@b.c","private_key":"not-a-key"}', 'a key that is none'],
])('a key file is refused: %#: %s', keyFile => {
  expect(() => parseServiceAccount(keyFile)).toThrow(expect.objectContaining({ code: 'REGISTRY_SETTINGS_INVALID' }));
});
