import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { parsePlatform } from '#oci/platform.ts';
import { parseReference } from '#oci/reference.ts';
import { holding, startEngine } from '../../test/fixtures/engine-server.ts';
import {
  makeDockerArchive,
  makeImage,
  makeIndex,
  makeLayer,
  makeOciArchive,
  writeOciLayout,
} from '../../test/fixtures/image-builder.ts';
import { startRegistryServer } from '../../test/fixtures/registry-server.ts';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { isImage, openReference, openReferencedImage, openReferencedImages } from './open-reference.ts';
import { RegistryClient } from './registry/client.ts';
import { noCredentials } from './registry/credential-store.ts';

const layer = await makeLayer([{ path: 'a', content: 'a' }]);
const images = ['linux/amd64', 'linux/s390x'].map(platform => makeImage([layer], { platform }));
const index = makeIndex(images);
const s390x = makeImage([layer], { platform: 'linux/s390x' });

const folder = await scratchFolder();
await writeOciLayout(folder.at('layout'), [{ content: index, name: '1.0' }]);
await writeFile(folder.at('oci.tar'), await makeOciArchive([{ content: index, name: '1.0' }]));
const saved = await makeDockerArchive([{ image: s390x, tags: ['app:1.0'] }]);
await writeFile(folder.at('docker.tar'), saved);
await mkdir(folder.at('rootfs'));
const engine = await startEngine(holding('app:1.0', s390x.configDigest, saved));
const server = await startRegistryServer();
server.hold('app', '1.0', index);

const options = {
  signal: new AbortController().signal,
  registry: { credentials: noCredentials, tlsVerify: true, env: {} },
  dockerHost: engine.host,
};

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const places = [
  { text: `oci:${folder.at('layout')}:1.0`, count: 2 },
  { text: `oci-archive:${folder.at('oci.tar')}`, count: 2 },
  { text: `docker-archive:${folder.at('docker.tar')}`, count: 1 },
  { text: 'docker-daemon:app:1.0', count: 1 },
  { text: `${server.host}/app:1.0`, count: 2 },
];

test.each(places)('$text opens the image for a platform, and all of them', async ({ text, count }) => {
  const platform = parsePlatform('linux/s390x');
  await using image = await openReferencedImage(parseReference(text), { ...options, platform });
  expect(image).toMatchObject({ reference: text, platform });
  await using all = await openReferencedImages(parseReference(text), options);
  expect(all.images).toHaveLength(count);
});

test('a root folder is an image of one layer, for no platform', async () => {
  const reference = parseReference(`dir:${folder.at('rootfs')}`);
  const opened = await openReference(reference, options);
  expect(isImage(opened)).toBe(true);
  await using image = await openReferencedImage(reference, { ...options, platform: parsePlatform('linux/s390x') });
  expect(image).toMatchObject({
    reference: `dir:${folder.at('rootfs')}`,
    layers: [{ kind: 'folder', path: folder.at('rootfs') }],
  });
  expect(image).not.toHaveProperty('digest');
  await using all = await openReferencedImages(reference, options);
  expect(all.images).toHaveLength(1);
});

test.each([
  { name: 'nowhere', says: 'no such file or folder' },
  { name: 'docker.tar', says: 'not a folder' },
])('a root folder $name is FILE_UNKNOWN', async ({ name, says }) => {
  const opening = openReferencedImage(parseReference(`dir:${folder.at(name)}`), options);
  await expect(opening).rejects.toMatchObject({ code: 'FILE_UNKNOWN', message: expect.stringContaining(says) });
});

test('one client serves many images and outlives them', async () => {
  await using registry = new RegistryClient(options.registry);
  for (let times = 0; times < 2; times++) {
    await using all = await openReferencedImages(parseReference(`${server.host}/app:1.0`), { ...options, registry });
    expect(all.images).toHaveLength(2);
  }
});

test('what is not there fails the same way for one image and for all', async () => {
  for (const text of [`oci:${folder.at('layout')}:2.0`, `${server.host}/app:2.0`]) {
    const reference = parseReference(text);
    await expect(openReferencedImage(reference, options)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    await expect(openReferencedImages(reference, options)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  }
});
