/** Inventories for the golden tests: an ordinary one, one made by somebody unkind, and one of nothing. */
import type { Distro, Inventory, Package } from '#inventory/inventory.ts';
import type { FoundPackage, Gap } from '#inventory/package.ts';
import { digestOf } from '#oci/digest.ts';
import { toPurl } from '#purl/purl.ts';

const BASE = digestOf('base layer');
const APP = digestOf('app layer');

export const CREATED_AT = new Date('2025-07-01T12:34:56.789Z');

const DEBIAN: Distro = {
  id: 'debian',
  idLike: [],
  versionId: '12',
  codename: 'bookworm',
  name: 'Debian GNU/Linux 12 (bookworm)',
  endOfLife: '2026-06-10',
};

type Found = FoundPackage & Partial<Pick<Package, 'layer' | 'locations' | 'managedBy' | 'root'>>;

const pack = (distro: Distro | undefined, found: Found): Package => ({
  ...found,
  purl: toPurl(found, distro),
  locations: found.locations ?? [{ path: 'var/lib/dpkg/status', layer: BASE }],
});

/** Like a small web application on Debian. */
export const ORDINARY: Inventory = {
  image: {
    reference: 'registry.example:5000/team/shop:1.4',
    digest: digestOf('manifest'),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
    layers: [
      {
        digest: BASE,
        diffId: digestOf('base diff'),
        sizeBytes: 29_124_181,
        createdBy: "# debian.sh --arch 'armhf' out/ 'bookworm'",
        verifiedBy: 'layer',
      },
      { digest: APP, sizeBytes: 4_012, verifiedBy: 'toc' },
    ],
  },
  distro: { ...DEBIAN, cpe: 'cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*' },
  packages: [
    pack(DEBIAN, {
      type: 'deb',
      name: 'libssl3',
      version: '3.0.16-1~deb12u1',
      arch: 'armhf',
      source: { name: 'openssl', version: '3.0.16-1~deb12u1' },
      licenses: ['Apache-2.0', 'Artistic or GPL-1+'],
      vendor: 'Debian OpenSSL Team <openssl@example.org>',
      layer: BASE,
    }),
    pack(DEBIAN, {
      type: 'deb',
      name: 'login',
      version: '1:4.13+dfsg1-1+b1',
      arch: 'armhf',
      source: { name: 'shadow', version: '1:4.13+dfsg1-1' },
      layer: BASE,
    }),
    pack(DEBIAN, {
      type: 'deb',
      name: 'python3-requests',
      version: '2.28.1+dfsg-1',
      arch: 'all',
      source: { name: 'requests', version: '2.28.1+dfsg-1' },
      licenses: ['apache-2.0'],
      layer: BASE,
    }),
    pack(DEBIAN, {
      type: 'generic',
      name: 'node',
      version: '22.17.0',
      evidence: 'detected',
      layer: APP,
      locations: [{ path: 'usr/local/bin/node', layer: APP }],
    }),
    pack(DEBIAN, {
      type: 'golang',
      name: 'github.com/Azure/azure-sdk-for-go/sdk/internal/exported/temporal',
      version: 'v0.0.0-20240520151302-bc2c85ada10a',
      properties: { replaces: 'example.com/old', 'go-version': 'go1.22.3' },
      layer: APP,
      locations: [
        { path: 'usr/local/bin/shopctl', layer: APP },
        { path: 'usr/local/bin/shopd', layer: APP },
      ],
    }),
    pack(DEBIAN, {
      type: 'maven',
      name: 'org.apache.logging.log4j:log4j-core',
      version: '2.17.1',
      licenses: ['(MIT or GPL-2.0-only with Classpath-exception-2.0) and BSD-3-Clause'],
      layer: APP,
      locations: [{ path: 'srv/shop.war!/WEB-INF/lib/log4j-core-2.17.1.jar', layer: APP }],
    }),
    pack(DEBIAN, {
      type: 'npm',
      name: '@types/node',
      version: '22.15.0',
      licenses: ['MIT', 'MIT OR Apache-2.0', 'LicenseRef-Shop', 'SEE LICENSE IN LICENSE.txt'],
      evidence: 'asserted',
      layer: APP,
      locations: [{ path: 'opt/shop/bom.json', layer: APP }],
    }),
    pack(DEBIAN, {
      type: 'pypi',
      name: 'requests',
      version: '2.28.1',
      licenses: ['Apache 2.0'],
      managedBy: 'pkg:deb/debian/python3-requests@2.28.1%2Bdfsg-1?arch=all&distro=debian-12&upstream=requests%402.28.1%2Bdfsg-1',
      layer: BASE,
      locations: [{ path: 'usr/lib/python3/dist-packages/requests-2.28.1.egg-info', layer: BASE }],
    }),
  ],
  gaps: [{ layer: APP, path: 'srv/broken.jar', reason: 'It is no zip archive: the central directory is missing' }],
};

