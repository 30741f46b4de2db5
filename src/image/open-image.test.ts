import { describe, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { defaultPlatform, formatPlatform, parsePlatform } from '#oci/platform.ts';
import {
  type BuiltContent,
  type BuiltImage,
  type DescriptorJson,
  type ImageOptions,
  makeAttestation,
  makeImage,
  makeIndex,
  makeLayer,
} from '../../test/fixtures/image-builder.ts';
import { memorySource } from '../../test/fixtures/memory-source.ts';
import { openAllImages, openImage } from './open-image.ts';

const options = { signal: new AbortController().signal };
const layer = await makeLayer([{ path: 'a', content: 'a' }]);
const image = (platform: string, more: ImageOptions = {}): BuiltImage => makeImage([layer], { platform, ...more });
const open = (content: BuiltContent, platform?: string) =>
  openImage(memorySource(content), {
    ...options,
    platform: platform === undefined ? undefined : parsePlatform(platform),
  });
const failing = (code: string, says = '') => ({ code, message: expect.stringContaining(says) });

/** An entry as `makeIndex` takes it, with other words in it. */
const entry = (content: BuiltContent, more: Partial<DescriptorJson>): BuiltContent => ({
  ...content,
  descriptor: { ...content.descriptor, ...more },
});

describe('a manifest at the root', () => {
  test('is the image, with its layers ready to be read', async () => {
    const annotated = makeImage([layer], {
      platform: 'linux/s390x',
      history: ['RUN make'],
      layerAnnotations: [{ note: 'x' }],
    });
    const source = memorySource(annotated);
    const opened = await openImage(source, options);
    expect(opened).toMatchObject({
      reference: 'memory',
      digest: annotated.digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      platform: { os: 'linux', architecture: 's390x' },
      layers: [
        {
          kind: 'tar',
          digest: layer.digest,
          diffId: layer.diffId,
          sizeBytes: layer.bytes.length,
          createdBy: 'RUN make',
          annotations: { note: 'x' },
          isForeign: false,
          isRemote: false,
        },
      ],
    });
    expect(source.closed()).toBe(0);
    await opened[Symbol.asyncDispose]();
    expect(source.closed()).toBe(1);
  });

  test('is taken for any platform when none is asked for, and refused for another one', async () => {
    expect((await open(image('plan9/mips'))).platform).toEqual(parsePlatform('plan9/mips'));
    await expect(open(image('linux/s390x'), 'linux/amd64')).rejects.toMatchObject(
      failing('MANIFEST_UNKNOWN', 'it is for linux/s390x only'),
    );
  });

  test('is made up: it has no digest', async () => {
    const source = memorySource(image('linux/amd64'));
    const root = await source.root(options);
    const opened = await openImage({ ...source, root: async () => ({ ...root, isMadeUp: true }) }, options);
    expect(opened).not.toHaveProperty('digest');
  });

  test('whose config lists another number of layers is refused', async () => {
    const diffIds = { rootfs: { type: 'layers', diff_ids: [layer.diffId, layer.diffId] } };
    await expect(open(image('linux/amd64', { config: diffIds }))).rejects.toMatchObject(
      failing('MANIFEST_INVALID', 'the manifest has 1 layers, its config 2'),
    );
  });

  test('whose config lists no layers is opened without diff IDs', async () => {
    const opened = await open(image('linux/amd64', { config: { rootfs: { type: 'layers' } } }));
    expect(opened.layers).toHaveLength(1);
    expect(opened.layers[0]).not.toHaveProperty('diffId');
  });

  test('closes its source when it cannot be opened', async () => {
    const built = image('linux/amd64');
    const source = memorySource(built, new Map([...built.blobs].filter(([digest]) => digest !== built.configDigest)));
    await expect(openImage(source, options)).rejects.toMatchObject(failing('BLOB_UNKNOWN', built.configDigest));
    expect(source.closed()).toBe(1);
  });

  test('is not opened once the work was cancelled', async () => {
    const signal = AbortSignal.abort();
    await expect(openImage(memorySource(image('linux/amd64')), { signal })).rejects.toThrow();
  });
});

describe('the choice of a platform', () => {
  const ours = formatPlatform(defaultPlatform());
  const images = ['linux/arm/v6', 'linux/arm/v7', 'linux/s390x', ours].map(platform => image(platform));
  const index = makeIndex(images);

  test.each([
    { asked: undefined, is: ours, why: 'Linux on this machine’s architecture' },
    { asked: 'linux/s390x', is: 'linux/s390x', why: 'what was asked for' },
    { asked: 'linux/arm/v7', is: 'linux/arm/v7', why: 'the variant asked for' },
    { asked: 'linux/arm', is: 'linux/arm/v6', why: 'the first of several variants' },
  ])('$asked takes $is: $why', async ({ asked, is }) => {
    const opened = await open(index, asked);
    expect(opened.platform).toEqual(parsePlatform(is));
  });

  test('lists what there is when nothing fits', async () => {
    await expect(open(index, 'windows/amd64')).rejects.toMatchObject(
      failing('MANIFEST_UNKNOWN', 'linux/arm/v6, linux/arm/v7, linux/s390x'),
    );
  });

  test('takes the only image of an index whatever its platform, when none was asked for', async () => {
    const opened = await open(makeIndex([image('plan9/mips')]));
    expect(opened.platform).toEqual(parsePlatform('plan9/mips'));
    await expect(open(makeIndex([image('plan9/mips')]), 'linux/amd64')).rejects.toMatchObject(
      failing('MANIFEST_UNKNOWN', 'plan9/mips'),
    );
  });

  test('lets the config decide when the index says no platform', async () => {
    const { platform: _, ...bare } = image('linux/s390x').descriptor;
    const silent = makeIndex([{ ...image('linux/s390x'), descriptor: bare }]);
    expect((await open(silent, 'linux/s390x')).platform).toEqual(parsePlatform('linux/s390x'));
    await expect(open(silent, 'linux/amd64')).rejects.toMatchObject(
      failing('MANIFEST_UNKNOWN', 'it is for linux/s390x only'),
    );
  });

  test('does not believe an index whose entry is another image than it says', async () => {
    const liar = makeIndex([
      entry(image('linux/s390x'), { platform: parsePlatform('linux/amd64') }),
      image('linux/arm64'),
    ]);
    await expect(open(liar, 'linux/amd64')).rejects.toMatchObject(failing('MANIFEST_UNKNOWN', 'linux/s390x only'));
  });

  test('takes the index’s word where the config has none', async () => {
    const vague = image('linux/s390x', { config: { architecture: '' } });
    expect((await open(makeIndex([vague]))).platform).toEqual(parsePlatform('linux/s390x'));
  });

  test('reads only the image it takes', async () => {
    const source = memorySource(index);
    const opened = await openImage(source, { ...options, platform: parsePlatform('linux/s390x') });
    expect(source.read).toEqual([opened.digest, opened.manifest?.config.digest]);
  });
});

describe('an index', () => {
  test('passes over attestations, artifacts and entries of an unknown kind', async () => {
    const built = image('linux/amd64');
    const sbom = entry(image('linux/amd64', { history: [] }), { artifactType: 'application/spdx+json' } as object);
    const unknown = entry(image('linux/amd64', { history: ['x'] }), { mediaType: 'application/vnd.future+json' });
    const index = makeIndex([makeAttestation(built), sbom, unknown, built]);
    const opened = await openAllImages(memorySource(index), options);
    expect(opened.map(one => one.digest)).toEqual([built.digest]);
    expect((await open(index)).digest).toBe(built.digest);
  });

  test('of attestations only names no image', async () => {
    const index = makeIndex([makeAttestation(image('linux/amd64'))]);
    await expect(open(index)).rejects.toMatchObject(failing('MANIFEST_UNKNOWN', 'names no container image'));
    await expect(open(makeIndex([]))).rejects.toMatchObject(failing('MANIFEST_UNKNOWN', 'names no container image'));
  });

  test('may hold further indexes', async () => {
    const deep = makeIndex([image('linux/arm64'), makeIndex([makeIndex([image('linux/s390x')])])]);
    expect((await open(deep, 'linux/s390x')).platform).toEqual(parsePlatform('linux/s390x'));
    expect(await openAllImages(memorySource(deep), options)).toHaveLength(2);
  });

  test.each(['oci', 'docker'] as const)('of the %s family is walked the same', async family => {
    const index = makeIndex([makeIndex([image('linux/arm64', { family })], { family })], { family });
    expect((await open(index)).digest).toBe(image('linux/arm64', { family }).digest);
  });

  test('that nests too deep is refused', async () => {
    let content: BuiltContent = image('linux/amd64');
    for (let depth = 0; depth < 10; depth++) content = makeIndex([content]);
    await expect(open(content)).rejects.toMatchObject(failing('MANIFEST_INVALID', 'nests over 8 deep'));
  });

  test('that refers to itself is refused', async () => {
    // Nobody can compute such a digest; a place that does not check can claim it. The walk must not trust the place to check.
    const digest = digestOf('the ring');
    const bytes = Buffer.from(JSON.stringify({ manifests: [{ mediaType: INDEX, digest, size: 1 }] }));
    const ring = { bytes, digest, descriptor: { mediaType: INDEX, digest, size: 1 }, blobs: new Map() };
    const source = { ...memorySource(ring), document: async () => bytes };
    await expect(openImage(source, options)).rejects.toMatchObject(failing('MANIFEST_INVALID', 'refers to itself'));
  });

  test('whose nested indexes multiply is refused before they do', async () => {
    let content = makeIndex([]);
    for (let depth = 0; depth < 7; depth++) {
      content = makeIndex(Array.from({ length: 10 }, () => content));
    }
    const source = memorySource(content);
    await expect(openImage(source, options)).rejects.toMatchObject(failing('LIMIT_EXCEEDED', '200 indexes'));
    expect(source.read).toHaveLength(200);
  });

  test('of too many images is refused', async () => {
    const index = makeIndex(new Array(201).fill(image('linux/amd64').descriptor));
    await expect(open(index)).rejects.toMatchObject(failing('LIMIT_EXCEEDED', '200 images'));
  });

  test('that calls a manifest an index, or an index a manifest, is refused', async () => {
    const posing = makeIndex([entry(image('linux/amd64'), { mediaType: INDEX })]);
    await expect(open(posing)).rejects.toMatchObject(failing('MANIFEST_INVALID', 'a manifest where an index'));
    const hiding = makeIndex([entry(makeIndex([]), { mediaType: MANIFEST })]);
    await expect(open(hiding)).rejects.toMatchObject(failing('MANIFEST_INVALID', 'an index where a manifest'));
  });

  test('that lists a schema 1 image says so', async () => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 1, fsLayers: [] }));
    const digest = digestOf(bytes);
    const mediaType = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
    const old = {
      bytes,
      digest,
      descriptor: { mediaType, digest, size: bytes.length },
      blobs: new Map([[digest, bytes]]),
    };
    await expect(open(makeIndex([old]))).rejects.toMatchObject(failing('MANIFEST_UNSUPPORTED', 'schema 1'));
  });

  test('whose image is not there says which', async () => {
    const missing = image('linux/amd64');
    await expect(open(makeIndex([missing.descriptor]))).rejects.toMatchObject(
      failing('MANIFEST_UNKNOWN', missing.digest),
    );
  });
});

describe('all images', () => {
  test('come in the order of the index, each once, and share their source', async () => {
    const images = ['linux/amd64', 'linux/arm64', 'linux/s390x'].map(platform => image(platform));
    const source = memorySource(makeIndex([...images, ...images]));
    const opened = await openAllImages(source, options);
    expect(opened.map(one => one.digest)).toEqual(images.map(one => one.digest));
    for (const one of opened) await one[Symbol.asyncDispose]();
    expect(source.closed()).toBe(0);
  });

  test('are the one image where there is no index', async () => {
    const opened = await openAllImages(memorySource(image('linux/s390x')), options);
    expect(opened.map(one => one.platform)).toEqual([parsePlatform('linux/s390x')]);
  });

  test('are bounded in what they keep in memory', async () => {
    const fine = image('linux/amd64');
    const config = { ...fine.descriptor, size: 64 * 1024 * 1024 };
    const images = [fine, image('linux/arm64', { manifest: { config: { ...config, mediaType: CONFIG } } })];
    await expect(openAllImages(memorySource(makeIndex(images)), options)).rejects.toMatchObject(
      failing('LIMIT_EXCEEDED', 'bytes of manifests and configs'),
    );
  });
});

const INDEX = 'application/vnd.oci.image.index.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
