/** A registry that would make the server a window on the network it runs in: nothing that it says leads there. */
import { describe, expect, test } from 'vitest';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { IMPATIENT } from '../../test/fixtures/open-from-registry.ts';
import { type Act, type RegistryServer, sends, startRegistryServer } from '../../test/fixtures/registry-server.ts';
import type { Connector, ConnectorOptions } from './connector.ts';
import { openConnector } from './open-connector.ts';
import { all, errorOf } from './testing/connector-contract.ts';

const { signal } = new AbortController();
const basic = { kind: 'basic', username: 'jane', password: 'correct-horse' } as const;
const HOST = 'registry.example';

/** A connector of `https://registry.example`, which `server` plays: to the rules it is a public registry. */
async function connect(server: RegistryServer, options: Partial<ConnectorOptions> = {}): Promise<Connector> {
  return await openConnector({
    settings: { type: 'docker-v2', url: HOST, product: {} },
    credentials: basic,
    env: {},
    allowsPrivateAddresses: false,
    patience: IMPATIENT,
    serviceOrigins: { [HOST]: server.host },
    ...options,
  });
}

const INSIDE = [
  { place: 'https://169.254.169.254/latest/meta-data/', why: 'link-local or metadata' },
  { place: 'https://metadata.google.internal/computeMetadata/v1/', why: 'link-local or metadata' },
  { place: 'https://[fd00:ec2::254]/', why: 'link-local or metadata' },
  { place: 'https://127.0.0.1:6379/', why: 'this machine' },
  { place: 'https://localhost/', why: 'this machine' },
  { place: 'https://[::1]/', why: 'this machine' },
  { place: 'https://0.0.0.0/', why: 'this machine' },
  { place: 'https://10.0.0.5/admin', why: 'a private address' },
  { place: 'https://192.168.1.1/', why: 'a private address' },
  { place: 'https://172.20.3.4:8443/', why: 'a private address' },
  { place: 'https://[fd12:3456:789a::1]/', why: 'a private address' },
  { place: 'https://[::ffff:10.0.0.5]/', why: 'a private address' },
  { place: 'https://3232235777/', why: 'a private address' },
];

describe('nothing that a public registry says leads inside', () => {
  test.each(INSIDE)('no redirect goes to $place', async ({ place, why }) => {
    await using server = await startRegistryServer();
    server.playAlways(/./, sends(307, { location: place }));
    await using connector = await connect(server);
    for (const asking of [
      all(connector.listTags('team/app', {}, { signal })),
      all(connector.listRepositories({ signal })),
    ]) {
      expect(await errorOf(asking)).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining(why) });
    }
  });

  test.each(INSIDE)('no token is fetched from $place', async ({ place, why }) => {
    await using server = await startRegistryServer({ auth: 'bearer', realm: place });
    await using connector = await connect(server);
    const error = await errorOf(all(connector.listTags('team/app', {}, { signal })));
    expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining(why) });
    expect(error.message).not.toContain(basic.password);
  });

  test.each(INSIDE)('no next page is looked for at $place', async ({ place }) => {
    await using server = await startRegistryServer();
    const next = `<${place}?last=a>; rel="next"`;
    server.play(/tags\/list/, (_, response) => {
      response.setHeader('link', next);
      response.end('{"tags":["a"]}');
    });
    server.play(/tags\/list\?n=1000&last=a/, sends(200, {}, '{"tags":["b"]}'));
    await using connector = await connect(server);
    expect((await all(connector.listTags('team/app', {}, { signal }))).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(server.requests.map(({ path }) => path)).toEqual([
      '/v2/team/app/tags/list?n=1000',
      '/v2/team/app/tags/list?n=1000&last=a',
    ]);
  });
});

test('where private addresses are allowed a redirect is followed there, and takes no credentials along', async () => {
  await using store = await startRegistryServer();
  await using server = await startRegistryServer();
  const held = server.addImage('team/app', '1.0', [Buffer.from('layer')]);
  store.addImage('team/app', '1.0', [Buffer.from('layer')]);
  const [layer = held.config] = held.layers;
  const away: Act = (request, response, proceed) => {
    if (request.headers.authorization === undefined) {
      response.setHeader('www-authenticate', 'Basic realm="r"');
      sends(401)(request, response, proceed);
    } else sends(307, { location: `${store.url}${request.path}` })(request, response, proceed);
  };
  server.playAlways(/blobs/, away);
  const read = async (allowsPrivateAddresses: boolean) => {
    // Over http, which an https registry may not send to; the settings of this one say http.
    const tls = { insecureHttp: true, allowsCredentialsOverHttp: true };
    const settings = { type: 'docker-v2', url: `http://${HOST}`, tls, product: {} } as const;
    await using connector = await connect(server, { settings, allowsPrivateAddresses });
    const content = await openRegistryWith(connector.client, connector.toReference('team/app', '1.0'), { signal });
    for await (const chunk of await content.blob(layer, { signal })) return Buffer.from(chunk).toString();
    return '';
  };
  await expect(read(false)).rejects.toMatchObject({ message: expect.stringContaining('this machine') });
  expect(await read(true)).toBe('layer');
  expect(store.requests.length).toBe(1);
  expect(store.requests[0]?.headers.authorization).toBeUndefined();
});

test('a private registry that people configured is reached, whatever else is not', async () => {
  await using server = await startRegistryServer({ catalog: 'listed', auth: 'bearer', login: basic });
  server.addImage('team/app', '1.0');
  const tls = { insecureHttp: true, allowsCredentialsOverHttp: true };
  await using connector = await connect(server, { settings: { type: 'docker-v2', url: server.url, tls, product: {} } });
  expect(await all(connector.listRepositories({ signal }))).toEqual([{ name: 'team/app' }]);
});

test('what the operator says is passed on', async () => {
  await using server = await startRegistryServer();
  server.addImage('team/app', '1.0');
  server.playAlways(/tags/, (_, response, proceed) => {
    response.setHeader('warning', '299 - "team/app moves to registry.example/new"');
    proceed();
  });
  const warnings: object[] = [];
  await using connector = await connect(server, { onWarning: warning => warnings.push(warning) });
  await all(connector.listTags('team/app', {}, { signal }));
  expect(warnings).toEqual([{ registry: HOST, text: 'team/app moves to registry.example/new' }]);
});
