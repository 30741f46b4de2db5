import { existsSync } from 'node:fs';
import { truncate, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { digestOf, splitDigest } from '#oci/digest.ts';
import {
  type BuiltImage,
  type BuiltLayer,
  blobPath,
  compress,
  type EntrySpec,
  makeDockerArchive,
  makeImage,
  makeLayer,
  makeTar,
  ociLayoutFiles,
  tarOfFiles,
} from '../../test/fixtures/image-builder.ts';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { openDockerArchive } from './docker-archive.ts';
import { openImage } from './open-image.ts';
import { verified } from './verified.ts';

const options = { signal: new AbortController().signal };
const shared = process.env['PLIMSOLL_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');

const base = await makeLayer([{ path: 'etc/os-release', content: 'ID=alpine\n' }]);
const top = await makeLayer([{ path: 'srv/app', content: 'app' }]);
const app = makeImage([base, top]);
const other = makeImage([base], { platform: 'linux/arm64' });
const both = [
  { image: app, tags: ['docker.io/library/app:1.0', 'app:latest'] },
  { image: other, tags: ['localhost/other:1.0'] },
];

/** What an archive holds when it is opened under `name`: the image and its layers, uncompressed or not, each verified. */
async function read(archive: Uint8Array, name?: string) {
  await using folder = await scratchFolder();
  await writeFile(folder.at('a.tar'), archive);
  const reference = {
    transport: 'docker-archive',
    path: folder.at('a.tar'),
    ...(name === undefined ? {} : { name }),
  } as const;
  await using image = await openImage(await openDockerArchive(reference, options), options);
  const layers: Buffer[] = [];
  for (const layer of image.layers) {
    if (layer.kind !== 'tar') continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of verified(await layer.open(options), layer)) chunks.push(chunk);
    layers.push(Buffer.concat(chunks));
  }
  return { image, layers };
}

/** A `docker save` archive of one image with these paths, whatever they lead to. */
function listing(list: unknown, entries: readonly EntrySpec[] = []): Promise<Buffer> {
  return makeTar([...entries, { path: 'manifest.json', content: JSON.stringify(list) }]);
}

const failing = (code: string, says: string) => ({ code, message: expect.stringContaining(says) });

