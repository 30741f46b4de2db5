import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { snapCataloguer } from './cataloguer.ts';

const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (text: string | Uint8Array, path = 'snap/manifest.yaml') =>
  snapCataloguer.read({ ...entryOf(path), body: toBody(Buffer.from(text as string)) });

const MANIFEST = `snapcraft-version: 8.0.1
name: jq
version: 1.7.1
architectures:
- amd64
base: core22
parts:
  jq:
    plugin: nil
    stage-packages:
    - libjq1=1.6-2.1ubuntu3
    - libonig5=6.9.7.1-2build1
    installed-packages:
    - adduser=3.118ubuntu5
`;

test('what was primed counts, when the manifest says it', () => {
  const primed = `${MANIFEST}primed-stage-packages:\n- libjq1:amd64=1.6-2.1ubuntu3\n- 'libonig5=1:6.9.7.1-2build1'\n`;
  expect(read(primed)).toEqual({
    packages: [
      { type: 'deb', name: 'libjq1', version: '1.6-2.1ubuntu3', arch: 'amd64', properties: { snap: 'jq' } },
      { type: 'deb', name: 'libonig5', version: '1:6.9.7.1-2build1', properties: { snap: 'jq' } },
    ],
    gaps: [],
  });
});

test('an older manifest has what was staged', () => {
  expect(read(MANIFEST)?.packages?.map(one => one.name)).toEqual(['libjq1', 'libonig5']);
});

test('nothing primed is nothing, whatever was staged', () => {
  expect(read(`${MANIFEST}primed-stage-packages: []\n`)?.packages).toEqual([]);
});

test('the packages of a base snap', () => {
  const text = 'package-repositories:\n- type: apt\npackages:\n- adduser=3.118ubuntu5\n- broken\n';
  expect(read(text, 'usr/share/snappy/dpkg.yaml')).toEqual({
    packages: [{ type: 'deb', name: 'adduser', version: '3.118ubuntu5', properties: { snap: 'base' } }],
    gaps: ['1 staged package(s) without a version'],
  });
});

test.each([
  { path: 'snap/manifest.yaml', claimed: true, why: 'an image made of a snap' },
  { path: 'snap/jq/6/snap/manifest.yaml', claimed: true, why: 'a snap unpacked' },
  { path: 'usr/share/snappy/dpkg.yaml', claimed: true, why: 'a base snap' },
  { path: 'charts/manifest.yaml', claimed: false, why: 'another file' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(snapCataloguer.claims(entryOf(path))).toBe(claimed);
});

test('no bytes make it throw', () => {
  const lines = fc.array(fc.oneof(fc.constantFrom('packages:', '- a=1', 'name: x', '  - b'), fc.string()));
  fc.assert(fc.property(lines, list => void read(list.join('\n'))));
});
