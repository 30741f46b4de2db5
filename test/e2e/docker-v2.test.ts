/** The connector of plain registries against the real docker-registry, by htpasswd and by tokens. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connector } from '#connector/connector.ts';
import type { RegistryCredentials } from '#connector/credentials.ts';
import { openConnector } from '#connector/open-connector.ts';
import { openAllImages } from '#image/open-image.ts';
import { RegistryClient } from '#image/registry/client.ts';
import { fixedCredentials } from '#image/registry/credential-store.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { uploadArtifact } from '#image/registry/upload.ts';
import { type DistributionRegistry, startDistribution, whyNoDistribution } from '../fixtures/distribution-registry.ts';
import { makeImage, makeIndex, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { IMPATIENT } from '../fixtures/open-from-registry.ts';
import { makeCertificate } from '../fixtures/registry-server.ts';
import { scratchFolder } from '../fixtures/scratch-folder.ts';
import { startTokenServer, type TokenServer } from '../fixtures/token-server.ts';

const { signal } = new AbortController();
const login = { username: 'robot$team+scan', password: 'pass:with "odd" $igns' };
const whyNot = whyNoDistribution();
const issuer = whyNot === undefined ? await makeCertificate(['127.0.0.1']) : undefined;
if (whyNot !== undefined) console.warn(`The connector of plain registries is not tried on a real one: ${whyNot}`);

/** More than a page of the catalogue. */
const REPOSITORIES = ['a', 'library/odd.name_x--y', 'team/app', 'team/base', 'team/deep/er/still', 'z9'];
const TAGS = ['1.0', 'V_2', '_hidden', 'latest', 'x'.repeat(128)];