describe('an archive of docker save', () => {
  test.each(['plain', 'legacy'] as const)('in the %s form has no manifest: the image has no digest', async form => {
    const { image, layers } = await read(await makeDockerArchive([{ image: app }], form));
    expect(image).not.toHaveProperty('digest');
    expect(image.manifest?.config.digest).toBe(app.configDigest);
    expect(image.layers).toMatchObject([
      { digest: base.diffId, diffId: base.diffId, mediaType: 'application/vnd.oci.image.layer.v1.tar' },
      { digest: top.diffId, diffId: top.diffId },
    ]);
    expect(layers).toEqual([base.tar, top.tar]);
  });

  test('of Docker 25 is an OCI layout: the image has its own manifest and digest', async () => {
    const { image, layers } = await read(await makeDockerArchive([{ image: app, tags: ['app:1'] }], 'oci'));
    expect(image.digest).toBe(app.digest);
    expect(layers).toEqual([base.bytes, top.bytes]);
  });

  test('of Docker 25 with a damaged index is read all the same', async () => {
    const files = ociLayoutFiles([{ content: app }]).set('index.json', Buffer.from('broken'));
    const list = [{ Config: blobPath(app.configDigest), Layers: app.layers.map(layer => blobPath(layer.digest)) }];
    files.set('manifest.json', Buffer.from(JSON.stringify(list)));
    const { image, layers } = await read(await tarOfFiles(files));
    expect(image).not.toHaveProperty('digest');
    expect(layers).toEqual([base.bytes, top.bytes]);
  });

  test.each([
    { pack: (tar: Buffer) => tar, how: 'as it is' },
    { pack: (tar: Buffer) => gzipSync(tar), how: 'in gzip' },
    { pack: (tar: Buffer) => compress(tar, 'gzip', 4), how: 'in gzip of several members' },
    { pack: (tar: Buffer) => zstdCompressSync(tar), how: 'in zstd' },
  ])('is the same $how', async ({ pack }) => {
    const { image, layers } = await read(pack(await makeDockerArchive(both, 'legacy')), 'other:1.0');
    expect(image.platform).toEqual({ os: 'linux', architecture: 'arm64' });
    expect(layers).toEqual([base.tar]);
  });

  test.each(['gzip', 'zstd'] as const)('may hold layers in %s, as kaniko and crane write them', async compression => {
    const layer = await makeLayer([{ path: 'a', content: 'a' }], { compression });
    const { image, layers } = await read(
      await custom(makeImage([layer]), [{ path: 'l.tar.gz', content: layer.bytes }]),
    );
    expect(image.layers).toMatchObject([
      {
        digest: layer.digest,
        diffId: layer.diffId,
        mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`,
      },
    ]);
    expect(layers).toEqual([layer.bytes]);
  });

  test.each([
    { link: { path: 'x/l.tar', symlink: '../y/layer.tar' } as const, how: 'symbolic link' },
    { link: { path: 'x/l.tar', hardlink: 'y/layer.tar' } as const, how: 'hard link' },
  ])('may share a layer by $how', async ({ link }) => {
    const image = makeImage([await plainLayer()]);
    const [layer] = image.layers;
    const archive = await custom(image, [link, { path: 'y/layer.tar', content: layer?.tar ?? '' }]);
    expect((await read(archive)).layers).toEqual([layer?.tar]);
  });

  test('may list the same layer twice, and layers of nothing', async () => {
    const empty = await makeLayer(Buffer.alloc(1024), { compression: 'none' });
    const { layers } = await read(await makeDockerArchive([{ image: makeImage([empty, base, empty]) }]));
    expect(layers).toEqual([empty.tar, base.tar, empty.tar]);
  });

  test('gives the made-up manifest the same bytes however the archive is written', async () => {
    const archives = [await makeDockerArchive([{ image: app }]), gzipSync(await makeDockerArchive(both, 'legacy'))];
    const digests: string[] = [];
    for (const archive of archives) {
      await using folder = await scratchFolder();
      await writeFile(folder.at('a.tar'), archive);
      const reference = { transport: 'docker-archive', path: folder.at('a.tar') } as const;
      const name = splitDigest(app.configDigest).hex;
      await using source = await openDockerArchive({ ...reference, name }, options);
      digests.push((await source.root(options)).digest);
    }
    expect(new Set(digests).size).toBe(1);
  });

  test.skipIf(!existsSync(shared))('written by Docker 18.09 in 2019 is read (shared data)', async () => {
    const path = resolve(shared, 'data/images/alpine-3.9.4-amd64.docker-save.tar.gz');
    const source = await openDockerArchive({ transport: 'docker-archive', path, name: 'alpine:3.9' }, options);
    await using image = await openImage(source, options);
    const [layer] = image.layers;
    if (layer?.kind !== 'tar') throw new Error('expected a tar');
    let sizeBytes = 0;
    for await (const chunk of verified(await layer.open(options), layer)) sizeBytes += chunk.length;
    expect(sizeBytes).toBe(5_796_352);
  });
});

describe('the choice of an image', () => {
  const id = splitDigest(other.configDigest).hex;

  test.each([
    { name: 'docker.io/library/app:1.0', picked: app, why: 'its tag' },
    { name: 'app:1.0', picked: app, why: 'the short form of its tag' },
    { name: 'app', picked: app, why: 'without a tag it is latest' },
    { name: 'localhost/other:1.0', picked: other, why: 'a tag with a host' },
    { name: 'other:1.0', picked: other, why: 'the end of a tag' },
    { name: id, picked: other, why: 'its id' },
    { name: `sha256:${id}`, picked: other, why: 'its id in full' },
    { name: id.slice(0, 12), picked: other, why: 'its id as docker images shows it' },
  ])('$name: $why', async ({ name, picked }) => {
    const { image } = await read(await makeDockerArchive(both), name);
    expect(image.manifest?.config.digest).toBe(picked.configDigest);
  });

  test.each([
    {
      name: undefined,
      says: '2 images to choose from; name one of "docker.io/library/app:1.0", "app:latest", "localhost/other:1.0"',
    },
    { name: 'nobody', says: 'no image of that name or id; name one of "docker.io/library/app:1.0"' },
    { name: '1.0', says: `2 images to choose from; name one of "${splitDigest(app.configDigest).hex}"` },
    { name: id.slice(0, 3), says: 'no image of that name or id' },
  ])('$name is refused: $says', async ({ name, says }) => {
    await expect(read(await makeDockerArchive(both), name)).rejects.toMatchObject(failing('MANIFEST_UNKNOWN', says));
  });

  test('lists images without tags by their ids', async () => {
    const reading = read(await makeDockerArchive([{ image: app }, { image: other }]));
    await expect(reading).rejects.toMatchObject(failing('MANIFEST_UNKNOWN', id.slice(0, 12)));
  });
});

describe('a damaged or hostile archive', () => {
  const config: EntrySpec = { path: 'config.json', content: app.config };

  test.each([
    { archive: () => listing([]), code: 'MANIFEST_UNKNOWN', says: 'there is no image', why: 'it lists nothing' },
    { archive: () => listing({}), code: 'ARCHIVE_INVALID', says: 'not a list of images', why: 'no list' },
    {
      archive: () => listing([{ Layers: [] }]),
      code: 'ARCHIVE_INVALID',
      says: '0.Config',
      why: 'an image without a config',
    },
    {
      archive: () => makeTar([{ path: 'manifest.json', content: '[{' }]),
      code: 'MANIFEST_INVALID',
      says: 'not JSON',
      why: 'no JSON',
    },
    {
      archive: () => listing([{ Config: '../../../../../../etc/passwd' }]),
      code: 'BLOB_UNKNOWN',
      says: 'not in the archive',
      why: 'a config outside the archive',
    },
    {
      archive: () => listing([{ Config: 'config.json', Layers: ['/etc/passwd', '../../etc/passwd'] }], [config]),
      code: 'BLOB_UNKNOWN',
      says: '"/etc/passwd"',
      why: 'a layer outside the archive',
    },
    {
      archive: () =>
        listing([{ Config: 'config.json', Layers: ['l', 'l'] }], [config, { path: 'l', symlink: '/etc/passwd' }]),
      code: 'BLOB_UNKNOWN',
      says: 'layer "l"',
      why: 'a layer that links outside the archive',
    },
    {
      archive: () => listing([{ Config: 'config.json', Layers: ['a', 'b'] }], [config, { path: 'a', content: 'x' }]),
      code: 'BLOB_UNKNOWN',
      says: 'layer "b"',
      why: 'a layer is missing',
    },
    {
      archive: () => listing([{ Config: 'config.json', Layers: ['a'] }], [config, { path: 'a', content: 'x' }]),
      code: 'MANIFEST_INVALID',
      says: 'lists 1 layers, its config 2',
      why: 'a layer too few',
    },
    {
      archive: () =>
        listing([{ Config: blobPath(app.configDigest) }], [{ path: blobPath(app.configDigest), content: '{}' }]),
      code: 'DIGEST_MISMATCH',
      says: 'its digest is',
      why: 'a config in a layout under another’s digest',
    },
    {
      archive: () => makeTar([{ path: 'repositories', content: '{}' }]),
      code: 'ARCHIVE_INVALID',
      says: 'Docker before 1.10',
      why: 'the form of 2015',
    },
    {
      archive: () => tarOfFiles(ociLayoutFiles([{ content: app }])),
      code: 'ARCHIVE_INVALID',
      says: 'try oci-archive:',
      why: 'another form',
    },
    { archive: () => makeTar([]), code: 'ARCHIVE_INVALID', says: 'no manifest.json', why: 'an empty tar' },
  ])('is told: $why', async ({ archive, code, says }) => {
    await expect(read(await archive())).rejects.toMatchObject(failing(code, says));
  });

  test('with a manifest.json of 100 MB is refused unread', async () => {
    await using folder = await scratchFolder();
    const path = folder.at('a.tar');
    const tar = await makeTar([{ path: 'manifest.json', content: 'x' }]);
    tar.write('00575360400\0', 124);
    tar.fill(' ', 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    await writeFile(path, tar);
    await truncate(path, 101 * 1024 * 1024);
    await expect(openDockerArchive({ transport: 'docker-archive', path }, options)).rejects.toMatchObject(
      failing('LIMIT_EXCEEDED', '16777216'),
    );
  });

  test('with a layer in a compression that no image has can be opened: reading it tells', async () => {
    const image = makeImage([base]);
    const xz = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4, 1, 2, 3]);
    const opened = await read(await custom(image, [{ path: 'l.tar', content: xz }]));
    expect(opened.image.layers).toMatchObject([{ digest: digestOf(xz), diffId: base.diffId }]);
  });
});

function plainLayer(): Promise<BuiltLayer> {
  return makeLayer([{ path: 'a', content: 'a' }], { compression: 'none' });
}

/** An archive of `image` whose only layer is the first of `entries`. */
function custom(image: BuiltImage, entries: readonly EntrySpec[]): Promise<Buffer> {
  const [first] = entries;
  const layer = first !== undefined && 'path' in first ? first.path : '';
  return listing(
    [{ Config: 'config.json', Layers: [layer] }],
    [{ path: 'config.json', content: image.config }, ...entries],
  );
}
