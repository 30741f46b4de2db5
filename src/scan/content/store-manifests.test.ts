/** What is made of the manifests that sensors find: images, indexes, artifacts, and what cannot be scanned and why. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import type { Store } from '#store/database.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { type FoundDocument, readFoundManifest } from './read-manifest.ts';
import { findUnknownManifests, storeManifests } from './store-manifests.ts';
import { configOf, foundImage, foundJson, layerDigest, NOW } from './testing/content-fixture.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: layerDigest('config'), size: 10 };
const layer = (mediaType: string) => ({ mediaType, digest: layerDigest('a'), size: 5 });
const TAR = 'application/vnd.oci.image.layer.v1.tar+gzip';
const child = (more: object) => ({ mediaType: MANIFEST, digest: layerDigest('child'), size: 5, ...more });
const indexOf = (...manifests: readonly object[]) =>
  foundJson({ schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);

const kinds: readonly { found: FoundDocument; expected: object; why: string }[] = [
  { found: foundImage(['a']), expected: { kind: 'image', os: 'linux', architecture: 'amd64' }, why: 'an image' },
  {
    found: foundJson({ schemaVersion: 2, config: CONFIG, layers: [layer(TAR)] }, ''),
    expected: { kind: 'image', mediaType: MANIFEST },
    why: 'a manifest without a media type is known by its shape',
  },
  {
    found: foundJson({ schemaVersion: 2, manifests: [] }, 'application/json'),
    expected: { kind: 'index' },
    why: 'an index without a media type is known by its shape',
  },
  {
    found: foundJson({ schemaVersion: 1, fsLayers: [], history: [] }, ''),
    expected: { kind: 'unsupported', unsupportedReason: expect.stringContaining('schema 1') },
    why: 'schema 1 is an image of long ago',
  },
  {
    found: foundJson({ schemaVersion: 2, mediaType: MANIFEST, config: CONFIG, layers: [layer(`${TAR}+encrypted`)] }),
    expected: { kind: 'unsupported', unsupportedReason: 'Its layers are encrypted' },
    why: 'nobody can look into encrypted layers',
  },
  {
    found: foundJson({ schemaVersion: 2, mediaType: MANIFEST, config: CONFIG, layers: [layer(TAR), layer('text/x')] }),
    expected: { kind: 'unsupported' },
    why: 'a layer that is no file system among others that are',
  },
  {
    found: foundJson({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: CONFIG,
      layers: [layer('application/vnd.in-toto+json')],
    }),
    expected: { kind: 'artifact', artifactType: 'application/vnd.in-toto+json' },
    why: 'an attestation has the config of an image and no layers of one',
  },
  {
    found: foundJson({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { ...CONFIG, mediaType: 'application/vnd.cncf.helm.config.v1+json' },
      layers: [layer('application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
    }),
    expected: { kind: 'artifact', artifactType: 'application/vnd.cncf.helm.config.v1+json' },
    why: 'a Helm chart',
  },
  {
    found: foundJson({
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType: 'application/spdx+json',
      config: { ...CONFIG, mediaType: 'application/vnd.oci.empty.v1+json' },
      layers: [layer('application/spdx+json')],
    }),
    expected: { kind: 'artifact', artifactType: 'application/spdx+json' },
    why: 'an SBOM as an artifact',
  },
  {
    found: foundJson({ schemaVersion: 2, mediaType: MANIFEST, config: CONFIG, layers: 'many' }),
    expected: { kind: 'unsupported' },
    why: 'a malformed manifest is told, not dropped',
  },
  {
    found: { ...foundImage(['a']), problem: 'its config is not there' },
    expected: { kind: 'unsupported', unsupportedReason: 'its config is not there' },
    why: 'what a sensor could not read',
  },
  {
    found: foundJson({
      schemaVersion: 2,
      config: CONFIG,
      layers: [layer('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip')],
    }),
    expected: { kind: 'image' },
    why: 'a foreign layer is one all the same; the scan tells the gap',
  },
];

describe('a manifest that was found', () => {
  test.each(kinds)('$why', ({ found, expected }) => {
    expect(readFoundManifest(found)).toMatchObject(expected);
  });

  const children = [
    { more: { platform: { os: 'linux', architecture: 'arm64' } }, expected: { kind: 'image', architecture: 'arm64' } },
    { more: { mediaType: INDEX }, expected: { kind: 'index' } },
    {
      more: {
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
      expected: { kind: 'attestation', os: undefined },
    },
    { more: { artifactType: 'application/spdx+json' }, expected: { kind: 'artifact' } },
    {
      more: { platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.20348' } },
      expected: { kind: 'image', osVersion: '10.0.20348' },
    },
  ];
  test.each(children)('an index tells its children: $expected.kind', ({ more, expected }) => {
    expect(readFoundManifest(indexOf(child(more))).children).toMatchObject([expected]);
  });

  const dates = [
    { created: '2026-03-04T05:06:07Z', expected: '2026-03-04T05:06:07.000Z', why: 'a date' },
    { created: '1970-01-01T00:00:00Z', expected: undefined, why: 'reproducible builds say nothing' },
    { created: '0001-01-01T00:00:00Z', expected: undefined, why: 'nor do zero values' },
    { created: '1980-01-01T00:00:01Z', expected: undefined, why: 'nor do buildpacks' },
    { created: '99999-01-01', expected: undefined, why: 'no date that a database could keep' },
    { created: 'yesterday', expected: undefined, why: 'no date at all' },
  ];
  test.each(dates)('when it was built: $why', ({ created, expected }) => {
    expect(readFoundManifest(foundImage(['a'], '', { created })).builtAt).toBe(expected);
  });

  test('of its config the environment is not kept, and the rest is bounded', () => {
    const found = foundImage(['a'], '', {
      config: { Env: ['SECRET=1'], User: 'root', Labels: { long: 'x'.repeat(100_000), odd: 1, nul: 'a\0b' } },
    });
    const { config } = readFoundManifest(found);
    expect(config).toMatchObject({ user: 'root', labels: { nul: 'a\uFFFDb' } });
    expect(JSON.stringify(config)).not.toContain('SECRET');
    expect(JSON.stringify(config).length).toBeLessThan(5000);
  });

  test('bytes that are not what their digest says are refused, those of the config too', () => {
    const image = foundImage(['a']);
    const other = { ...image, digest: digestOf('other') };
    expect(() => readFoundManifest(other)).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }));
    const config = { ...image, config: configOf(['b']).toString('base64') };
    expect(() => readFoundManifest(config)).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }));
  });
});

describeStores('manifests', open => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  beforeEach(() => emptyStore(store));
  afterAll(() => store[Symbol.asyncDispose]());

  const count = async (table: 'manifest' | 'manifestLayer' | 'manifestChild' | 'layer' | 'imageScan') =>
    (await store.db.selectFrom(table).selectAll().execute()).length;

  test('each is stored once, with its layers, its children and the state of its scan', async () => {
    const image = foundImage(['a', 'b']);
    const legacy = foundJson({ schemaVersion: 1, fsLayers: [] }, '');
    const index = indexOf({ mediaType: MANIFEST, digest: image.digest, size: 5 });
    const all = [image, legacy, index];
    const digests = all.map(({ digest }) => digest);
    expect(await findUnknownManifests(store.db, [...digests, image.digest])).toEqual(digests);
    await storeManifests(store.db, [...all, image], NOW);
    await storeManifests(store.db, all, NOW);
    expect(await findUnknownManifests(store.db, digests)).toEqual([]);
    expect(await count('manifest')).toBe(3);
    expect(await count('manifestLayer')).toBe(2);
    expect(await count('manifestChild')).toBe(1);
    const states = await store.db.selectFrom('imageScan').select(['state', 'errorMessage']).orderBy('state').execute();
    expect(states).toEqual([
      { state: 'not-scanned', errorMessage: null },
      { state: 'unsupported', errorMessage: expect.stringContaining('schema 1') },
    ]);
    const layers = await store.db.selectFrom('manifestLayer').selectAll().orderBy('position').execute();
    expect(layers).toMatchObject([
      { sizeBytes: 1001, createdBy: 'RUN make a', diffId: digestOf('diff a'), mediaType: TAR },
      { createdBy: 'RUN make b' },
    ]);
  });

  test('a lying document among others: none of them is stored', async () => {
    const lying = { ...foundImage(['a']), digest: digestOf('other') };
    await expect(storeManifests(store.db, [foundImage(['b']), lying], NOW)).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    expect(await count('manifest')).toBe(0);
  });

  test('two servers that find the same images at once, in another order, store each once', async () => {
    const images = Array.from({ length: 40 }, (_, at) => foundImage(['base', `layer ${at}`, `layer ${at + 1}`]));
    await Promise.all([
      storeManifests(store.db, images, NOW),
      storeManifests(store.db, images.toReversed(), NOW),
      storeManifests(store.db, images, NOW),
    ]);
    expect(await count('manifest')).toBe(40);
    expect(await count('imageScan')).toBe(40);
    expect(await count('layer')).toBe(42);
  });
});
