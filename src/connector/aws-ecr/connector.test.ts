/** Amazon ECR: keys, roles with an external ID, passwords of twelve hours, throttling, and what is denied. */
import { afterEach, expect, test, vi } from 'vitest';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { makeAuthority } from '../testing/certificates.ts';
import { all, describeConnector, errorOf, expectNoSecret } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { startTunnelProxy } from '../testing/tunnel-proxy.ts';
import { ECR_HOST, ECR_KEYS, type EcrServer, startEcrServer } from './testing/server.ts';

const { signal } = new AbortController();
const authority = await makeAuthority();

afterEach(() => vi.unstubAllEnvs());
const settings = { type: 'aws-ecr', url: `https://${ECR_HOST}`, product: {} } as const;
const keys = { kind: 'aws', ...ECR_KEYS } as const;
const role = { ...keys, roleArn: 'arn:aws:iam::123456789012:role/plimsoll', externalId: 'plimsoll-test' } as const;

async function harness(credentials: typeof keys | typeof role) {
  const world = contractRepositories();
  const server = await startEcrServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings,
    credentials,
    wrongCredentials: { ...keys, accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'another-secret' },
    options: { serviceOrigins: server.serviceOrigins },
    listing: { repositories: /^POST \/$/, tags: /^POST \/$/ },
    posts: /^POST \/$/,
    ...('roleArn' in credentials ? { expireTokens: () => server.sessions.clear() } : {}),
    secrets: [ECR_KEYS.secretAccessKey],
  };
}

describeConnector('Amazon ECR with an access key', () => harness(keys));
describeConnector('Amazon ECR with a role', () => harness(role));

async function connect(server: EcrServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings,
    credentials: keys,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: server.serviceOrigins,
    ...options,
  });
}

