import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import type { Inventory, Package } from '#inventory/inventory.ts';
import { surroundingsOf } from '#matching/surroundings.ts';
import { inventoryOf, packageOf, distro as release, rpmOf } from '#matching/testing/sample.ts';
import { renderCyclonedx } from '#report/cyclonedx.ts';
import { renderSpdx } from '#report/spdx.ts';
import { readSbom } from './read-sbom.ts';

const read = (document: unknown) => readSbom(Buffer.from(JSON.stringify(document)), 'app.json');
const cdx = (components: readonly object[], subject?: object) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  ...(subject === undefined ? {} : { metadata: { component: subject } }),
  components,
});
const library = (purl: string, properties: Readonly<Record<string, string>> = {}) => ({
  type: 'library',
  purl,
  properties: Object.entries(properties).map(([name, value]) => ({ name: `plimsoll:${name}`, value })),
});

const CURL = 'pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12';

test.each([
  { document: cdx([library(CURL)]), distro: 'debian 12', why: 'all distribution packages name it' },
  {
    document: cdx([{ type: 'operating-system', name: 'Debian', version: '13' }, library(CURL)]),
    distro: 'debian 13',
    why: 'the document says it itself',
  },
  {
    document: cdx([library(CURL), library('pkg:apk/alpine/zlib@1.3?distro=alpine-3.20.1')]),
    distro: undefined,
    why: 'packages of two',
  },
  { document: cdx([library('pkg:npm/a@1?distro=debian-12')]), distro: undefined, why: 'no package of a distribution' },
  {
    document: {
      spdxVersion: 'SPDX-2.3',
      packages: [
        { name: 'alpine', versionInfo: '3.20.1', primaryPackagePurpose: 'OPERATING-SYSTEM' },
        { name: 'zlib', externalRefs: [{ referenceType: 'purl', referenceLocator: 'pkg:apk/alpine/zlib@1.3' }] },
      ],
    },
    distro: 'alpine 3.20.1',
    why: 'SPDX has a package for it',
  },
])('the distribution is $distro: $why', ({ document, distro }) => {
  const found = read(document).distro;
  expect(found && `${found.id} ${found.versionId}`).toBe(distro);
});

test('the purl stays as written, each package is there once, and the image is none', () => {
  const { packages, gaps } = read(
    cdx([library(CURL), library(CURL), library('pkg:oci/app@sha256%3A00')], { type: 'container', purl: 'pkg:oci/x@1' }),
  );
  expect(packages.map(({ purl }) => purl)).toEqual([CURL]);
  expect(gaps).toEqual([]);
});

test.each([
  { owner: CURL, isManaged: true, why: 'it is there' },
  { owner: 'pkg:deb/debian/other@1', isManaged: false, why: 'it is not there, so the claim would hide the package' },
  { owner: 'pkg:npm/b@1', isManaged: false, why: 'no distribution speaks for it' },
])('an owner $owner counts: $isManaged, $why', ({ owner, isManaged }) => {
  const { packages } = read(
    cdx([library(CURL), library('pkg:npm/b@1'), library('pkg:npm/a@1', { 'managed-by': owner })]),
  );
  expect(packages.find(({ name }) => name === 'a')?.managedBy).toBe(isManaged ? owner : undefined);
});

test('what our own documents add is read again', () => {
  const subject = { type: 'container', properties: [{ name: 'plimsoll:platform', value: 'linux/arm/v7' }] };
  const { image, packages } = read(cdx([library('pkg:golang/a.example/b@v1', { 'property:GOOS': 'linux' })], subject));
  expect(image.platform).toEqual({ os: 'linux', architecture: 'arm', variant: 'v7' });
  expect(packages[0]?.properties).toEqual({ GOOS: 'linux' });
});

