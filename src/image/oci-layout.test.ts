import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parsePlatform } from '#oci/platform.ts';
import {
  type BuiltImage,
  blobPath,
  makeAttestation,
  makeImage,
  makeIndex,
  makeLayer,
  type Named,
  ociLayoutFiles,
  tarOfFiles,
  writeFiles,
} from '../../test/fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { openOciArchive } from './oci-archive.ts';
import { openOciLayout } from './oci-layout.ts';
import { openAllImages, openImage } from './open-image.ts';

const options = { signal: new AbortController().signal };
const layer = await makeLayer([{ path: 'a', content: 'a' }]);
const image = (platform = 'linux/amd64', more = {}): BuiltImage => makeImage([layer], { platform, ...more });
const app = image();

/** A layout of `contents` in a temporary folder, changed before it is opened. */
async function layout(
  contents: readonly Named[] = [{ content: app, name: '1.0' }],
  change: (files: Map<string, Buffer>) => void = () => {},
): Promise<ScratchFolder> {
  const folder = await scratchFolder();
  const files = ociLayoutFiles(contents);
  change(files);
  await writeFiles(folder.path, files);
  return folder;
}

const open = async (folder: ScratchFolder, name?: string, platform?: string) => {
  const path = folder.path;
  const source = await openOciLayout({ transport: 'oci', path, ...(name === undefined ? {} : { name }) }, options);
  return await openImage(source, {
    ...options,
    platform: platform === undefined ? undefined : parsePlatform(platform),
  });
};

describe('a layout', () => {
  test('gives the image of that name, and says where it is from', async () => {
    const other = image('linux/amd64', { history: ['other'] });
    await using folder = await layout([
      { content: app, name: '1.0' },
      { content: other, name: '2.0' },
    ]);
    await using opened = await open(folder, '2.0');
    expect(opened).toMatchObject({ digest: other.digest, reference: `oci:${folder.path}:2.0` });
    await expect(open(folder)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
      message: expect.stringContaining('name one of "1.0", "2.0"'),
    });
  });

  test('whose entries are the platforms of one image is that image’s index', async () => {
    const images = ['linux/amd64', 'linux/s390x'].map(platform => image(platform));
    const [amd64] = images;
    if (amd64 === undefined) throw new Error('two images');
    await using folder = await layout([...images, makeAttestation(amd64)].map(content => ({ content })));
    await using opened = await open(folder, undefined, 'linux/s390x');
    expect(opened.digest).toBe(images[1]?.digest);
    await using source = await openOciLayout({ transport: 'oci', path: folder.path }, options);
    expect((await openAllImages(source, options)).map(one => one.digest)).toEqual(images.map(one => one.digest));
  });

  test('with an index and attestations inside is walked', async () => {
    const index = makeIndex([app, makeAttestation(app), image('linux/s390x')]);
    await using folder = await layout([{ content: index, name: 'x' }]);
    await using opened = await open(folder, 'x', 'linux/s390x');
    expect(opened.platform).toEqual(parsePlatform('linux/s390x'));
  });

  test('needs no oci-layout file, which some writers leave out', async () => {
    await using folder = await layout(undefined, files => files.delete('oci-layout'));
    await using opened = await open(folder);
    expect(opened.digest).toBe(app.digest);
  });
});

