/** OpenShift: image streams with their history, references elsewhere, lists that are forgotten. */
import { expect, test } from 'vitest';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { sends } from '../../../test/fixtures/registry-server.ts';
import type { ConnectorOptions } from '../connector.ts';
import { checkRegistrySettings, openConnector } from '../open-connector.ts';
import { all, describeConnector, errorOf } from '../testing/connector-contract.ts';
import { CONTRACT_PAGE_SIZE, contractRepositories } from '../testing/contract-world.ts';
import { OPENSHIFT_TOKEN, type OpenshiftServer, startOpenshiftServer } from './testing/server.ts';

const { signal } = new AbortController();
const token = { kind: 'token', token: OPENSHIFT_TOKEN } as const;
const settingsOf = (server: OpenshiftServer, product = {}) =>
  ({
    type: 'openshift',
    url: server.images.registry.url,
    tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
    product: { apiUrl: server.images.registry.url, ...product },
  }) as const;

describeConnector('OpenShift', async () => {
  const world = contractRepositories();
  const server = await startOpenshiftServer();
  server.maxPageSize = CONTRACT_PAGE_SIZE;
  return {
    server: server.images.registry,
    world,
    digests: server.images.hold(world),
    settings: settingsOf(server),
    credentials: token,
    wrongCredentials: { ...token, token: 'not-the-token' },
    listing: { repositories: /v1\/imagestreams\?/, tags: /namespaces\/acme\/imagestreams\/app$/ },
    isUnpaged: true,
    expireTokens: () => server.images.registry.endTokens(),
    secrets: [OPENSHIFT_TOKEN],
  };
});

async function connect(server: OpenshiftServer, options: Partial<ConnectorOptions> = {}) {
  return await openConnector({
    settings: settingsOf(server),
    credentials: token,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    ...options,
  });
}

test('a list that the cluster has forgotten is begun anew, and comes whole and once', async () => {
  await using server = await startOpenshiftServer();
  for (const name of ['a', 'b', 'c', 'd']) server.images.push(`team/${name}`, '1', '2026-01-01T00:00:00Z');
  server.maxPageSize = 1;
  server.forgets = 1;
  await using connector = await connect(server);
  const names = (await all(connector.listRepositories({ signal }))).map(({ name }) => name);
  expect(names).toEqual(['team/a', 'team/b', 'team/c', 'team/d']);
  server.forgets = 100;
  await expect(all(connector.listRepositories({ signal }))).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
});

test('images of other registries are left out and told of, but for those that the registry passes through', async () => {
  await using server = await startOpenshiftServer();
  server.images.push('team/app', '1', '2026-01-01T00:00:00Z');
  const digest = `sha256:${'b'.repeat(64)}`;
  server.foreign.push(
    { repository: 'team/app', tag: 'upstream', reference: `quay.io/org/app@${digest}` },
    { repository: 'team/app', tag: 'passed', reference: `quay.io/org/app@${digest}`, policy: 'Local' },
    { repository: 'team/app', tag: 'broken' },
  );
  const warnings: string[] = [];
  await using connector = await connect(server, { onWarning: ({ text }) => warnings.push(text) });
  const names = (await all(connector.listTags('team/app', {}, { signal }))).map(({ name }) => name);
  expect(names.toSorted()).toEqual(['1', 'passed']);
  expect(warnings).toEqual([expect.stringContaining('"upstream"')]);
});

test('only the project of the settings is listed, and names go without it', async () => {
  await using server = await startOpenshiftServer();
  for (const name of ['team/app', 'other/app']) server.images.push(name, '1', '2026-01-01T00:00:00Z');
  await using connector = await connect(server, { settings: settingsOf(server, { namespace: 'team' }) });
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'team/app' }]);
  expect(connector.normaliseRepository('app')).toBe('team/app');
});

test('who may not list is told the role and the command that grants it', async () => {
  await using server = await startOpenshiftServer();
  const message =
    'imagestreams.image.openshift.io is forbidden: User "system:serviceaccount:a:plimsoll" cannot list resource';
  const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, reason: 'Forbidden', code: 403 });
  server.images.registry.playAlways(/imagestreams/, sends(403, { 'content-type': 'application/json' }, body));
  await using connector = await connect(server);
  const error = await errorOf(all(connector.listRepositories({ signal })));
  expect(error.code).toBe('REGISTRY_DENIED');
  expect(error.message).toContain('add-cluster-role-to-user registry-viewer');
  expect(error.message).toContain('system:serviceaccount:a:plimsoll');
});

test('a token that ends soon is told of when the registry is opened', async () => {
  await using server = await startOpenshiftServer();
  const warnings: string[] = [];
  const onWarning = ({ text }: { text: string }) => warnings.push(text);
  const now = () => Date.UTC(2039, 11, 25);
  await using _ = await connect(server, { onWarning, now });
  expect(warnings).toEqual([expect.stringContaining('ends on 2040-01-01')]);
  expect(warnings.join()).not.toContain(OPENSHIFT_TOKEN);
});

test.each([
  ['https://default-route-openshift-image-registry.apps.cluster.example', 'https://api.cluster.example:6443'],
  ['https://image-registry.openshift-image-registry.svc:5000', 'https://kubernetes.default.svc'],
])('the API of the cluster of %s is at %s', async (url, apiUrl) => {
  const checked = await checkRegistrySettings({ type: 'openshift', url, product: {} });
  expect(checked.product).toEqual({ apiUrl });
});

test.each([
  ['https://registry.example', {}],
  ['https://registry.example', { apiUrl: 'http://api.example:6443' }],
  ['https://registry.example', { apiUrl: 'https://api.example', namespace: 'Team' }],
])('%s with %j is refused', async (url, product) => {
  const failure = checkRegistrySettings({ type: 'openshift', url, product });
  await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_SETTINGS_INVALID' });
});
