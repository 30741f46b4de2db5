/** JFrog Artifactory: searches with limits, three kinds of repositories, three ways to reach them. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { apiBaseOf, checkJfrogSettings } from './settings.ts';
import { JFROG_LOGIN, JFROG_TOKEN, type JfrogServer, startJfrogServer } from './testing/server.ts';

const { signal } = new AbortController();
const login = { kind: 'basic', ...JFROG_LOGIN } as const;
const tls = { insecureHttp: true, allowsCredentialsOverHttp: true };
const settingsOf = (server: JfrogServer, product = {}) =>
  ({ type: 'jfrog-artifactory', url: server.images.registry.url, tls, product }) as const;

describeConnector('JFrog Artifactory', async () => {
  const world = contractRepositories('docker-local/team');
  const server = await startJfrogServer();
  server.repositories.push({ key: 'docker-local', type: 'LOCAL' });
  server.rowLimit = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server),
    credentials: login,
    wrongCredentials: { ...login, password: 'not-the-password' },
    listing: { repositories: /^POST .*\/aql$/, tags: /^POST .*\/aql$/ },
    posts: /^POST \/artifactory\/api\/search\/aql$/,
    secrets: [JFROG_LOGIN.password],
  };
});

async function connect(server: JfrogServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings: settingsOf(server),
    credentials: login,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

test('remote repositories are searched in their cache and pulled by their key, virtual ones are left out', async () => {
  await using server = await startJfrogServer();
  server.repositories.push({ key: 'hub', type: 'REMOTE' }, { key: 'all', type: 'VIRTUAL', members: ['hub'] });
  server.images.push('hub/library/alpine', '3.20', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([
    { name: 'hub/library/alpine', note: expect.stringContaining('remote') },
  ]);
  expect(await all(connector.listTags('hub/library/alpine', {}, { signal }))).toMatchObject([{ name: '3.20' }]);
  expect(server.searches.every(query => query.includes('"hub-cache"'))).toBe(true);
});

test('a virtual repository that is named is searched in its members, also through others, and each tag comes once', async () => {
  await using server = await startJfrogServer();
  server.repositories.push(
    { key: 'all', type: 'VIRTUAL', members: ['own', 'inner'] },
    { key: 'inner', type: 'VIRTUAL', members: ['own', 'hub', 'inner'] },
    { key: 'own', type: 'FEDERATED' },
    { key: 'hub', type: 'REMOTE' },
  );
  server.images.push('own/app', '1', '2026-02-01T00:00:00Z');
  server.images.push('hub/app', '1', '2026-01-01T00:00:00Z');
  server.images.push('hub/app', '2', '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { settings: settingsOf(server, { repositoryKey: 'all' }) });
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'all/app' }]);
  expect(await all(connector.listTags('all/app', {}, { signal }))).toMatchObject([
    { name: '1', pushedAt: '2026-02-01T00:00:00.000Z' },
    { name: '2' },
  ]);
});

test('a limit of rows that an administrator has set cuts nothing off', async () => {
  await using server = await startJfrogServer();
  server.repositories.push({ key: 'own', type: 'LOCAL' });
  server.rowLimit = 2;
  for (const tag of ['1', '2', '3', '4', '5']) server.images.push('own/app', tag, `2026-01-0${tag}T00:00:00Z`);
  await using connector = await connect(server);
  expect(await all(connector.listTags('own/app', {}, { signal }))).toHaveLength(5);
});

test('the free edition, which knows no order, is listed without', async () => {
  await using server = await startJfrogServer();
  server.repositories.push({ key: 'own', type: 'LOCAL' });
  server.isFreeEdition = true;
  server.images.push('own/app', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  expect(await all(connector.listTags('own/app', {}, { signal }))).toHaveLength(1);
  await all(connector.listTags('own/app', {}, { signal }));
  expect(server.searches.filter(query => query.includes('.sort('))).toHaveLength(1);
});

test('images below an image, and folders of digests, are not its tags', async () => {
  await using server = await startJfrogServer();
  server.repositories.push({ key: 'own', type: 'LOCAL' });
  server.images.push('own/app', '1', '2026-01-01T00:00:00Z');
  server.images.push('own/app/sub', 'x', '2026-01-01T00:00:00Z');
  server.otherFolders.push({ repo: 'own', path: `app/sha256:${'a'.repeat(64)}` });
  await using connector = await connect(server);
  expect((await all(connector.listTags('own/app', {}, { signal }))).map(({ name }) => name)).toEqual(['1']);
  const names = (await all(connector.listRepositories({ signal }))).map(({ name }) => name);
  expect(names.toSorted()).toEqual(['own/app', 'own/app/sub']);
});

test('nothing since a date is nothing, and not an unknown repository', async () => {
  await using server = await startJfrogServer();
  server.repositories.push({ key: 'own', type: 'LOCAL' });
  server.images.push('own/app', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  const since = new Date('2026-02-01T00:00:00Z');
  expect(await all(connector.listTags('own/app', { since }, { signal }))).toEqual([]);
});

test('an access token asks as a bearer and pulls with the user name beside it', async () => {
  await using server = await startJfrogServer();
  server.repositories.push({ key: 'own', type: 'LOCAL' });
  server.images.push('own/app', '1', '2026-01-01T00:00:00Z');
  const credentials = { kind: 'token', token: JFROG_TOKEN, username: 'scanner' } as const;
  await using connector = await connect(server, { credentials });
  expect(await all(connector.listTags('own/app', {}, { signal }))).toHaveLength(1);
  const anonymous = connect(server, { credentials: { kind: 'token', token: JFROG_TOKEN } });
  await expect(anonymous).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});

test('who may not search is told what it takes', async () => {
  await using server = await startJfrogServer();
  const body = JSON.stringify({ errors: [{ status: 403, message: 'Forbidden' }] });
  server.images.registry.playAlways(/aql$/, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listTags('own/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('Read on the repository') });
});

test.each([
  ['https://art.example', {}, 'https://art.example/artifactory/'],
  ['https://art.example', { serviceContext: '' }, 'https://art.example/'],
  ['https://docker-local.art.example', { accessMethod: 'subdomain' }, 'https://art.example/artifactory/'],
  ['https://art.example:5001', { accessMethod: 'port', repositoryKey: 'k' }, 'https://art.example/artifactory/'],
  ['https://reg.example', { apiUrl: 'https://art.example/artifactory' }, 'https://art.example/artifactory/'],
])('the API of %s with %j is at %s', (url, product, expected) => {
  const settings = checkJfrogSettings({ type: 'jfrog-artifactory', url, product });
  expect(apiBaseOf(new URL(settings.url), settings.product).href).toBe(expected);
});

test.each([
  [{ accessMethod: 'path' }, 'docker-local/team/app', 'docker-local/team/app'],
  [{ accessMethod: 'path', repositoryKey: 'docker-local' }, 'team/app', 'docker-local/team/app'],
  [{ accessMethod: 'path' }, 'artifactory/api/docker/docker-local/v2/team/app', 'docker-local/team/app'],
  [{ accessMethod: 'port', repositoryKey: 'docker-local' }, 'team/app', 'team/app'],
])('with %j, %s is pulled as %s', async (product, text, expected) => {
  await using server = await startJfrogServer();
  await using connector = await connect(server, { settings: settingsOf(server, product) });
  expect(connector.normaliseRepository(text)).toBe(expected);
});

test.each<[string, Record<string, string>, string]>([
  ['https://art.example:5001', { accessMethod: 'port' }, 'a port without the key of its repository'],
  ['https://localhost', { accessMethod: 'subdomain' }, 'a host without sub-domain'],
  ['https://art.example', { apiUrl: 'http://art.example' }, 'an API by plain http'],
  ['https://art.example', { serviceContext: 'a/b' }, 'a context of two words'],
])('%s with %j is refused: %s', async (url, product) => {
  const failure = checkRegistrySettings({ type: 'jfrog-artifactory', url, product });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
