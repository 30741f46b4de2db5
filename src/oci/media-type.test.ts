import { expect, test } from 'vitest';
import { ACCEPTED_MANIFESTS, isForeignLayer, isImageConfig, isLayer, manifestKindOf } from './media-type.ts';

test.each([
  { type: 'application/vnd.oci.image.manifest.v1+json', kind: 'manifest' },
  { type: 'application/vnd.docker.distribution.manifest.v2+json', kind: 'manifest' },
  { type: 'application/vnd.oci.image.index.v1+json', kind: 'index' },
  { type: 'application/vnd.docker.distribution.manifest.list.v2+json', kind: 'index' },
  { type: 'application/vnd.docker.distribution.manifest.v1+prettyjws', kind: 'schema-1' },
  { type: 'application/vnd.docker.distribution.manifest.v1+json', kind: 'schema-1' },
  { type: 'application/vnd.oci.image.manifest.v1+json; charset=utf-8', kind: 'manifest' },
  { type: ' Application/VND.oci.image.index.v1+JSON ', kind: 'index' },
  { type: 'application/json', kind: 'other' },
  { type: 'application/vnd.oci.artifact.manifest.v1+json', kind: 'other' },
  { type: '', kind: 'other' },
])('"$type" announces: $kind', ({ type, kind }) => {
  expect(manifestKindOf(type)).toBe(kind);
});

test.each([
  { type: 'application/vnd.oci.image.layer.v1.tar+zstd', layer: true, foreign: false },
  { type: 'application/vnd.docker.image.rootfs.diff.tar.gzip', layer: true, foreign: false },
  { type: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', layer: true, foreign: true },
  { type: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', layer: true, foreign: true },
  { type: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted', layer: false, foreign: false },
  { type: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', layer: false, foreign: false },
  { type: 'application/vnd.in-toto+json', layer: false, foreign: false },
])('"$type" is a layer: $layer, foreign: $foreign', ({ type, layer, foreign }) => {
  expect(isLayer(type)).toBe(layer);
  expect(isForeignLayer(type)).toBe(foreign);
});

test('the config tells an image from a chart or a signature', () => {
  expect(isImageConfig('application/vnd.oci.image.config.v1+json')).toBe(true);
  expect(isImageConfig('application/vnd.docker.container.image.v1+json')).toBe(true);
  expect(isImageConfig('application/vnd.cncf.helm.config.v1+json')).toBe(false);
  expect(isImageConfig('application/vnd.oci.empty.v1+json')).toBe(false);
});

test('a registry is asked for every form we know, schema 1 included so that we can name it', () => {
  const kinds = new Set(ACCEPTED_MANIFESTS.map(manifestKindOf));
  expect([...kinds].sort()).toEqual(['index', 'manifest', 'schema-1']);
});
