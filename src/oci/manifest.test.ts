import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { makeAttestation, makeImage, makeIndex, makeLayer } from '../../test/fixtures/image-builder.ts';
import { digestOf } from './digest.ts';
import {
  type HistoryEntry,
  type ImageConfig,
  instructionsOf,
  MAX_DOCUMENT_BYTES,
  parseImageConfig,
  parseManifest,
} from './manifest.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

const digest = digestOf('x');
const pointer = (mediaType: string, more: object = {}) => ({ mediaType, digest, size: 1, ...more });
const manifest = (more: object = {}) => ({
  schemaVersion: 2,
  mediaType: MANIFEST,
  config: pointer(CONFIG),
  layers: [pointer(LAYER)],
  ...more,
});
const parse = (json: unknown, mediaType = '') => parseManifest(Buffer.from(JSON.stringify(json)), mediaType, 'app:1.0');
const refused = (code: string, says: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(says) });

describe('a manifest', () => {
  test.each(['oci', 'docker'] as const)('of the %s family is read with its layers in order', async family => {
    const layers = [
      await makeLayer([{ path: 'a', content: 'a' }], { compression: 'none' }),
      await makeLayer([{ path: 'b', content: 'b' }], { compression: 'gzip' }),
      await makeLayer([{ path: 'c', content: 'c' }], { compression: 'zstd' }),
    ];
    const image = makeImage(layers, { family, annotations: { note: 'ours' } });
    const read = parseManifest(image.bytes, '', 'app');
    expect(read).toMatchObject({ kind: 'manifest', annotations: { note: 'ours' } });
    if (read.kind !== 'manifest') return;
    expect(read.config).toMatchObject({ digest: image.configDigest, size: image.config.length });
    expect(read.layers.map(layer => layer.digest)).toEqual(layers.map(layer => layer.digest));
  });

  test.each([
    { json: manifest({ mediaType: undefined }), mediaType: '', why: 'OCI lets the media type out' },
    { json: manifest({ mediaType: undefined }), mediaType: 'application/json', why: 'a registry that says JSON' },
    { json: manifest({ config: pointer('') }), mediaType: MANIFEST, why: 'a config without a media type' },
    { json: manifest({ layers: [] }), mediaType: MANIFEST, why: 'an image of nothing' },
    { json: manifest({ annotations: null }), mediaType: MANIFEST, why: 'null for no annotations, as Go writes' },
    { json: manifest({ annotations: { a: 1, b: 'x' } }), mediaType: MANIFEST, why: 'an annotation that is no text' },
    { json: manifest({ subject: pointer(MANIFEST) }), mediaType: MANIFEST, why: 'a field we do not use' },
  ])('is read: $why', ({ json, mediaType }) => {
    expect(parse(json, mediaType).kind).toBe('manifest');
  });

  test.each([
    {
      json: { schemaVersion: 1, name: 'app', fsLayers: [], history: [], signatures: [] },
      code: 'MANIFEST_UNSUPPORTED',
      says: 'schema 1',
      why: 'deprecated since 2017',
    },
    {
      json: manifest({
        config: pointer('application/vnd.cncf.helm.config.v1+json'),
        layers: [pointer('application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
      }),
      code: 'MANIFEST_UNSUPPORTED',
      says: 'application/vnd.cncf.helm.config.v1+json',
      why: 'a Helm chart',
    },
    {
      json: manifest({ config: pointer('application/vnd.oci.empty.v1+json'), artifactType: 'text/spdx' }),
      code: 'MANIFEST_UNSUPPORTED',
      says: 'text/spdx',
      why: 'an artifact with a type',
    },
    {
      json: manifest({ layers: [pointer('application/vnd.in-toto+json')] }),
      code: 'MANIFEST_UNSUPPORTED',
      says: 'not a file system layer',
      why: 'a BuildKit attestation, which has an image’s config',
    },
    {
      json: manifest({ layers: [pointer(`${LAYER}+encrypted`)] }),
      code: 'MANIFEST_UNSUPPORTED',
      says: '+encrypted',
      why: 'an encrypted layer',
    },
    { json: { errors: [] }, code: 'MANIFEST_UNSUPPORTED', says: 'without a media type', why: 'an error page' },
    {
      json: manifest({ mediaType: 'application/x' }),
      code: 'MANIFEST_UNSUPPORTED',
      says: 'application/x',
      why: 'a type of its own, whatever its shape',
    },
    { json: manifest({ layers: {} }), code: 'MANIFEST_INVALID', says: 'layers', why: 'layers that are no list' },
    {
      json: manifest({ layers: [pointer(LAYER, { digest: 'sha256:../../../etc/passwd' })] }),
      code: 'MANIFEST_INVALID',
      says: 'layers.0.digest',
      why: 'a digest that is a path',
    },
    {
      json: manifest({ layers: [pointer(LAYER, { size: -1 })] }),
      code: 'MANIFEST_INVALID',
      says: 'layers.0.size',
      why: 'less than nothing',
    },
    {
      json: manifest({ layers: [pointer(LAYER, { size: 1e300 })] }),
      code: 'MANIFEST_INVALID',
      says: 'layers.0.size',
      why: 'more than can be counted',
    },
    {
      json: manifest({ layers: new Array(1001).fill(pointer(LAYER)) }),
      code: 'MANIFEST_INVALID',
      says: 'layers',
      why: 'more layers than any runtime mounts',
    },
    {
      json: manifest({ manifests: [pointer(MANIFEST)] }),
      code: 'MANIFEST_INVALID',
      says: 'both',
      why: 'manifest and index at once: readers would see different images (CVE-2021-41190)',
    },
    { json: [], code: 'MANIFEST_INVALID', says: 'JSON object', why: 'a list' },
    { json: null, code: 'MANIFEST_INVALID', says: 'JSON object', why: 'nothing' },
  ])('is refused: $why', ({ json, code, says }) => {
    expect(() => parse(json)).toThrow(refused(code, says));
  });

  test('is refused when it is not JSON, or too large to be one', () => {
    expect(() => parseManifest(Buffer.from('<html>'), MANIFEST, 'app')).toThrow(refused('MANIFEST_INVALID', 'JSON'));
    const large = Buffer.alloc(MAX_DOCUMENT_BYTES + 1, ' ');
    expect(() => parseManifest(large, MANIFEST, 'app')).toThrow(refused('LIMIT_EXCEEDED', String(large.length)));
  });

  test('is refused when its values would take more memory than any image is worth', () => {
    const rooted = (rest: string) => Buffer.from(`{"rootfs":{},"x":${rest}}`);
    const many = rooted(`[${'{},'.repeat(600_000)}{}]`);
    expect(() => parseImageConfig(many, 'app')).toThrow(refused('LIMIT_EXCEEDED', '500000 values'));
    const deep = rooted(`${'['.repeat(1_100_000)}${']'.repeat(1_100_000)}`);
    expect(() => parseImageConfig(deep, 'app')).toThrow(refused('LIMIT_EXCEEDED', '500000 values'));
    const text = rooted(JSON.stringify('"{[,\\'.repeat(400_000)));
    expect(parseImageConfig(text, 'app').diffIds).toEqual([]);
  });

  test('cannot steer the terminal through a message', () => {
    const json = manifest({ mediaType: 'x\u001b[31m\u202e' });
    expect(() => parse(json)).toThrow(refused('MANIFEST_UNSUPPORTED', '\\x1b[31m\\u202e'));
  });
});

describe('an index', () => {
  test('lists images with their platforms, and tells attestations apart', async () => {
    const layer = await makeLayer([{ path: 'a', content: 'a' }]);
    const amd64 = makeImage([layer], { platform: 'linux/amd64' });
    const arm = makeImage([layer], { platform: 'linux/arm/v7' });
    const index = parseManifest(makeIndex([amd64, makeAttestation(amd64), arm]).bytes, '', 'app');
    if (index.kind !== 'index') throw new Error('expected an index');
    expect(index.manifests.map(({ platform, isAttestation }) => ({ platform, isAttestation }))).toEqual([
      { platform: { os: 'linux', architecture: 'amd64' }, isAttestation: false },
      { platform: undefined, isAttestation: true },
      { platform: { os: 'linux', architecture: 'arm', variant: 'v7' }, isAttestation: false },
    ]);
  });

  test.each([
    { json: { manifests: [] }, mediaType: INDEX, why: 'it lists nothing' },
    { json: { manifests: null }, mediaType: INDEX, why: 'null for an empty list, as Go writes' },
    { json: { manifests: [] }, mediaType: '', why: 'its shape says so' },
    { json: { manifests: [pointer(MANIFEST, { platform: null })] }, mediaType: INDEX, why: 'no platform' },
    { json: { manifests: [pointer('')] }, mediaType: INDEX, why: 'an entry without a media type' },
  ])('is read though $why', ({ json, mediaType }) => {
    expect(parse(json, mediaType).kind).toBe('index');
  });

  test.each([
    { json: { mediaType: INDEX }, says: 'manifests', why: 'no list' },
    { json: { manifests: [{}] }, says: 'manifests.0.digest', why: 'an entry that names nothing' },
    { json: { manifests: new Array(10_001).fill(pointer(MANIFEST)) }, says: 'manifests', why: 'too many entries' },
    { json: { manifests: [], layers: [pointer(LAYER)] }, says: 'both', why: 'layers of its own (CVE-2021-41190)' },
    { json: { manifests: [], config: pointer(CONFIG) }, says: 'both', why: 'a config of its own (CVE-2021-41190)' },
  ])('is refused: $why', ({ json, says }) => {
    expect(() => parse(json, INDEX)).toThrow(refused('MANIFEST_INVALID', says));
  });
});

describe('an image config', () => {
  const read = (json: unknown) => parseImageConfig(Buffer.from(JSON.stringify(json)), 'app config');

  test('gives platform, diff IDs, history and the document itself', () => {
    const document = {
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      created: '2024-05-06T07:08:09Z',
      config: { User: '1000' },
      rootfs: { type: 'layers', diff_ids: [digest] },
      history: [{ created_by: 'COPY . /', created: '2024-05-06T07:08:09Z' }, { empty_layer: true }],
    };
    expect(read(document)).toEqual({
      platform: { os: 'linux', architecture: 'arm64' },
      created: '2024-05-06T07:08:09Z',
      diffIds: [digest],
      history: [{ createdBy: 'COPY . /', created: '2024-05-06T07:08:09Z', emptyLayer: false }, { emptyLayer: true }],
      raw: document,
    });
  });

  test.each([
    { json: { rootfs: {} }, why: 'says hardly anything' },
    { json: { rootfs: { diff_ids: null }, history: null, created: null }, why: 'says null for what is not there' },
    { json: { rootfs: {}, history: 'none' }, why: 'has a history that is none: it only decorates' },
    { json: { rootfs: {}, architecture: 'constructor' }, why: 'has an odd architecture' },
  ])('is read though it $why', ({ json }) => {
    expect(read(json)).toMatchObject({ diffIds: [], history: [], platform: { os: 'linux' } });
  });

  test.each([
    { json: {}, says: 'rootfs' },
    { json: { rootfs: { diff_ids: ['sha256:no'] } }, says: 'rootfs.diff_ids.0' },
    { json: { rootfs: {}, os: 7 }, says: 'os' },
    { json: [], says: 'JSON object' },
  ])('is refused at $says', ({ json, says }) => {
    expect(() => read(json)).toThrow(refused('MANIFEST_INVALID', says));
  });
});

describe('the instruction that made a layer', () => {
  const config = (history: readonly HistoryEntry[]): ImageConfig => ({
    platform: { os: 'linux', architecture: 'amd64' },
    diffIds: [],
    history,
    raw: {},
  });
  const made = (createdBy: string) => instructionsOf(config([{ createdBy, emptyLayer: false }]), 1)[0];

  test.each([
    { by: '/bin/sh -c apk add curl', is: 'RUN apk add curl', why: 'the classic builder' },
    { by: '/bin/sh -c #(nop) COPY file:1 in / ', is: 'COPY file:1 in /', why: 'the classic builder, no shell' },
    { by: '|1 VERSION=3 /bin/sh -c make $VERSION', is: 'RUN make $VERSION', why: 'with build arguments' },
    { by: 'RUN /bin/sh -c apk add curl # buildkit', is: 'RUN apk add curl', why: 'BuildKit' },
    { by: 'RUN |1 V=3 /bin/sh -c make $V # buildkit', is: 'RUN make $V', why: 'BuildKit with build arguments' },
    { by: 'COPY . /srv # buildkit', is: 'COPY . /srv', why: 'BuildKit, no shell' },
    { by: 'echo # buildkit # buildkit', is: 'echo # buildkit', why: 'only the mark at the end is one' },
    { by: 'bazel build ...', is: 'bazel build ...', why: 'another builder' },
    { by: '/bin/sh -c cat <<EOF\na\nEOF', is: 'RUN cat <<EOF\na\nEOF', why: 'several lines' },
  ])('is $is: $why', ({ by, is }) => {
    expect(made(by)).toBe(is);
  });

  test('skips steps that made no layer', () => {
    const history = [
      { createdBy: 'ADD rootfs.tar /', emptyLayer: false },
      { createdBy: 'ENV A=1', emptyLayer: true },
      { createdBy: 'RUN make', emptyLayer: false },
    ];
    expect(instructionsOf(config(history), 2)).toEqual(['ADD rootfs.tar /', 'RUN make']);
  });

  test('falls back to the comment', () => {
    const history = [{ comment: 'Imported from -', emptyLayer: false }, { emptyLayer: false }];
    expect(instructionsOf(config(history), 2)).toEqual(['Imported from -', undefined]);
  });

  test('is unknown for every layer when history and layers do not agree', () => {
    expect(instructionsOf(config([{ createdBy: 'RUN make', emptyLayer: false }]), 2)).toEqual([undefined, undefined]);
  });

  test('is found in a history of megabytes of blanks without delay', () => {
    const blanks = ' '.repeat(2_000_000);
    expect(made(`RUN a${blanks}b`)).toBe(`RUN a${blanks}b`);
    expect(made(`/bin/sh -c #(nop)${blanks}COPY`)).toBe('COPY');
    expect(made(`|1${blanks}`)).toBe('|1');
  });
});

test('no document makes reading throw anything but a PlimsollError', () => {
  const known = fc.constantFrom(
    ...['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'digest', 'size', 'platform', 'annotations'],
    ...['rootfs', 'diff_ids', 'history', 'os', 'architecture', 'fsLayers', '__proto__', MANIFEST, INDEX, digest],
  );
  const json = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, 0, 1, 2, true, MANIFEST, INDEX, CONFIG, LAYER, digest, 'constructor'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(known, tie('value'), { maxKeys: 6 }),
    ),
  })).value;
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    json.map(value => Buffer.from(JSON.stringify(value))),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom('', MANIFEST, INDEX, 'application/json'), (one, mediaType) => {
      for (const read of [() => parseManifest(one, mediaType, 'app'), () => parseImageConfig(one, 'app')]) {
        try {
          read();
        } catch (error) {
          expect(error).toBeInstanceOf(PlimsollError);
        }
      }
    }),
    { numRuns: 2000 },
  );
});