describe.skipIf(whyNot !== undefined || issuer === undefined).each(['htpasswd', 'token'])(
  'docker-registry with %s',
  auth => {
    let registry: DistributionRegistry;
    let tokens: TokenServer | undefined;
    let indexDigest: string;

    beforeAll(async () => {
      if (issuer === undefined) throw new Error('openssl is needed');
      tokens = auth === 'token' ? await startTokenServer({ login, issuer }) : undefined;
      const by = tokens === undefined ? {} : { tokens: tokens.tokens };
      registry = await startDistribution({ login, maxCatalogEntries: 4, ...by });
      indexDigest = await fill(registry);
    });

    afterAll(async () => {
      await registry?.[Symbol.asyncDispose]();
      await tokens?.[Symbol.asyncDispose]();
    });

    test('all repositories and tags are listed, although it gives fewer at a time than asked for', async () => {
      await using connector = await connect(registry.host);
      const repositories = await Array.fromAsync(connector.listRepositories({ signal }));
      expect(repositories.map(({ name }) => name).toSorted()).toEqual(REPOSITORIES.toSorted());
      const tags = await Array.fromAsync(connector.listTags('team/app', {}, { signal }));
      expect(tags.map(({ name }) => name).toSorted()).toEqual(TAGS.toSorted());
    });

    test('what is not there, and who is not let in, is told apart', async () => {
      await using connector = await connect(registry.host);
      const missing = Array.fromAsync(connector.listTags('team/none', {}, { signal }));
      await expect(missing).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
      await using wrong = await connect(registry.host, { kind: 'basic', ...login, password: 'wrong' });
      await using nobody = await connect(registry.host, { kind: 'none' });
      for (const refused of [wrong, nobody]) {
        for (const list of [refused.listRepositories({ signal }), refused.listTags('team/app', {}, { signal })]) {
          await expect(Array.fromAsync<unknown>(list)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
        }
      }
    });

    test('images are pulled with the same log-in', async () => {
      await using connector = await connect(registry.host);
      const reference = connector.toReference('team/app', '1.0');
      await using content = await openRegistryWith(connector.client, reference, { signal });
      expect((await content.headRoot?.({ signal }))?.digest).toBe(indexDigest);
      const opened = await openAllImages(content, { signal });
      expect(opened.length).toBe(2);
    });

    test('every step of a test of the connection is fine, but for plain http', async () => {
      await using connector = await connect(registry.host);
      const steps = await Array.fromAsync(connector.probe({ signal, repository: 'team/app' }));
      expect(steps.map(({ step, result }) => `${step} ${result}`)).toEqual([
        'dns skipped',
        'tcp ok',
        'tls warning',
        ...['ping', 'challenge', 'token', 'catalogue', 'tags', 'manifest'].map(step => `${step} ok`),
      ]);
      await using wrong = await connect(registry.host, { kind: 'basic', ...login, password: 'wrong' });
      const refused = await Array.fromAsync(wrong.probe({ signal }));
      expect(refused.find(({ result }) => result === 'failed')).toMatchObject({
        step: 'token',
        code: 'REGISTRY_DENIED',
      });
    });

    test('tokens that are past their time are renewed', async () => {
      if (tokens === undefined) return;
      await using connector = await connect(registry.host);
      const before = tokens.granted.length;
      tokens.grantStale(1);
      expect((await Array.fromAsync(connector.listTags('team/app', {}, { signal }))).length).toBe(TAGS.length);
      expect(tokens.granted.slice(before)).toEqual([['repository:team/app:pull'], ['repository:team/app:pull']]);
    });

    test('tokens without the right to the catalogue mean that there is none for us', async () => {
      if (tokens === undefined || issuer === undefined) return;
      await using denying = await startTokenServer({ login, issuer, catalog: 'denied' });
      await using other = await startDistribution({ login, tokens: denying.tokens });
      await using connector = await connect(other.host);
      const listing = Array.fromAsync(connector.listRepositories({ signal }));
      await expect(listing).rejects.toMatchObject({
        code: 'CATALOG_UNSUPPORTED',
        message: expect.stringContaining('registry:catalog:*'),
      });
      expect(denying.granted).toContainEqual(['registry:catalog:*']);
    });
  },
);

async function connect(
  host: string,
  credentials: RegistryCredentials = { kind: 'basic', ...login },
): Promise<Connector> {
  const tls = { insecureHttp: true, allowsCredentialsOverHttp: true };
  const settings = { type: 'docker-v2', url: `http://${host}`, tls, product: {} } as const;
  return await openConnector({ settings, credentials, env: {}, allowsPrivateAddresses: false, patience: IMPATIENT });
}

/** One index by skopeo, the rest by our own upload. Returns the digest of the index. */
async function fill(registry: DistributionRegistry): Promise<string> {
  await using folder = await scratchFolder();
  const layer = await makeLayer([{ path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20\n' }]);
  const images = ['linux/amd64', 'linux/arm64'].map(platform => makeImage([layer], { platform }));
  const index = makeIndex(images);
  await writeOciLayout(folder.at('layout'), [{ content: index, name: '1.0' }]);
  await registry.push(folder.at('layout'), '1.0', 'team/app', '1.0');
  const [image = makeImage([layer])] = images;
  const credentials = fixedCredentials(registry.host, { kind: 'password', ...login, source: 'the test' });
  await using client = new RegistryClient({ credentials, tlsVerify: true, env: {}, certificateFolders: [] });
  const target = await client.registry(registry.host, { signal });
  const blobs = [...image.blobs]
    .filter(([digest]) => digest !== image.digest)
    .map(([digest, bytes]) => ({ digest, size: bytes.byteLength, content: () => bytes }));
  const manifest = { bytes: image.bytes, mediaType: image.descriptor.mediaType };
  const places = REPOSITORIES.flatMap(repository =>
    repository === 'team/app' ? TAGS.slice(1).map(tag => ({ repository, tag })) : [{ repository, tag: 'latest' }],
  );
  for (const { repository, tag } of places) await uploadArtifact(target, { repository, tag, manifest, blobs, signal });
  return index.digest;
}
