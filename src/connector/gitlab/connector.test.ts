/** GitLab: its API found by its registry, projects and groups, and a request for each tag's date. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { type RegistryServer, sends } from '../../../test/fixtures/registry-server.ts';
import type { Connector, ConnectorOptions } from '../connector.ts';
import { openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { contractRepositories, holdWorld } from '../testing/contract-world.ts';
import { GITLAB_HOST, GITLAB_REGISTRY, type GitlabOptions, startGitlab } from './testing/server.ts';

const { signal } = new AbortController();
const login = { username: 'token', password: 'glpat-very-secret' };
const token = { kind: 'token', token: login.password } as const;
const settings = { type: 'gitlab', url: GITLAB_REGISTRY, product: {} } as const;
const originsOf = ({ host }: RegistryServer) => ({ [GITLAB_HOST]: host, [GITLAB_REGISTRY]: host });

async function start(options: Partial<GitlabOptions> = {}) {
  const world = contractRepositories();
  const digests = new Map<string, string>();
  const server = await startGitlab({ login, world, digests, ...options });
  for (const [name, digest] of holdWorld(server, world)) digests.set(name, digest);
  return { server, world, digests };
}

for (const { title, product, pagesBy } of [
  { title: 'GitLab, by projects', product: {}, pagesBy: 'link' },
  { title: 'GitLab, by group', product: { group: 'acme', gitlabUrl: `https://${GITLAB_HOST}` }, pagesBy: 'number' },
] as const) {
  describeConnector(title, async () => {
    const { server, world, digests } = await start({ pagesBy });
    return {
      server,
      world,
      digests,
      settings: { ...settings, product },
      credentials: token,
      wrongCredentials: { kind: 'token', token: 'glpat-not-the-token' },
      options: { serviceOrigins: originsOf(server) },
      listing: {
        repositories: /^GET \/api\/v4\/(?:projects\?|groups\/acme\/registry)/,
        tags: /^GET \/api\/v4\/projects\/100\/registry\/repositories\/0\/tags/,
      },
      secrets: [login.password],
      pushedAtSource: 'config',
    };
  });
}

async function connect(server: RegistryServer, options: Partial<ConnectorOptions> = {}): Promise<Connector> {
  const around = { env: {}, allowsPrivateAddresses: false, patience: IMPATIENT, serviceOrigins: originsOf(server) };
  return await openConnector({ settings, credentials: token, ...around, ...options });
}

test('a registry that sends elsewhere for tokens is not taken for one of GitLab', async () => {
  const { server } = await start({ realm: 'https://auth.example/token' });
  await using _server = server;
  await using connector = await connect(server);
  expect(await errorOf(all(connector.listRepositories({ signal })))).toMatchObject({
    code: 'REGISTRY_SETTINGS_INVALID',
    message: expect.stringContaining('add the URL of GitLab'),
  });
});

test('a registry that is busy for a moment is asked again where its GitLab is', async () => {
  const { server } = await start();
  await using _server = server;
  await using connector = await connect(server);
  server.play(/^GET \/v2\/$/, sends(503));
  expect((await all(connector.listRepositories({ signal }))).length).toBe(7);
  server.playAlways(/^GET \/v2\/$/, sends(503));
  await using other = await connect(server);
  expect(await errorOf(all(other.listRepositories({ signal })))).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
});

test('a registry that names a private address as its GitLab gets no token of ours there', async () => {
  const { server } = await start({ realm: 'https://10.0.0.7/jwt/auth' });
  await using _server = server;
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('private address') });
});

test('a project that hides its images is left out, and told of', async () => {
  const { server, world } = await start();
  await using _server = server;
  const warnings: string[] = [];
  await using connector = await connect(server, { onWarning: ({ text }) => warnings.push(text) });
  server.playAlways(/projects\/101\/registry/, sends(403, {}, '{"message":"403 Forbidden"}'));
  server.playAlways(/projects\/102\/registry/, sends(404, {}, '{"message":"404 Not Found"}'));
  const listed = (await all(connector.listRepositories({ signal }))).map(({ name }) => name);
  expect(listed).toEqual(world.filter((_, at) => at !== 1 && at !== 2).map(({ name }) => name));
  expect(warnings).toEqual([expect.stringContaining('"acme/base"')]);
});

test('an archived project is noted', async () => {
  const { server } = await start();
  await using _server = server;
  await using connector = await connect(server);
  const listed = await all(connector.listRepositories({ signal }));
  expect(listed.filter(({ note }) => note !== undefined)).toEqual([
    { name: 'acme/a', note: 'its project is archived' },
  ]);
});

test('a deploy token pulls; that it cannot list is said', async () => {
  const { server } = await start();
  await using _server = server;
  server.playAlways(/api\/v4/, sends(401, {}, '{"message":"401 Unauthorized"}'));
  await using connector = await connect(server);
  expect(await errorOf(all(connector.listRepositories({ signal })))).toMatchObject({ code: 'REGISTRY_DENIED' });
  const names = connector.client.registry(GITLAB_REGISTRY, { signal });
  expect((await names).host).toBe(GITLAB_REGISTRY);
});

test('a tag that cannot be looked at is listed by its name', async () => {
  const { server } = await start();
  await using _server = server;
  await using connector = await connect(server);
  server.playAlways(/tags\/1\.0$/, sends(404, {}, '{"message":"404 Tag Not Found"}'));
  expect(await all(connector.listTags('acme/app', {}, { signal }))).toContainEqual({ name: '1.0' });
});
