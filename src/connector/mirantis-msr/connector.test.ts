/** Mirantis Secure Registry: the older generation with its own API, and the newer one built on Harbor. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import { HARBOR_ROBOT, startHarborServer } from '../harbor/testing/server.ts';
import { openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { MSR_LOGIN, startMsrServer } from './testing/server.ts';

const { signal } = new AbortController();
const login = { kind: 'basic', ...MSR_LOGIN } as const;
const settingsOf = (server: { readonly images: { readonly registry: { readonly url: string } } }) =>
  ({
    type: 'mirantis-msr',
    url: server.images.registry.url,
    tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
    product: {},
  }) as const;

describeConnector('Mirantis Secure Registry 3', async () => {
  const world = contractRepositories();
  const server = await startMsrServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server),
    credentials: login,
    wrongCredentials: { ...login, password: 'not-the-token' },
    listing: {
      repositories: /^GET \/api\/v0\/repositories\?/,
      tags: /^GET \/api\/v0\/repositories\/acme\/app\/tags\?/,
    },
    expireTokens: () => server.images.registry.endTokens(),
    secrets: [MSR_LOGIN.password],
  };
});

describeConnector('Mirantis Secure Registry 4', async () => {
  const world = contractRepositories();
  const server = await startHarborServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server),
    credentials: { kind: 'basic', ...HARBOR_ROBOT },
    wrongCredentials: { kind: 'basic', ...HARBOR_ROBOT, password: 'not-the-secret' },
    listing: { repositories: /^GET \/api\/v2\.0\/repositories/, tags: /acme\/repositories\/app\/artifacts\?/ },
    secrets: [HARBOR_ROBOT.password],
  };
});

test('which generation it is is asked once, and nothing is shown for it', async () => {
  await using server = await startMsrServer();
  server.images.push('acme/app', '1', '2026-01-01T00:00:00Z');
  await using connector = await openConnector({
    settings: settingsOf(server),
    credentials: login,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
  });
  await all(connector.listRepositories({ signal }));
  await all(connector.listTags('acme/app', {}, { signal }));
  const asked = server.images.registry.seen(/systeminfo/);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.headers.authorization).toBeUndefined();
});

test('who may not read a repository is told what it takes', async () => {
  await using server = await startMsrServer();
  const body = JSON.stringify({ errors: [{ code: 'NOT_AUTHORIZED', message: 'The client is not authorized' }] });
  server.images.registry.playAlways(/\/tags\?/, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await openConnector({
    settings: settingsOf(server),
    credentials: login,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
  });
  const error = await errorOf(all(connector.listTags('acme/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('read-only access') });
});