const ALMA = release('almalinux', '9.1', { name: 'AlmaLinux 9.1 (Lime Lynx)', endOfLife: '2032-05-31' });
const requests = rpmOf({ name: 'python3-requests', version: '2.25.1-6.el9', vendor: 'AlmaLinux' }, ALMA);
const OWN: Inventory = inventoryOf(
  [
    packageOf({ type: 'golang', name: 'stdlib', version: '1.21.3', properties: { GOARCH: 'arm64', GOOS: 'windows' } }),
    packageOf({ type: 'npm', name: '@a/b', version: '1.0.0', properties: { private: 'true' } }),
    { ...packageOf({ type: 'pypi', name: 'requests', version: '2.25.1' }), managedBy: requests.purl },
    requests,
    { ...packageOf({ type: 'deb', name: 'curl', version: '8-1' }, release('debian', '12')), root: 'srv/rootfs' },
    rpmOf({ name: 'nodejs', version: '1:18.1.0-1.module_el9+1', module: 'nodejs:18' }, ALMA, 'Somebody'),
    rpmOf({ name: 'libssl', version: '3-1', source: { name: 'openssl', version: '3-1' } }, ALMA),
  ],
  { ...ALMA, codename: 'lime' },
);
const RHEL: Inventory = {
  ...inventoryOf([], release('rhel', '9.4', { name: 'Red Hat Enterprise Linux 9.4', endOfLife: '2032-05-31' })),
  redHat: { repositories: ['ubi-9-appstream-rpms', 'ubi-9-baseos-rpms'], image: 'ubi9' },
};

test.each([
  { format: 'SPDX', render: renderSpdx },
  { format: 'CycloneDX', render: renderCyclonedx },
])('our own $format document says all that judging the image needs', ({ render }) => {
  const judged = ({ type, name, version, arch, source, module, vendor, managedBy, root, properties }: Package) => {
    const { namespace: _, ...facts } = properties ?? {};
    return [{ type, name, version, arch, source, module, vendor, managedBy, root }, facts];
  };
  const text = render(OWN, { createdAt: new Date('2026-11-21T00:00:00Z'), toolVersion: '1.2.3' });
  const again = readSbom(Buffer.from(text), 'own.json');
  expect(surroundingsOf(again)).toEqual(surroundingsOf(OWN));
  const byName = (packages: readonly Package[]) => packages.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(judged);
  expect(byName(again.packages)).toEqual(byName(OWN.packages));
  const rhel = render(RHEL, { createdAt: new Date('2026-11-21T00:00:00Z'), toolVersion: '1.2.3' });
  expect(surroundingsOf(readSbom(Buffer.from(rhel), 'own.json')).redHat).toEqual(RHEL.redHat);
});

test('no document makes it throw anything but a PlimsollError', () => {
  const part = fc.jsonValue({ maxDepth: 4 });
  const component = fc.record(
    {
      type: fc.oneof(fc.constantFrom('library', 'operating-system', 'container'), part),
      name: part,
      version: part,
      purl: fc.oneof(
        fc.constantFrom(CURL, 'pkg:rpm/x@1?rpmmod=%zz', 'pkg:npm/a@1?distro=%00-1#x', 'pkg:', '?distro=a-1'),
        fc.string(),
        part,
      ),
      properties: fc.oneof(
        fc.array(fc.record({ name: fc.constantFrom('plimsoll:managed-by', '__proto__'), value: part })),
        part,
      ),
      components: part,
      externalRefs: part,
      primaryPackagePurpose: fc.constantFrom('OPERATING-SYSTEM', 'LIBRARY'),
    },
    { requiredKeys: [] },
  );
  const document = fc.oneof(
    fc.record({ bomFormat: fc.constant('CycloneDX'), components: fc.array(component), metadata: part }),
    fc.record({ spdxVersion: fc.constant('SPDX-2.3'), packages: fc.array(component) }),
    part,
  );
  fc.assert(
    fc.property(document, value => {
      try {
        read(value);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});

test('no bytes make it throw anything but a PlimsollError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expect(() => readSbom(bytes, 'x')).toThrow(PlimsollError);
    }),
  );
});