describe('a damaged or hostile layout', () => {
  test.each([
    { change: set('index.json', 'no json'), code: 'MANIFEST_INVALID', says: 'not JSON', why: 'index.json is not JSON' },
    { change: set('index.json', '[]'), code: 'MANIFEST_INVALID', says: 'JSON object', why: 'index.json is a list' },
    {
      change: set('index.json', app.bytes),
      code: 'ARCHIVE_INVALID',
      says: 'not an index',
      why: 'index.json is a manifest',
    },
    {
      change: set('index.json', Buffer.alloc(17 << 20, ' ')),
      code: 'LIMIT_EXCEEDED',
      says: '16777216',
      why: 'index.json is huge',
    },
    { change: unset('index.json'), code: 'ARCHIVE_INVALID', says: 'no index.json', why: 'index.json is missing' },
    {
      change: set('oci-layout', '{"imageLayoutVersion":"2.0.0"}'),
      code: 'ARCHIVE_INVALID',
      says: '"2.0.0"',
      why: 'a version to come',
    },
    { change: set('oci-layout', 'x'), code: 'ARCHIVE_INVALID', says: 'version', why: 'oci-layout is not JSON' },
    { change: unset(blobPath(app.digest)), code: 'MANIFEST_UNKNOWN', says: app.digest, why: 'the manifest is missing' },
    {
      change: unset(blobPath(app.configDigest)),
      code: 'BLOB_UNKNOWN',
      says: app.configDigest,
      why: 'the config is missing',
    },
    {
      change: set(blobPath(app.digest), '{}'),
      code: 'DIGEST_MISMATCH',
      says: app.digest,
      why: 'the manifest is another',
    },
  ])('is told: $why', async ({ change, code, says }) => {
    await using folder = await layout(undefined, change);
    await expect(open(folder)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    const files = ociLayoutFiles([{ content: app, name: '1.0' }]);
    change(files);
    await writeFile(folder.at('a.tar'), await tarOfFiles(files));
    const archive = openOciArchive({ transport: 'oci-archive', path: folder.at('a.tar') }, options);
    const opening = archive.then(source => openImage(source, options));
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  test.each([
    { what: 'a symbolic link', put: (path: string) => symlink('/etc/passwd', path), says: 'a symbolic link' },
    { what: 'a folder', put: (path: string) => mkdir(path), says: 'a folder' },
    {
      what: 'a pipe that nobody writes',
      put: async (path: string) => void execFileSync('mkfifo', [path]),
      says: 'pipe',
    },
    { what: 'a link to a pipe', put: (path: string) => symlink('/proc/self/fd/0', path), says: 'a symbolic link' },
  ])('has $what in the place of a file: refused without waiting', async ({ put, says }) => {
    const wrong = { code: 'ARCHIVE_INVALID', message: expect.stringContaining(says) };
    for (const path of ['index.json', 'oci-layout', blobPath(app.digest), blobPath(app.configDigest)]) {
      await using folder = await layout();
      await rm(folder.at(path));
      await put(folder.at(path));
      await expect(open(folder)).rejects.toMatchObject(wrong);
    }
    await using folder = await layout();
    await rm(folder.at(blobPath(layer.digest)));
    await put(folder.at(blobPath(layer.digest)));
    await using opened = await open(folder);
    const [first] = opened.layers;
    if (first?.kind !== 'tar') throw new Error('expected a tar');
    await expect(first.open(options)).rejects.toMatchObject(wrong);
    await expect(first.openRange({ offset: 0, length: 1 }, options)).rejects.toMatchObject(wrong);
  });
});

describe('what is no layout', () => {
  test.each([
    { path: '/nowhere/at/all', code: 'FILE_UNKNOWN', says: 'no such file or folder' },
    { path: '/etc/passwd', code: 'ARCHIVE_INVALID', says: 'for a tar use oci-archive:' },
    { path: '/etc', code: 'ARCHIVE_INVALID', says: 'neither oci-layout nor index.json' },
  ])('$path is $code', async ({ path, code, says }) => {
    const opening = openOciLayout({ transport: 'oci', path }, options);
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });

  test('a docker save archive is told how to be opened', async () => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('a.tar'), await tarOfFiles(new Map([['manifest.json', Buffer.from('[]')]])));
    const opening = openOciArchive({ transport: 'oci-archive', path: folder.at('a.tar') }, options);
    await expect(opening).rejects.toMatchObject({ message: expect.stringContaining('try docker-archive:') });
  });
});

function set(path: string, content: string | Buffer): (files: Map<string, Buffer>) => void {
  return files => void files.set(path, Buffer.from(content as string));
}

function unset(path: string): (files: Map<string, Buffer>) => void {
  return files => void files.delete(path);
}
