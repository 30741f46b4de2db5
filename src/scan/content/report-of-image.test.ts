/** What comes out of the store is what a stand-alone scan would have said, in every format, byte for byte. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { isImage, openReference, openReferencedImages } from '#image/open-reference.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import { parseManifest } from '#oci/manifest.ts';
import { parseReference } from '#oci/reference.ts';
import { FORMATS, type FormatName } from '#report/formats.ts';
import { SCAN_FORMATS, type ScanFormatName } from '#report/scan/formats.ts';
import { scanImage } from '#scan/scan-image.ts';
import type { Store } from '#store/database.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores, openEmbedded } from '#store/testing/stores.ts';
import { startBuild } from '#vulndb/database-build.ts';
import { importPath } from '#vulndb/import/import-paths.ts';
import { hasSharedData, SHARED_DATA } from '../../../test/fixtures/shared-data.ts';
import { describeDatabase, judgeImage } from '../judge-image.ts';
import type { FoundDocument } from './read-manifest.ts';
import { inventoryOfImage, reportOfImage, toStoredScanReport } from './report-of-image.ts';
import { storeInventory } from './store-inventory.ts';
import { storeManifests } from './store-manifests.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  foundImage,
  inventoryFor,
  NOW,
  openContent,
  signal,
} from './testing/content-fixture.ts';

const OPTIONS = { createdAt: NOW, toolVersion: '1', columns: 120 };

/** Every document about a stored image against the one about `inventory`, judged by itself. */
async function expectSame(content: ContentFixture, inventory: Inventory): Promise<void> {
  const { db } = content.store;
  const digest = inventory.image.digest ?? '';
  const { reference } = inventory.image;
  const stored = await reportOfImage(db, digest, { reference, today: NOW });
  expect(stored).toBeDefined();
  if (stored === undefined) return;
  using lease = await content.vulnerabilities.acquire(signal);
  const database = lease.lookup;
  if (database === undefined) throw new Error('no database');
  const expected = judgeImage(inventory, {
    lookup: database,
    database: describeDatabase(database.status()),
    today: NOW,
  }).report;
  const actual = toStoredScanReport(stored, database);
  expect(actual).toEqual(expected);
  for (const name of Object.keys(SCAN_FORMATS) as ScanFormatName[]) {
    const render = await SCAN_FORMATS[name].load();
    expect(render([actual], OPTIONS) === render([expected], OPTIONS), name).toBe(true);
  }
  const alone = await inventoryOfImage(db, digest, { reference });
  for (const name of Object.keys(FORMATS) as FormatName[]) {
    const render = await FORMATS[name].load();
    expect(alone && render(alone, OPTIONS) === render(inventory, OPTIONS), name).toBe(true);
  }
}

