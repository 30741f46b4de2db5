/** Amazon ECR Public: as its owner and as a visitor. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { ECR_PUBLIC_KEYS, type EcrPublicServer, startEcrPublicServer } from './testing/server.ts';

const { signal } = new AbortController();
const settings = { type: 'aws-ecr-public', url: 'https://public.ecr.aws', product: {} } as const;
const owner = { kind: 'aws', ...ECR_PUBLIC_KEYS } as const;

async function harness(credentials: typeof owner | { readonly kind: 'none' }) {
  const world = contractRepositories();
  const server = await startEcrPublicServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  const isOwner = credentials.kind === 'aws';
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings,
    credentials,
    ...(isOwner ? { wrongCredentials: { ...owner, accessKeyId: 'AKIAOTHER' } } : {}),
    options: { serviceOrigins: server.serviceOrigins },
    listing: isOwner
      ? { repositories: /^POST \/$/, tags: /^POST \/$/ }
      : { repositories: /^GET \/v2\/_catalog/, tags: /^GET \/v2\/acme\/app\/tags\/list/ },
    posts: /^POST \/$/,
    expireTokens: () => server.endTokens(),
    secrets: isOwner ? [ECR_PUBLIC_KEYS.secretAccessKey] : [],
  };
}

describeConnector('Amazon ECR Public as its owner', () => harness(owner));
describeConnector('Amazon ECR Public as a visitor', () => harness({ kind: 'none' }));

async function connect(server: EcrPublicServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings,
    credentials: owner,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: server.serviceOrigins,
    ...options,
  });
}

test('repositories of others are listed by the distribution protocol, without dates', async () => {
  await using server = await startEcrPublicServer();
  server.images.push('docker/library/alpine', '3.20', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  expect(await all(connector.listTags('docker/library/alpine', {}, { signal }))).toEqual([{ name: '3.20' }]);
});

test('a visitor is told why nothing is listed and what to do', async () => {
  await using server = await startEcrPublicServer();
  await using connector = await connect(server, { credentials: { kind: 'none' } });
  expect(connector.capabilities).toMatchObject({ catalog: false, pushedDate: false });
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({
    code: 'CATALOG_UNSUPPORTED',
    message: expect.stringContaining('name the repositories'),
  });
});

test('with an alias in the address only its repositories are listed, and names go without it', async () => {
  await using server = await startEcrPublicServer();
  server.images.push('acme/app', '1', '2026-01-01T00:00:00Z');
  const own = { ...settings, url: 'https://public.ecr.aws/acme' };
  await using connector = await connect(server, { settings: own });
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'acme/app' }]);
  for (const text of ['app', 'acme/app', 'public.ecr.aws/acme/app', 'https://public.ecr.aws/acme/app']) {
    expect(connector.normaliseRepository(text)).toBe('acme/app');
  }
});

test.each(['https://public.ecr.aws/a/b', 'https://ecr.example', 'https://public.ecr.aws:444'])(
  '%s is not Amazon ECR Public',
  async url => {
    const failure = checkRegistrySettings({ ...settings, url });
    await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
  },
);
