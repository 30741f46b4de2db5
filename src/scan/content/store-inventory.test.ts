/** What is stored of scanned images: distinct packages once, sets once, counts that are the sums of what is under them. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sampleSubject } from '#certification/testing/sample-subject.ts';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import type { Store } from '#store/database.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { findFileFacts } from './file-facts.ts';
import { storeInventory } from './store-inventory.ts';
import { storeManifests } from './store-manifests.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  foundImage,
  inventoryFor,
  type LaidPackage,
  NOW,
  openContent,
  scanned,
  signal,
} from './testing/content-fixture.ts';

const DEBIAN = distro('debian', '12');
const curl = packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, DEBIAN);
const zlib = packageOf({ type: 'deb', name: 'zlib1g', version: '1.2.13', source: { name: 'zlib' } }, DEBIAN);
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
const leftPad = packageOf({ type: 'npm', name: 'left-pad', version: '1.3.0' });

const ADVISORIES = [
  advisory({
    id: 'CVE-2024-0001',
    source: 'debian-tracker',
    title: 'A flaw of curl',
    ratings: [{ kind: 'word', severity: 'HIGH', origin: 'debian' }],
    affected: [affects('Debian:12', 'curl', '<7.88.1-10+deb12u5')],
  }),
  advisory({
    id: 'GHSA-a',
    aliases: ['CVE-2024-0002'],
    ratings: [{ kind: 'word', severity: 'CRITICAL', origin: 'ghsa' }],
    affected: [affects('npm', 'lodash', '*')],
  }),
];

const base = (...packages: readonly (typeof curl)[]): LaidPackage[] =>
  packages.map(one => ({ package: one, layer: 'base' }));
const app = (...packages: readonly (typeof curl)[]): LaidPackage[] =>
  packages.map(one => ({ package: one, layer: 'app' }));

describeStores('inventories', open => {
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

  const count = async (table: string) => {
    const { rows } = await sql<{ n: number }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(store.db);
    return rows[0]?.n;
  };
  const scanOf = async (digest: string) =>
    await store.db
      .selectFrom('imageScan')
      .innerJoin('manifest', 'manifest.id', 'imageScan.manifestId')
      .selectAll('imageScan')
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow();

  test('images that share a layer share its packages, which are judged and counted once', async () => {
    await firstDatabase(content, databaseOf(content.folder, ADVISORIES, { kev: ['CVE-2024-0002'] }));
    const one = await scanned(content, [...base(curl, zlib), ...app(lodash)], { release: DEBIAN });
    const two = await scanned(content, [...base(curl, zlib), ...app(leftPad)], { release: DEBIAN, salt: '2' });
    expect(await scanOf(one)).toMatchObject({
      state: 'scanned',
      critical: 1,
      high: 1,
      fixable: 1,
      knownExploited: 1,
      undetermined: 0,
      worst: 5,
      packageCount: 3,
    });
    expect(await scanOf(two)).toMatchObject({ critical: 0, high: 1, worst: 4, packageCount: 3 });
    expect(await count('package')).toBe(4);
    expect(await count('package_set')).toBe(3);
    expect(await count('package_finding')).toBe(2);
  });

  test('without a database nothing can be said of any package, and that is what is counted', async () => {
    const digest = await scanned(content, [...base(curl, zlib), ...app(lodash)], { release: DEBIAN });
    expect(await scanOf(digest)).toMatchObject({ state: 'scanned', worst: 0, undetermined: 3 });
  });

  test('a second scan takes the place of the first, and what fails leaves the first', async () => {
    await firstDatabase(content, databaseOf(content.folder, ADVISORIES));
    const layers = ['base', 'app'];
    const image = foundImage(layers);
    await storeManifests(store.db, [image], content.now());
    const store1 = (packages: readonly LaidPackage[], also?: () => Promise<void>) =>
      storeInventory(content, image.digest, inventoryFor(image, layers, packages, { release: DEBIAN }), '1', {
        signal,
        also,
      });
    await store1([...base(curl), ...app(lodash)]);
    const fails = store1(base(zlib), async () => {
      throw new Error('no');
    });
    await expect(fails).rejects.toThrow('no');
    expect(await scanOf(image.digest)).toMatchObject({ critical: 1, high: 1, packageCount: 2 });
    const { counts } = await store1(base(curl, zlib));
    expect(counts).toMatchObject({ critical: 0, high: 1 });
    expect(await scanOf(image.digest)).toMatchObject({ critical: 0, high: 1, packageCount: 2, worst: 4 });
  });

  test('facts about its files come with an inventory, and stay when a later one has none', async () => {
    const image = foundImage(['base']);
    const found = inventoryFor(image, ['base'], base(curl));
    await storeManifests(store.db, [image], NOW);
    await storeInventory(content, image.digest, found, '1', { signal });
    expect(await findFileFacts(store.db, image.digest)).toBeUndefined();
    const { files } = sampleSubject();
    await storeInventory(content, image.digest, found, '2', { signal, files });
    await storeInventory(content, image.digest, found, '3', { signal });
    expect(await findFileFacts(store.db, image.digest)).toEqual(files);
    const also = async () => {
      throw new Error('no');
    };
    const other = { ...files, gaps: ['more'] };
    await expect(storeInventory(content, image.digest, found, '4', { signal, files: other, also })).rejects.toThrow();
    expect(await findFileFacts(store.db, image.digest), 'together or not at all').toEqual(files);
  });

  test('an inventory of another image is refused', async () => {
    const image = foundImage(['base']);
    await storeManifests(store.db, [image], content.now());
    const other = inventoryFor(image, ['other'], []);
    await expect(storeInventory(content, image.digest, other, '1', { signal })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('names that no database can store are stored as near as can be', async () => {
    const odd = { ...leftPad, name: `a\0b\ud800${'x'.repeat(5000)}`, version: '\u0000' };
    const digest = await scanned(content, app(odd, lodash));
    expect(await scanOf(digest)).toMatchObject({ state: 'scanned', packageCount: 2 });
  });

  test('two servers that store the same packages at once each get whole reports, and no package twice', async () => {
    await firstDatabase(content, databaseOf(content.folder, ADVISORIES));
    const many = Array.from({ length: 60 }, (_, at) =>
      packageOf({ type: 'npm', name: at === 0 ? 'lodash' : `p${at}`, version: '1.0.0' }),
    );
    const digests = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        scanned(
          content,
          // In another order each, and each with something of its own.
          [...(at % 2 === 0 ? app(...many) : app(...many.toReversed())), ...base(at < 3 ? curl : zlib)],
          { salt: `${at}`, release: DEBIAN, layers: ['base', 'app'] },
        ),
      ),
    );
    for (const digest of digests) expect(await scanOf(digest)).toMatchObject({ packageCount: 61, critical: 1 });
    expect(await count('package')).toBe(62);
    expect(await count('package_set')).toBe(3);
  });
});