test('a role is taken on with its external ID, once for many pages', async () => {
  await using server = await startEcrServer();
  server.maxPageSize = 1;
  for (const tag of ['1', '2', '3']) server.images.push('app', tag, '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { credentials: role });
  expect(await all(connector.listTags('app', {}, { signal }))).toHaveLength(3);
  expect(server.roles.map(form => [form.get('RoleArn'), form.get('ExternalId')])).toEqual([
    [role.roleArn, role.externalId],
  ]);
});

test('keys of a role that end in the middle of a listing are fetched anew', async () => {
  await using server = await startEcrServer();
  server.maxPageSize = 1;
  for (const tag of ['1', '2', '3']) server.images.push('app', tag, '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { credentials: role });
  const tags: string[] = [];
  for await (const { name } of connector.listTags('app', {}, { signal })) {
    if (tags.length === 1) server.sessions.clear();
    tags.push(name);
  }
  expect(tags).toEqual(['1', '2', '3']);
  expect(server.roles).toHaveLength(2);
});

test('a session token that has run out and cannot be renewed is called that', async () => {
  await using server = await startEcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  const credentials = { ...keys, sessionToken: 'an-old-session' };
  await using connector = await connect(server, { credentials });
  const error = await errorOf(all(connector.listTags('app', {}, { signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('has run out') });
  expectNoSecret(error, ['an-old-session', ECR_KEYS.secretAccessKey]);
});

test('what AWS echoes of a session token is not repeated', async () => {
  await using server = await startEcrServer();
  const credentials = { ...keys, sessionToken: 'a-session-of-mine' };
  server.exceptions.set('DescribeRepositories', [{ type: 'ValidationException', message: 'Bad a-session-of-mine' }]);
  await using connector = await connect(server, { credentials });
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('Bad …') });
  expect(error.cause).toBeUndefined();
});

test('a role that does not trust us says what its trust policy must hold', async () => {
  await using server = await startEcrServer();
  await using connector = await connect(server, { credentials: { ...role, externalId: 'of-another-registry' } });
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toMatch(/trust policy must allow sts:AssumeRole .* external ID/);
});

test('a missing right is named with the managed policy that has it', async () => {
  await using server = await startEcrServer();
  const message =
    'User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:DescribeRepositories on resource: *';
  server.exceptions.set('DescribeRepositories', [{ type: 'AccessDeniedException', message }]);
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toContain('ecr:DescribeRepositories');
  expect(error.message).toContain('AmazonEC2ContainerRegistryReadOnly');
  expect(error.message).toContain('user/ci');
});

test.each([
  { type: 'ThrottlingException', status: 400, why: 'as JSON 1.1 services say it' },
  { type: 'TooManyRequestsException', status: 429, why: 'as newer services say it' },
  { type: 'ServerException', status: 500, why: 'the service failed' },
])('$type is waited out: $why', async ({ type, status }) => {
  await using server = await startEcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  server.exceptions.set('DescribeImages', [
    { type, status, message: 'Rate exceeded' },
    { type, status, message: 'Rate exceeded' },
  ]);
  let pauses = 0;
  await using connector = await connect(server, { onRetry: () => pauses++ });
  expect(await all(connector.listTags('app', {}, { signal }))).toHaveLength(1);
  expect(pauses).toBe(2);
});

test('the password for pulling is fetched once, and anew when its twelve hours are over', async () => {
  await using server = await startEcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  let now = Date.now();
  await using connector = await connect(server, { now: () => now });
  const head = async () => {
    await using content = await openRegistryWith(connector.client, connector.toReference('app', '1'), { signal });
    return await content.headRoot?.({ signal });
  };
  const logins = () => server.calls.filter(call => call === 'GetAuthorizationToken').length;
  await head();
  await head();
  expect(logins()).toBe(1);
  now += 11.8 * 3_600_000;
  await head();
  expect(logins()).toBe(2);
});

test('repositories that a pull-through cache fills are marked as such', async () => {
  await using server = await startEcrServer();
  server.pullThroughPrefixes = [{ ecrRepositoryPrefix: 'hub', upstreamRegistryUrl: 'registry-1.docker.io' }];
  for (const name of ['hub/library/alpine', 'hubble']) server.images.push(name, '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server);
  expect(await all(connector.listRepositories({ signal }))).toEqual([
    { name: 'hub/library/alpine', note: expect.stringContaining('registry-1.docker.io') },
    { name: 'hubble' },
  ]);
});

test('pages that go in a circle are an error, not an endless list', async () => {
  await using server = await startEcrServer();
  server.images.registry.playAlways(
    request => String(request.headers['x-amz-target']).endsWith('DescribeRepositories'),
    sends(200, { 'content-type': 'application/x-amz-json-1.1' }, '{"repositories":[],"nextToken":"again"}'),
  );
  await using connector = await connect(server);
  await expect(all(connector.listRepositories({ signal }))).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
});

test.each([
  { url: 'https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/team', product: {}, why: 'a path' },
  { url: 'https://registry.example', product: {}, why: 'another host' },
  { url: settings.url, product: { accountType: 'us-govcloud' }, why: 'a region of another partition' },
  { url: settings.url, product: { region: 'eu-west-1' }, why: 'a field that it does not have' },
])('settings of Amazon ECR with $why are refused', async ({ url, product }) => {
  const failure = checkRegistrySettings({ type: 'aws-ecr', url, product });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});

test('the account type follows from the host, in GovCloud and China as well', async () => {
  const urls = [
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
  ];
  const found = await Promise.all(
    urls.map(async url => (await checkRegistrySettings({ type: 'aws-ecr', url, product: {} })).product),
  );
  expect(found).toEqual([{ accountType: 'us-govcloud' }, { accountType: 'china' }]);
});

test.each([
  { credentials: { kind: 'aws', accessKeyId: 'AKIA' }, why: 'a key without its secret' },
  { credentials: { kind: 'aws', externalId: 'x' }, why: 'an external ID without a role' },
  { credentials: { kind: 'aws', roleArn: 'plimsoll' }, why: 'a role that is no ARN' },
] as const)('credentials with $why are refused', async ({ credentials }) => {
  await using server = await startEcrServer();
  await expect(connect(server, { credentials })).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});

test.each([
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'api.ecr-fips.us-gov-west-1.amazonaws.com'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'api.ecr.cn-north-1.amazonaws.com.cn'],
  ['123456789012.dkr-ecr.eu-central-1.on.aws', 'ecr.eu-central-1.api.aws'],
])('the registry %s is listed by the API at %s', async (host, api) => {
  await using server = await startEcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { settings: { ...settings, url: `https://${host}` } });
  expect(await all(connector.listTags('app', {}, { signal }))).toHaveLength(1);
  expect(server.images.registry.requests.map(({ headers }) => headers.host)).toEqual([api]);
});

test.skipIf(authority === undefined)(
  'AWS is asked through the proxy and with the authority of the settings',
  async () => {
    const api = 'api.ecr.eu-west-1.amazonaws.com';
    await using server = await startEcrServer(await authority?.issue([api, 'sts.eu-west-1.amazonaws.com']));
    server.images.push('app', '1', '2026-01-01T00:00:00Z');
    await using proxy = await startTunnelProxy(server.images.registry.host);
    const own = { ...settings, proxy: proxy.url, tls: { caPem: authority?.pem } };
    await using connector = await connect(server, { settings: own, credentials: role, serviceOrigins: {} });
    expect(await all(connector.listTags('app', {}, { signal }))).toHaveLength(1);
    expect(proxy.tunnels).toEqual(['sts.eu-west-1.amazonaws.com:443', `${api}:443`]);
    await using distrustful = await connect(server, {
      settings: { ...settings, proxy: proxy.url },
      serviceOrigins: {},
    });
    const error = await errorOf(all(distrustful.listTags('app', {}, { signal })));
    expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', message: expect.stringContaining('certificate') });
  },
);

test('without an access key the identity of the machine is used', async () => {
  await using server = await startEcrServer();
  server.images.push('app', '1', '2026-01-01T00:00:00Z');
  vi.stubEnv('AWS_ACCESS_KEY_ID', ECR_KEYS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', ECR_KEYS.secretAccessKey);
  await using connector = await connect(server, { credentials: { kind: 'aws' } });
  expect(await all(connector.listTags('app', {}, { signal }))).toHaveLength(1);
});

test('a machine without identity is told what to give it', async () => {
  await using server = await startEcrServer();
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent');
  await using connector = await connect(server, { credentials: { kind: 'aws' } });
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringContaining('no identity with AWS') });
});
