import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { bitnamiCataloguer } from './bitnami-cataloguer.ts';
import { sbomCataloguer } from './cataloguer.ts';

const PATH = 'opt/tool/sbom.json';
const read = (json: unknown, path = PATH) => readClaimed(sbomCataloguer, path, JSON.stringify(json));

test.each([
  { path: PATH, claimed: true, why: 'by its name' },
  { path: 'opt/tool/tool.spdx.json', claimed: true, why: 'SPDX' },
  { path: 'opt/tool/tool.cdx.json', claimed: true, why: 'CycloneDX' },
  { path: 'site-packages/numpy-2.1.0.dist-info/sboms/auditwheel.cdx.json', claimed: true, why: 'inside a wheel' },
  {
    path: 'site-packages/numpy-2.1.0.dist-info/sboms/any.json',
    claimed: true,
    why: 'inside a wheel, whatever its name',
  },
  { path: 'var/lib/db/sbom/curl-8.5.0-r0.spdx.json', claimed: false, why: 'what apk has installed already (Wolfi)' },
  { path: 'opt/bitnami/redis/.spdx-redis.spdx', claimed: false, why: "Bitnami's have a cataloguer of their own" },
  { path: 'opt/tool/package.json', claimed: false, why: 'any other JSON' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(sbomCataloguer.claims(fileEntry(path))).toBe(claimed);
});

const cdx = (components: unknown, subject?: unknown) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  ...(subject === undefined ? {} : { metadata: { component: subject } }),
  components,
});
const asserted = (type: string, name: string, version: string, more = {}) => ({
  type,
  name,
  version,
  evidence: 'asserted',
  ...more,
});

test.each([
  { purl: 'pkg:npm/%40babel/core@7.1.0', found: asserted('npm', '@babel/core', '7.1.0'), why: 'a scope' },
  { purl: 'pkg:maven/org.x/y@1', found: asserted('maven', 'org.x:y', '1'), why: 'group and artifact' },
  { purl: 'pkg:golang/github.com/a/b@v1.0.0', found: asserted('golang', 'github.com/a/b', 'v1.0.0'), why: 'a module' },
  { purl: 'pkg:pypi/requests@2.31.0', found: asserted('pypi', 'requests', '2.31.0'), why: 'a name of one part' },
  {
    purl: 'pkg:deb/debian/curl@7.88.1-10?arch=amd64&upstream=curl-src%407.88.1',
    found: asserted('deb', 'curl', '7.88.1-10', {
      arch: 'amd64',
      source: { name: 'curl-src', version: '7.88.1' },
      properties: { namespace: 'debian' },
    }),
    why: 'a distribution package carries its vendor, to be compared with the image',
  },
  {
    purl: 'pkg:rpm/redhat/openssl@3.0.7-1.el9?epoch=1&arch=x86_64&upstream=openssl-3.0.7-1.el9.src.rpm',
    found: asserted('rpm', 'openssl', '1:3.0.7-1.el9', {
      arch: 'x86_64',
      source: { name: 'openssl', version: '3.0.7-1.el9' },
      properties: { namespace: 'redhat' },
    }),
    why: 'the epoch belongs to the version',
  },
  { purl: 'pkg:cocoapods/A@1', found: asserted('generic', 'A', '1'), why: 'a type that we do not know' },
])('$purl ($why)', ({ purl, found }) => {
  expect(read(cdx([{ type: 'library', purl }]))).toEqual({ packages: [found], gaps: [] });
});

test.each([
  { purl: 'pkg:oci/debian@sha256%3A0a1b', why: 'an image' },
  { purl: 'pkg:npm/a', why: 'no version' },
  { purl: 'npm/a@1', why: 'no purl' },
  { purl: `pkg:npm/${'a'.repeat(3000)}@1`, why: 'longer than any' },
  { purl: 'pkg:npm/%zz@1', why: 'wrong escapes' },
])('not a package: $why', ({ purl }) => {
  const fact = read(cdx([{ type: 'library', purl }]));
  expect(fact).toEqual({ packages: [], gaps: ['1 entries whose purl cannot be read or has no version'] });
});

test('CycloneDX: nested components and the subject are found, files are not, the nameless are told', () => {
  const fact = read(
    cdx(
      [
        { type: 'library', purl: 'pkg:npm/a@1', components: [{ type: 'library', purl: 'pkg:npm/b@1' }] },
        { type: 'library', purl: 'pkg:npm/c@1', licenses: [{ license: { id: 'MIT' } }, { expression: 'ISC' }, 7] },
        { type: 'file', name: 'x' },
        { type: 'library', name: 'nobody' },
        'rubbish',
      ],
      { type: 'application', purl: 'pkg:npm/app@1' },
    ),
  );
  expect(fact?.packages).toEqual([
    asserted('npm', 'app', '1'),
    asserted('npm', 'a', '1'),
    asserted('npm', 'b', '1'),
    asserted('npm', 'c', '1', { licenses: ['MIT', 'ISC'] }),
  ]);
  expect(fact?.gaps).toEqual(['1 entry without a purl']);
});

