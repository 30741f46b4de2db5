/** Harbor: names encoded twice, dates of tags, proxy caches. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { HARBOR_ROBOT, type HarborServer, startHarborServer } from './testing/server.ts';

const { signal } = new AbortController();
const robot = { kind: 'basic', ...HARBOR_ROBOT } as const;
const settingsOf = (server: HarborServer) =>
  ({
    type: 'harbor',
    url: server.images.registry.url,
    tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
    product: {},
  }) as const;

describeConnector('Harbor', async () => {
  const world = contractRepositories('acme/deep/folder');
  const server = await startHarborServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server),
    credentials: robot,
    wrongCredentials: { ...robot, password: 'not-the-secret' },
    listing: { repositories: /^GET \/api\/v2\.0\/repositories/, tags: /folder%252Fapp\/artifacts\?/ },
    expireTokens: () => server.images.registry.endTokens(),
    secrets: [HARBOR_ROBOT.password],
  };
});

async function connect(server: HarborServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings: settingsOf(server),
    credentials: robot,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

test('a tag put on an older artifact has the date when it was put there', async () => {
  await using server = await startHarborServer();
  server.images.push('acme/app', 'stable', '2026-05-01T00:00:00Z');
  server.artifactDates.set('stable', '2020-01-01T00:00:00.000Z');
  await using connector = await connect(server);
  const since = new Date('2026-04-01T00:00:00Z');
  expect(await all(connector.listTags('acme/app', { since }, { signal }))).toMatchObject([
    { name: 'stable', pushedAt: '2026-05-01T00:00:00.000Z' },
  ]);
});

test('repositories of a proxy cache are marked, and who may not list projects still lists repositories', async () => {
  await using server = await startHarborServer();
  server.images.push('hub-proxy/library/alpine', '3', '2026-05-01T00:00:00Z');
  server.caches.add('hub-proxy');
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([
    { name: 'hub-proxy/library/alpine', note: expect.stringContaining('proxy cache') },
  ]);
  server.mayListProjects = false;
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'hub-proxy/library/alpine' }]);
});

test('a robot that may only pull is told which permissions it lacks', async () => {
  await using server = await startHarborServer();
  const body = JSON.stringify({ errors: [{ code: 'FORBIDDEN', message: 'forbidden' }] });
  server.images.registry.playAlways(/artifacts/, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listTags('acme/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('Artifact: list, read') });
});

test('named tags of a repository that is not there say so', async () => {
  await using server = await startHarborServer();
  await using connector = await connect(server);
  for (const name of ['acme/none', 'none']) {
    const error = await errorOf(all(connector.listTags(name, { names: ['1'] }, { signal })));
    expect(error).toMatchObject({ code: 'MANIFEST_UNKNOWN', message: expect.stringContaining(name) });
  }
});
