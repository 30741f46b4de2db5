/** gcr.io: folders in place of a catalogue, and dates as texts of milliseconds. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { contractRepositories } from '../testing/contract-world.ts';
import { KEY_FILE, PRIVATE_KEY, WRONG_KEY_FILE } from '../testing/google-account.ts';
import { type GcrServer, startGcrServer } from './testing/server.ts';

const { signal } = new AbortController();
const settings = { type: 'google-container-registry', url: 'https://gcr.io/acme-project', product: {} } as const;
const account = { kind: 'google-service-account', keyFile: KEY_FILE } as const;
const token = { kind: 'token', token: 'ya29.at-hand' } as const;

async function harness(credentials: typeof account | typeof token) {
  const world = contractRepositories('acme-project/deep/folder');
  const login =
    credentials.kind === 'token'
      ? { username: 'oauth2accesstoken', password: token.token }
      : { username: '_json_key', password: KEY_FILE };
  const server = await startGcrServer(login);
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings,
    credentials,
    wrongCredentials:
      credentials.kind === 'token' ? { ...token, token: 'ya29.other' } : { ...account, keyFile: WRONG_KEY_FILE },
    options: { serviceOrigins: server.serviceOrigins },
    isUnpaged: true,
    listing: { repositories: /\/tags\/list$/, tags: /\/tags\/list$/ },
    secrets: credentials.kind === 'token' ? [token.token] : [PRIVATE_KEY, KEY_FILE],
  };
}

describeConnector('Google Container Registry with a service account', () => harness(account));
describeConnector('Google Container Registry with an access token', () => harness(token));

async function connect(server: GcrServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings,
    credentials: { kind: 'none' },
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: server.serviceOrigins,
    ...options,
  });
}

test('folders are walked, and a folder that holds images and folders is both', async () => {
  await using server = await startGcrServer();
  for (const name of ['acme-project/a', 'acme-project/a/b/c', 'acme-project/d/e', 'other-project/x']) {
    server.images.push(name, '1', '2026-01-01T00:00:00Z');
  }
  await using connector = await connect(server);
  const names = (await all(connector.listRepositories({ signal }))).map(({ name }) => name);
  expect(names).toEqual(['acme-project/a', 'acme-project/a/b/c', 'acme-project/d/e']);
});

test('folders whose names lead elsewhere are not followed', async () => {
  await using server = await startGcrServer();
  const body = JSON.stringify({ child: ['../../other', '', 'a/b', 'A', 'fine'], manifest: {}, tags: [] });
  server.images.registry.play(/acme-project\/tags\/list$/, sends(200, { 'content-type': 'application/json' }, body));
  server.images.push('acme-project/fine', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'acme-project/fine' }]);
  expect(server.images.registry.count(/tags\/list/)).toBe(2);
});

test('twenty thousand images in one answer are read', async () => {
  await using server = await startGcrServer();
  const digest = (at: number) => `sha256:${at.toString(16).padStart(64, '0')}`;
  const manifest = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, at) => [
      digest(at),
      {
        imageSizeBytes: '1',
        layerId: '',
        mediaType: 'm',
        tag: [`t${at}`],
        timeCreatedMs: '-62135596800000',
        timeUploadedMs: String(1_700_000_000_000 + at),
      },
    ]),
  );
  const body = JSON.stringify({ child: [], manifest, name: 'x', tags: Object.keys(manifest).map((_, at) => `t${at}`) });
  server.images.registry.playAlways(/tags\/list$/, sends(200, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  const tags = await all(connector.listTags('acme-project/x', {}, { signal }));
  expect(tags).toHaveLength(20_000);
  expect(tags[1]).toMatchObject({ name: 't1', digest: digest(1), pushedAt: '2023-11-14T22:13:20.001Z' });
});

test('without a project nothing can be listed, and the address says how', async () => {
  await using server = await startGcrServer();
  await using connector = await connect(server, { settings: { ...settings, url: 'https://gcr.io' } });
  await expect(all(connector.listRepositories({ signal }))).rejects.toMatchObject({ code: 'CATALOG_UNSUPPORTED' });
});

test('who may not read the project is told the role', async () => {
  await using server = await startGcrServer();
  const message =
    'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource (or it may not exist)';
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message }] });
  server.images.registry.playAlways(/tags\/list$/, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server, { credentials: account });
  // Nothing is shown before it is asked for, so the refusal comes to a visitor, and then to the account.
  const error = await errorOf(all(connector.listTags('acme-project/app', {}, { signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toContain('or it may not exist');
});

test('repositories may be written from the project on', async () => {
  await using server = await startGcrServer();
  await using connector = await connect(server);
  for (const text of ['team/app', 'acme-project/team/app', 'gcr.io/acme-project/team/app']) {
    expect(connector.normaliseRepository(text)).toBe('acme-project/team/app');
  }
  const scoped = { ...settings, url: 'gcr.io', product: { projectId: 'example.com:old-project' } };
  await using old = await connect(server, { settings: scoped });
  expect(old.normaliseRepository('app')).toBe('example.com/old-project/app');
});

test.each([
  ['https://gcr.io/acme-project', {}, { projectId: 'acme-project' }],
  ['eu.gcr.io/example.com/old-project', {}, { projectId: 'example.com:old-project' }],
  ['us.gcr.io', { projectId: 'acme-project' }, { projectId: 'acme-project' }],
  ['asia.gcr.io', {}, {}],
])('%s with %j has the settings %j', async (url, product, expected) => {
  const checked = await checkRegistrySettings({ type: 'google-container-registry', url, product });
  expect(checked.product).toEqual(expected);
});

test.each([
  ['https://registry.example', {}],
  ['https://gcr.io', { projectId: 'My Project' }],
  ['http://gcr.io', {}],
])('%s with %j is refused', async (url, product) => {
  const failure = checkRegistrySettings({ type: 'google-container-registry', url, product });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