test('SPDX 2: purls are external references', () => {
  const fact = read({
    spdxVersion: 'SPDX-2.3',
    packages: [
      {
        name: 'a',
        licenseConcluded: 'NOASSERTION',
        licenseDeclared: 'MIT',
        externalRefs: [
          { referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator: 'cpe:2.3:a:a' },
          { referenceCategory: 'PACKAGE_MANAGER', referenceType: 'purl', referenceLocator: 'pkg:npm/a@1' },
        ],
      },
      { name: 'image', primaryPackagePurpose: 'CONTAINER' },
      { name: 'nobody' },
    ],
  });
  expect(fact).toEqual({
    packages: [asserted('npm', 'a', '1', { licenses: ['MIT'] })],
    gaps: ['1 entry without a purl'],
  });
});

test('SPDX 3: packages are elements of a graph', () => {
  const fact = read({
    '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
    '@graph': [
      { type: 'software_Package', name: 'a', software_packageUrl: 'pkg:npm/a@1' },
      {
        type: 'software_Package',
        name: 'b',
        externalIdentifier: [{ externalIdentifierType: 'packageUrl', identifier: 'pkg:npm/b@1' }],
      },
      { type: 'software_File', name: 'x' },
    ],
  });
  expect(fact?.packages).toEqual([asserted('npm', 'a', '1'), asserted('npm', 'b', '1')]);
});

test('what was compiled into a wheel is linked to the wheel and to no distribution', () => {
  const sbom = cdx(
    [
      { type: 'library', purl: 'pkg:cargo/ahash@0.8.12' },
      { type: 'library', purl: 'pkg:rpm/almalinux/libgfortran@8.5.0-18.el8' },
    ],
    { type: 'library', purl: 'pkg:cargo/pydantic-core@2.46.4' },
  );
  const path = 'usr/lib/python3/site-packages/pydantic_core-2.46.4.dist-info/sboms/core.cyclonedx.json';
  const wheel = { 'bundled-in': 'pydantic_core-2.46.4' };
  expect(read(sbom, path)?.packages).toEqual([
    asserted('cargo', 'ahash', '0.8.12', { properties: wheel }),
    asserted('generic', 'libgfortran', '8.5.0-18.el8', {
      properties: { ...wheel, built: 'rpm/libgfortran@8.5.0-18.el8' },
    }),
  ]);
});

test.each([{ json: { a: 1 } }, { json: [] }, { json: null }])('$json is no SBOM', ({ json }) => {
  expect(read(json)).toBeUndefined();
});

test('a deep tree of components is walked', () => {
  let tree: unknown = { type: 'library', purl: 'pkg:npm/deepest@1' };
  for (let depth = 0; depth < 80; depth += 1) tree = { type: 'file', components: [tree] };
  expect(read(cdx([tree]))?.packages).toEqual([asserted('npm', 'deepest', '1')]);
});

const REDIS = {
  type: 'bitnami',
  name: 'redis',
  version: '7.4.1-0',
  arch: 'arm64',
  source: { name: 'redis', version: '7.4.1' },
};

test("Bitnami's component is found by its SBOM, what it brought along is not", () => {
  const ref = (referenceLocator: string) => [{ referenceType: 'purl', referenceLocator }];
  const sbom = {
    spdxVersion: 'SPDX-2.3',
    packages: [
      {
        name: 'redis',
        licenseDeclared: 'RSALv2',
        externalRefs: ref('pkg:bitnami/redis@7.4.1-0?arch=arm64&distro=debian-12'),
      },
      { name: 'jemalloc', externalRefs: ref('pkg:generic/jemalloc@5.3.0') },
    ],
  };
  expect(readClaimed(bitnamiCataloguer, 'opt/bitnami/redis/.spdx-redis.spdx', JSON.stringify(sbom))?.packages).toEqual([
    { ...REDIS, licenses: ['RSALv2'] },
  ]);
});

test("Bitnami's older list names components, a broken one is told", () => {
  const list = { redis: { arch: 'arm64', distro: 'debian-11', type: 'NAMI', version: '7.4.1-0' }, gosu: {} };
  const fact = readClaimed(bitnamiCataloguer, 'opt/bitnami/.bitnami_components.json', JSON.stringify(list));
  expect(fact).toEqual({ packages: [REDIS], gaps: ['1 component(s) without a version'] });
});
