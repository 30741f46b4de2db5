/** GitHub: packages of organisations and users, with most versions untagged. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { type RegistryServer, sends } from '../../../test/fixtures/registry-server.ts';
import type { Connector, ConnectorOptions } from '../connector.ts';
import { openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { contractRepositories, holdWorld } from '../testing/contract-world.ts';
import { type GitHubOptions, startGitHub } from './testing/server.ts';

const { signal } = new AbortController();
const login = { username: 'token', password: 'ghp_very-secret' };
const token = { kind: 'token', token: login.password } as const;
const settings = { type: 'ghcr', url: 'ghcr.io', product: { owner: 'acme' } } as const;
const originsOf = ({ host }: RegistryServer) => ({ 'api.github.com': host, 'ghcr.io': host });

async function start(options: Partial<GitHubOptions> = {}) {
  const world = contractRepositories();
  const digests = new Map<string, string>();
  const server = await startGitHub({ login, world, digests, ...options });
  for (const [name, digest] of holdWorld(server, world)) digests.set(name, digest);
  return { server, world, digests };
}

for (const ownerIs of ['Organization', 'self', 'User'] as const) {
  describeConnector(`GitHub, packages of ${ownerIs}`, async () => {
    const { server, world, digests } = await start({ ownerIs });
    return {
      server,
      world,
      digests,
      settings,
      credentials: token,
      wrongCredentials: { kind: 'token', token: 'ghp_not-the-token' },
      options: { serviceOrigins: originsOf(server) },
      listing: {
        repositories: /^GET \/(?:orgs\/acme|user|users\/acme)\/packages\?/,
        tags: /^GET .*\/packages\/container\/app\/versions/,
      },
      secrets: [login.password],
    };
  });
}

async function connect(server: RegistryServer, options: Partial<ConnectorOptions> = {}): Promise<Connector> {
  const around = { env: {}, allowsPrivateAddresses: false, patience: IMPATIENT, serviceOrigins: originsOf(server) };
  return await openConnector({ settings, credentials: token, ...around, ...options });
}

test('visitors list the tags of a public package they name, and no packages', async () => {
  const world = contractRepositories();
  const digests = new Map<string, string>();
  await using server = await startGitHub({ login, world, digests });
  holdWorld(server, world);
  server.playAlways(/^GET \/token/, sends(200, {}, '{"token":"public"}'));
  server.playAlways(/^GET \/v2\/acme\/app\/tags/, sends(200, {}, '{"name":"acme/app","tags":["1.0","latest"]}'));
  await using connector = await connect(server, { credentials: { kind: 'none' } });
  expect(await all(connector.listTags('acme/app', {}, { signal }))).toEqual([{ name: '1.0' }, { name: 'latest' }]);
  const listing = all(connector.listRepositories({ signal }));
  expect(await errorOf(listing)).toMatchObject({
    code: 'CATALOG_UNSUPPORTED',
    message: expect.stringContaining('read:packages'),
  });
});

test('a refusal for asking too much is a rate limit, also as 403', async () => {
  const { server } = await start();
  await using _server = server;
  const now = Date.UTC(2026, 0, 1);
  await using connector = await connect(server, { now: () => now });
  const reset = String(now / 1000 + 1800);
  const spent = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
  server.playAlways(/versions/, sends(403, spent, '{"message":"API rate limit exceeded"}'));
  const error = await errorOf(all(connector.listTags('acme/app', {}, { signal })));
  expect(error).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('come back in 30 minutes') });
});

test('a token without the scope is told from one that is wrong', async () => {
  const { server } = await start();
  await using _server = server;
  await using connector = await connect(server);
  server.playAlways(/packages/, sends(403, {}, '{"message":"You need at least read:packages scope"}'));
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({
    code: 'REGISTRY_DENIED',
    message: expect.stringMatching(/may not do this.*read:packages/),
  });
});

test('without an owner the packages of the user are listed', async () => {
  const { server } = await start({ ownerIs: 'self' });
  await using _server = server;
  await using connector = await connect(server, { settings: { ...settings, product: {} } });
  expect((await all(connector.listRepositories({ signal }))).map(({ name }) => name)).toContain('acme/app');
});

test('an Enterprise Server has its API beside its registry', async () => {
  const { server } = await start();
  await using _server = server;
  const url = 'https://containers.github.example';
  const serviceOrigins = { 'github.example': server.host };
  await using connector = await connect(server, { settings: { ...settings, url }, serviceOrigins });
  await errorOf(all(connector.listTags('acme/app', {}, { signal })));
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/v3/users/acme']);
  expect(connector.toReference('acme/app', '1.0').registry).toBe('containers.github.example');
});