const OLD_ALMA: Distro = {
  id: 'almalinux',
  idLike: ['rhel', 'centos', 'fedora'],
  versionId: '8.3',
  name: 'AlmaLinux \u001b[2J8.3\r\n(Purple Manul)',
  cpe: 'not a cpe',
  endOfLife: '2021-05-18',
};

const ESCAPES = '\u001b[31mred\u001b[0m\u0007\u009b2J';
const HTML = '<script>alert("x")</script>&\'\\';
const LINES = 'one\ntwo\r\nthree\u2028four';
const EMOJI = '👩‍👩‍👧 表計算 \u202egnp.exe';
const LONG = 'n'.repeat(500);
const LICENSE_TEXT = `Permission is hereby granted, to whom it may concern,\n${'and so on '.repeat(20)}`;

/** Names made to break terminals, pages and lines; a distribution long past its end; many gaps; twins. */
export const UNKIND: Inventory = {
  image: {
    reference: `oci-archive:/tmp/${EMOJI}.tar`,
    digest: digestOf('other manifest'),
    platform: { os: 'linux', architecture: 'amd64' },
    layers: [{ digest: BASE, sizeBytes: 1_999, createdBy: ESCAPES, verifiedBy: 'layer' }],
  },
  distro: OLD_ALMA,
  packages: [
    pack(OLD_ALMA, {
      type: 'npm',
      name: ESCAPES,
      version: LINES,
      licenses: [ESCAPES, LICENSE_TEXT, 'constructor', '((((', `${'('.repeat(400)}MIT`],
      properties: { b: HTML, a: LINES, ['__proto__x']: '1' },
      layer: BASE,
    }),
    pack(OLD_ALMA, { type: 'npm', name: HTML, version: '1', arch: '"', vendor: LINES, layer: BASE }),
    pack(OLD_ALMA, { type: 'npm', name: LINES, version: '1', layer: BASE, locations: [{ path: LINES }] }),
    pack(OLD_ALMA, { type: 'pypi', name: 'Twin_a', version: '1', licenses: ['', ' MIT '], layer: BASE }),
    pack(OLD_ALMA, { type: 'pypi', name: 'twin-a', version: '1', layer: BASE }),
    pack(OLD_ALMA, { type: 'gem', name: EMOJI, version: '1', layer: BASE }),
    pack(OLD_ALMA, { type: 'gem', name: 'half \ud83d', version: '1', layer: BASE }),
    pack(OLD_ALMA, {
      type: 'rpm',
      name: LONG,
      version: `2:${LONG}`,
      arch: 'x86_64',
      source: { name: LONG, version: '1' },
      module: 'nodejs:16',
      root: 'opt/nested',
      layer: BASE,
      locations: Array.from({ length: 25 }, (_, at) => ({ path: `a/${at}`, layer: BASE })),
    }),
  ],
  gaps: [
    { reason: `Layers end early: ${ESCAPES}` },
    { layer: BASE, reason: LINES },
    ...Array.from({ length: 60 }, (_, at): Gap => ({ path: `srv/${HTML}/${at}`, reason: LONG })),
  ],
};

/** A folder of which nothing is known and in which nothing was found. */
export const NOTHING: Inventory = {
  image: { reference: 'dir:/srv/rootfs', layers: [] },
  packages: [],
  gaps: [],
};