describeStores('reports', open => {
  let store: Store;
  let content: ContentFixture;
  beforeAll(async () => {
    store = await open();
  });
  beforeEach(async () => {
    await emptyStore(store);
    content = await openContent(store);
    return () => content[Symbol.asyncDispose]();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  test('an image of everything at once: owners, rules of ours, doubts, gaps, a release past its end, two CVEs in one', async () => {
    const release = distro('debian', '10', { endOfLife: '2024-06-30', cpe: 'cpe:/o:debian', variantId: 'x' });
    const curl = packageOf(
      {
        type: 'deb',
        name: 'curl',
        version: '7.64',
        arch: 'amd64',
        licenses: ['MIT', 'curl'],
        source: { name: 'curl' },
      },
      release,
    );
    const headers = packageOf(
      { type: 'deb', name: 'linux-libc-dev', version: '4.19', source: { name: 'linux' } },
      release,
    );
    const owned = packageOf({ type: 'pypi', name: 'requests', version: '2.0', managedBy: curl.purl });
    const conda = packageOf({ type: 'conda', name: 'requests', version: '2.1', properties: { channel: 'main' } });
    const python = packageOf({ type: 'pypi', name: 'requests', version: '2.1', properties: { z: '1', a: '2' } });
    const odd = packageOf({ type: 'npm', name: 'lodash', version: 'what?', evidence: 'detected', root: 'srv/root' });
    const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.0.0', vendor: 'Somebody' });
    const cargo = packageOf({ type: 'cargo', name: 'time', version: '0.1.0' });
    const layers = ['base', 'app', 'top'];
    const image = foundImage(layers);
    const plain = inventoryFor(
      image,
      layers,
      [
        ...[cargo, conda, curl, headers].map(one => ({ package: one, layer: 'base' })),
        ...[lodash, odd, owned, python].map(one => ({ package: one, layer: 'app' })),
      ],
      { release },
    );
    const inventory: Inventory = {
      ...plain,
      image: {
        ...plain.image,
        layers: plain.image.layers.map((layer, at) => (at === 1 ? { ...layer, verifiedBy: 'toc' as const } : layer)),
      },
      packages: plain.packages.map(one =>
        one.name === 'lodash' && one.version === '4.0.0'
          ? {
              ...one,
              locations: [
                ...one.locations,
                { path: 'z/elsewhere', layer: plain.image.layers[2]?.digest ?? one.layer },
              ].flatMap(({ path, layer }) => (layer === undefined ? [] : [{ path, layer }])),
            }
          : one,
      ),
      gaps: [{ path: 'some/file', reason: 'it is odd' }, { reason: 'everything' }],
    };
    const vector = {
      kind: 'cvss' as const,
      version: '3.1' as const,
      origin: 'nvd',
      vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
    };
    const path = databaseOf(
      content.folder,
      [
        advisory({
          id: 'CVE-2024-0001',
          source: 'debian-tracker',
          title: 'A flaw',
          ratings: [vector],
          references: [{ type: 'WEB', url: 'https://a.example' }],
          affected: [
            affects('Debian:10', 'curl', '*', { state: { kind: 'will-not-fix', reason: 'too old' } }),
            affects('Debian:10', 'linux', '*'),
          ],
        }),
        advisory({
          id: 'GHSA-a',
          aliases: ['CVE-2024-0002', 'CVE-2024-0003'],
          ratings: [{ kind: 'word', severity: 'CRITICAL', origin: 'ghsa' }],
          affected: [affects('npm', 'lodash', '<5'), affects('PyPI', 'requests', '<3')],
        }),
      ],
      { epss: { 'CVE-2024-0002': 0.12345, 'CVE-2024-0003': 0.97388 }, kev: ['CVE-2024-0003'] },
    );
    await firstDatabase(content, path);
    await storeManifests(store.db, [image], NOW);
    await storeInventory(content, image.digest, inventory, '1', { signal });
    await expectSame(content, inventory);
  });

  test('an image that is not scanned has no report', async () => {
    const image = foundImage(['base']);
    await storeManifests(store.db, [image], NOW);
    expect(await reportOfImage(store.db, image.digest, { reference: 'a', today: NOW })).toBeUndefined();
    expect(await reportOfImage(store.db, 'sha256:0', { reference: 'a', today: NOW })).toBeUndefined();
  });
});

const SOURCE = { signal, registry: { userAgent: 'test' } } as unknown as Parameters<typeof openReference>[1] & {
  readonly signal: AbortSignal;
};

const IMAGES = [
  'alpine-3.9.4-amd64.docker-save.tar.gz',
  'mixed-app-0.3.1-amd64.oci.tar',
  'almalinux-8.8-micro-20230523-s390x-zstd.oci.tar',
];

test.skipIf(!hasSharedData)(
  'real images by real advisories give the same documents (shared data)',
  async () => {
    await using store = await openEmbedded();
    await using content = await openContent(store);
    const path = content.folder.at('real', 'vulnerability.db');
    mkdirSync(content.folder.at('real'));
    {
      using build = startBuild(path, { now: NOW, builtBy: '1' });
      for (const part of ['alpine-secdb', 'osv', 'kev']) {
        await importPath(join(SHARED_DATA, 'advisories', part), { build, signal, now: NOW, mayShrink: false });
      }
      build.finish();
    }
    await firstDatabase(content, path);
    for (const name of IMAGES) {
      const transport = name.includes('docker-save') ? 'docker-archive' : 'oci-archive';
      const reference = parseReference(`${transport}:${join(SHARED_DATA, 'images', name)}`);
      await using opened = await openReferencedImages(reference, SOURCE);
      const [image] = opened.images;
      if (image?.manifest === undefined || image.digest === undefined) continue;
      const inventory = await scanImage(image, { signal });
      const found = await findDocuments(reference, image.digest);
      await storeManifests(store.db, [found], NOW);
      await storeInventory(content, image.digest, inventory, '1', { signal });
      await expectSame(content, inventory);
    }
  },
  60_000,
);

/** The manifest and the config of an image as a sensor would send them. */
async function findDocuments(reference: ReturnType<typeof parseReference>, digest: string): Promise<FoundDocument> {
  const content = await openReference(reference, SOURCE);
  if (isImage(content)) throw new Error('a folder has no manifest');
  await using source = content;
  const root = await source.root({ signal });
  let { bytes, mediaType } = root;
  const index = parseManifest(bytes, mediaType, 'index');
  if (index.kind === 'index') {
    const entry = index.manifests.find(one => one.digest === digest);
    if (entry === undefined) throw new Error('not in the index');
    bytes = await source.document(entry, 'manifest', { signal });
    ({ mediaType } = entry);
  }
  const manifest = parseManifest(bytes, mediaType, 'manifest');
  if (manifest.kind !== 'manifest') throw new Error('nested');
  const config = await source.document(manifest.config, 'config', { signal });
  return {
    digest,
    mediaType,
    document: Buffer.from(bytes).toString('base64'),
    config: Buffer.from(config).toString('base64'),
  };
}
