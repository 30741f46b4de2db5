/** The registry client against a registry that others wrote, filled by a client that others wrote. */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAllImages, openImage } from '#image/open-image.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { verified } from '#image/verified.ts';
import { digestOf } from '#oci/digest.ts';
import { parsePlatform } from '#oci/platform.ts';
import { type DistributionRegistry, startDistribution, whyNoDistribution } from '../fixtures/distribution-registry.ts';
import { type BuiltImage, makeImage, makeIndex, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { collect, openFromRegistry } from '../fixtures/open-from-registry.ts';
import { makeCertificate } from '../fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';

const options = { signal: new AbortController().signal };
const login = { username: 'robot$team+scan', password: 'pass:with "odd" $igns' };
const whyNot = whyNoDistribution();
const certificate = whyNot === undefined ? await makeCertificate(['127.0.0.1']) : undefined;
if (whyNot !== undefined) console.warn(`The registry client is not tried on a real registry: ${whyNot}`);

describe.skipIf(whyNot !== undefined)('on docker-registry', () => {
  let registry: DistributionRegistry;
  let folder: ScratchFolder;
  let images: readonly BuiltImage[];
  let authFile: string;

  beforeAll(async () => {
    folder = await scratchFolder();
    registry = await startDistribution({ login });
    const base = await makeLayer([{ path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20\n' }]);
    const top = await makeLayer([{ path: 'srv/data', content: Buffer.alloc(200_000, 'plimsoll') }], {
      compression: 'zstd',
    });
    images = ['linux/amd64', 'linux/arm64'].map(platform => makeImage([base, top], { platform }));
    await writeOciLayout(folder.at('layout'), [{ content: makeIndex(images), name: '1.0' }]);
    await registry.push(folder.at('layout'), '1.0', 'team/app', '1.0');
    authFile = await registry.logIn(login);
  });

  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const open = (name: string) =>
    openFromRegistry(`${registry.host}/${name}`, { credentials: openCredentialStore({ authFile, env: {} }) });

  test('an image that skopeo pushed is read with the credentials that skopeo stored', async () => {
    await using image = await openImage(await open('team/app:1.0'), {
      ...options,
      platform: parsePlatform('linux/arm64'),
    });
    const pushed = images[1];
    expect(image.digest).toBe(pushed?.digest);
    for (const [at, layer] of image.layers.entries()) {
      if (layer.kind !== 'tar') throw new Error('expected a tar');
      const bytes = await collect(verified(await layer.open(options), layer));
      expect(digestOf(bytes)).toBe(pushed?.layers[at]?.digest);
      const range = await layer.openRange({ offset: 3, length: 5 }, options);
      expect(range).toEqual(bytes.subarray(3, 8));
    }
  });

  test('every image of an index is opened', async () => {
    await using content = await open('team/app:1.0');
    const opened = await openAllImages(content, options);
    expect(opened.map(({ digest }) => digest)).toEqual(images.map(({ digest }) => digest));
  });

  test('the digest of a tag is had by HEAD, and names what GET brings', async () => {
    await using content = await open('team/app:1.0');
    const head = await content.headRoot(options);
    const root = await content.root(options);
    expect(head).toEqual({ digest: root.digest, mediaType: root.mediaType });
    await using byDigest = await open(`team/app@${root.digest}`);
    expect((await byDigest.root(options)).bytes).toEqual(root.bytes);
  });

  test('what is not there is named', async () => {
    const missing = { code: 'MANIFEST_UNKNOWN', message: expect.stringContaining('has no tag "2.0"') };
    await using noTag = await open('team/app:2.0');
    await expect(noTag.root(options)).rejects.toMatchObject(missing);
    await expect(noTag.headRoot(options)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    await using noRepository = await open('team/none:1.0');
    await expect(noRepository.root(options)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    const layer = { mediaType: 'x', digest: digestOf('none'), size: 4, annotations: {}, urls: [] };
    await expect(collect(await noTag.blob(layer, options))).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
  });

  test('without credentials, and with wrong ones, the registry says no', async () => {
    await using anonymous = await openFromRegistry(`${registry.host}/team/app:1.0`);
    await expect(anonymous.root(options)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining('there are none'),
    });
    const wrong = folder.at('wrong.json');
    const auth = Buffer.from(`${login.username}:wrong`).toString('base64');
    await writeFile(wrong, JSON.stringify({ auths: { [`${registry.host}/team`]: { auth } } }));
    const credentials = openCredentialStore({ authFile: wrong, env: {} });
    await using denied = await openFromRegistry(`${registry.host}/team/app:1.0`, { credentials });
    await expect(denied.root(options)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(`refuses the credentials from ${wrong}`),
    });
  });

  test.skipIf(certificate === undefined)('over TLS its certificate is checked', async () => {
    if (certificate === undefined) return;
    await using secure = await startDistribution({ login, tls: certificate });
    await secure.push(folder.at('layout'), '1.0', 'team/app', '1.0');
    const credentials = openCredentialStore({ authFile: await secure.logIn(login), env: {} });
    const caFile = folder.at('ca.pem');
    await writeFile(caFile, certificate.cert);
    await using trusted = await openFromRegistry(`${secure.host}/team/app:1.0`, { credentials, caFile });
    expect((await trusted.root(options)).digest).toMatch(/^sha256:/);
    await using unknown = await openFromRegistry(`${secure.host}/team/app:1.0`, { credentials });
    await expect(unknown.root(options)).rejects.toMatchObject({ message: expect.stringContaining('is self-signed') });
  });
});
