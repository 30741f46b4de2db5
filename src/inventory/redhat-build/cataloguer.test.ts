import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { buildInventory } from '../build-inventory.ts';
import { EntrySetBuilder } from '../entry-set.ts';
import { toBody } from '../file-body.ts';
import type { LayerFacts } from '../layer-facts.ts';
import { redHatBuildCataloguer } from './cataloguer.ts';

const MANIFESTS = 'root/buildinfo/content_manifests';
const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (path: string, json: unknown) =>
  redHatBuildCataloguer.read({ ...entryOf(path), body: toBody(Buffer.from(JSON.stringify(json))) });
const manifest = (...repositories: readonly unknown[]) => ({
  metadata: { icm_version: 1, image_layer_index: 1 },
  content_sets: repositories,
  image_contents: [],
});

/** A layer with these files. */
function layer(files: Readonly<Record<string, unknown>>): LayerFacts {
  const entries = new EntrySetBuilder();
  for (const path of Object.keys(files)) entries.add(path);
  return {
    files: Object.entries(files).flatMap(([path, json]) => {
      const fact = read(path, json);
      return fact === undefined ? [] : [{ path, by: redHatBuildCataloguer.id, fact }];
    }),
    whiteouts: [],
    opaque: [],
    symlinks: [],
    hardLinks: [],
    entries: entries.build(),
    folders: new EntrySetBuilder().build(),
    gaps: [],
  };
}

const redHatOf = (...layers: readonly LayerFacts[]) => buildInventory({ reference: 'x', layers: [] }, layers).redHat;

test.each([
  { path: `${MANIFESTS}/ubi9-container-9.4-947.json`, isClaimed: true },
  { path: 'root/buildinfo/labels.json', isClaimed: true },
  { path: 'usr/share/buildinfo/content-sets.json', isClaimed: true },
  { path: 'usr/share/buildinfo/content_manifests/x.json', isClaimed: false },
  { path: `srv/rootfs/${MANIFESTS}/x.json`, isClaimed: false },
  { path: `${MANIFESTS}/Dockerfile-ubi9`, isClaimed: false },
])('$path is read: $isClaimed', ({ path, isClaimed }) => {
  expect(redHatBuildCataloguer.claims(entryOf(path))).toBe(isClaimed);
});

test('the repositories of all layers count, and the labels of the uppermost', () => {
  const base = layer({
    [`${MANIFESTS}/ubi9-container-9.4-947.json`]: manifest('ubi-9-baseos-rpms', 'ubi-9-appstream-rpms'),
    'root/buildinfo/labels.json': { name: 'ubi9' },
  });
  const top = layer({
    [`${MANIFESTS}/app-container-1-1.json`]: manifest('rhel-9-for-x86_64-appstream-eus-rpms__9_DOT_4'),
    'root/buildinfo/labels.json': { name: 'rhel9/app', 'com.redhat.component': 'app-container' },
  });
  expect(redHatOf(base, top)).toEqual({
    repositories: ['rhel-9-for-x86_64-appstream-eus-rpms__9_DOT_4', 'ubi-9-appstream-rpms', 'ubi-9-baseos-rpms'],
    image: 'rhel9/app',
  });
});

test.each([
  { json: manifest(), why: 'no content sets' },
  { json: { content_sets: 'rhel-9-baseos' }, why: 'another type' },
  { json: manifest(1, null, '', 'a b', '../x', 'x'.repeat(500)), why: 'nothing that is an id' },
  { json: [], why: 'no object' },
])('a manifest that says nothing is none: $why', ({ json }) => {
  expect(redHatOf(layer({ [`${MANIFESTS}/x.json`]: json }))).toBeUndefined();
});

test('a manifest of too many content sets is cut, and says so; what is no JSON is a gap', () => {
  const many = read(`${MANIFESTS}/x.json`, manifest(...Array.from({ length: 1500 }, (_, at) => `rhel-${at}`)));
  expect(many?.extra?.['repositories']).toHaveLength(1000);
  expect(many?.gaps).toEqual(['Only 1000 content sets were read']);
  const broken = { ...entryOf(`${MANIFESTS}/x.json`), body: toBody(Buffer.from('{')) };
  expect(() => redHatBuildCataloguer.read(broken)).toThrow(PlimsollError);
});
