/** What lists say of images, findings, weaknesses and packages: filters, orders, pages, who sees what, and totals. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Package } from '#inventory/inventory.ts';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import type { Store } from '#store/database.ts';
import { type FindingSort, listFindings, listLayerSummaries } from '#store/finding-list.ts';
import { type ImageFilter, type ImageSort, listAffectedPackages, listImages } from '#store/image-list.ts';
import { type ImageTotals, registryTotals, repositoryTotals } from '#store/image-totals.ts';
import { findManifestIds } from '#store/manifest.ts';
import { listPackages, type PackageFilter, type PackagePosition } from '#store/package-list.ts';
import { describeStores } from '#store/testing/stores.ts';
import { listVulnerabilities, type VulnerabilityFilter, type VulnerabilitySort } from '#store/vulnerability-list.ts';
import { compareImages } from './compare-images.ts';
import { storeManifests } from './store-manifests.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  foundImage,
  foundJson,
  type LaidPackage,
  NOW,
  openContent,
  scanned,
} from './testing/content-fixture.ts';
import { makeRegistry, placeImages } from './testing/place-images.ts';

const DEBIAN = distro('debian', '12');
const curl = packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, DEBIAN);
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
const newLodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.99' });
const leftPad = packageOf({ type: 'npm', name: 'left-pad', version: '1.3.0' });
const requests = packageOf({ type: 'pypi', name: 'requests', version: '2.0' });
const laid = (layer: string, ...packages: readonly Package[]): LaidPackage[] =>
  packages.map(one => ({ package: one, layer }));

const word = (severity: 'CRITICAL' | 'HIGH' | 'LOW' | 'NEGLIGIBLE') => [
  { kind: 'word' as const, severity, origin: 'ghsa' },
];
const ADVISORIES = [
  advisory({
    id: 'CVE-2024-0001',
    source: 'debian-tracker',
    title: 'A flaw of curl',
    ratings: word('HIGH'),
    affected: [affects('Debian:12', 'curl', '*')],
  }),
  advisory({
    id: 'GHSA-aaaa',
    aliases: ['CVE-2024-0002'],
    ratings: word('CRITICAL'),
    affected: [affects('npm', 'lodash', '<4.17.90')],
  }),
  advisory({
    id: 'GHSA-bbbb',
    ratings: word('NEGLIGIBLE'),
    affected: [affects('npm', 'lodash', '*'), affects('npm', 'left-pad', '*')],
  }),
];

describeStores('lists', open => {
  let store: Store;
  let content: ContentFixture;
  /** Images by a short name. */
  const digests: Record<string, string> = {};
  let one: { namespaceId: string; registryId: string };
  let two: { namespaceId: string; registryId: string };
  let shop: number;

  beforeAll(async () => {
    store = await open();
    content = await openContent(store);
    const { db } = store;
    const signals = { epss: { 'CVE-2024-0001': 0.5, 'CVE-2024-0002': 0.25 }, kev: ['CVE-2024-0002'] };
    await firstDatabase(content, databaseOf(content.folder, ADVISORIES, signals));
    const layers = ['base', 'app'];
    const image = (salt: string, packages: readonly LaidPackage[]) =>
      scanned(content, packages, { salt, layers, release: DEBIAN });
    digests['bad'] = await image('bad', [...laid('base', curl), ...laid('app', lodash)]);
    digests['meh'] = await image('meh', [...laid('base', curl), ...laid('app', newLodash)]);
    digests['low'] = await image('low', laid('app', leftPad));
    digests['clean'] = await image('clean', laid('app', requests));
    digests['hidden'] = await image('hidden', laid('app', lodash));
    const waiting = foundImage(['base'], 'waiting');
    const index = foundJson(
      {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [digests['bad'], digests['low']].map(digest => ({
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest,
          size: 500,
          platform: { os: 'linux', architecture: 'amd64' },
        })),
      },
      'application/vnd.oci.image.index.v1+json',
    );
    await storeManifests(db, [waiting, index], NOW);
    digests['waiting'] = waiting.digest;
    one = await makeRegistry(db, 'one');
    two = await makeRegistry(db, 'two');
    const of = (name: string, ...tags: readonly string[]) => ({ digest: digests[name] ?? '', tags });
    shop = await placeImages(db, one.registryId, 'team/shop', [
      { digest: index.digest, tags: ['latest'] },
      of('bad', 'v1'),
      of('meh', 'v2'),
      of('low'),
      of('waiting', 'next'),
    ]);
    await placeImages(db, one.registryId, 'team/copy', [of('bad', 'v1')]);
    await placeImages(db, two.registryId, 'other', [of('low', 'x'), of('clean', 'y')]);
    await sql`UPDATE image_scan SET state = 'failed' WHERE manifest_id = (SELECT id FROM manifest WHERE digest = ${digests['low']})`.execute(
      db,
    );
  });
  afterAll(async () => {
    await content[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const nameOf = (digest: string) => Object.entries(digests).find(([, one]) => one === digest)?.[0];
  const images = async (filter: ImageFilter, sort: ImageSort = 'worst') =>
    (await listImages(store.db, filter, { sort, limit: 50 })).map(({ digest }) => nameOf(digest));

  const filters: readonly { filter: ImageFilter | (() => ImageFilter); expected: readonly string[]; why: string }[] = [
    {
      filter: {},
      expected: ['bad', 'meh', 'low', 'waiting', 'clean'],
      why: 'worst first; what nobody has is not there',
    },
    { filter: { namespaceIds: [] }, expected: [], why: 'no namespaces, no images' },
    { filter: () => ({ namespaceIds: [two.namespaceId] }), expected: ['low', 'clean'], why: 'of a namespace' },
    {
      filter: () => ({ registryId: one.registryId }),
      expected: ['bad', 'meh', 'low', 'waiting'],
      why: 'of a registry',
    },
    { filter: { repository: 'team/copy' }, expected: ['bad'], why: 'of a repository' },
    { filter: { severityAtLeast: 4 }, expected: ['bad', 'meh'], why: 'at least high' },
    { filter: { isFixable: true }, expected: ['bad'], why: 'with a fix' },
    { filter: { isKnownExploited: true }, expected: ['bad'], why: 'known to be exploited' },
    { filter: { package: { name: 'lodash' } }, expected: ['bad', 'meh'], why: 'with a package' },
    { filter: { package: { name: 'lodash', version: '4.17.99' } }, expected: ['meh'], why: 'with a version' },
    { filter: { vulnerability: 'cve-2024-0001' }, expected: ['bad', 'meh'], why: 'with a weakness, in any capitals' },
    { filter: { vulnerability: 'GHSA-AAAA' }, expected: ['bad'], why: 'by an alias' },
    { filter: { vulnerability: 'CVE-1999-0001' }, expected: [], why: 'with one that nobody has' },
    { filter: { states: ['not-scanned', 'failed'] }, expected: ['low', 'waiting'], why: 'in a state' },
    { filter: { scannedAfter: new Date(NOW.getTime() + 1) }, expected: [], why: 'scanned after now' },
    { filter: { scannedBefore: new Date(NOW.getTime() + 1), isFixable: true }, expected: ['bad'], why: 'both' },
    { filter: { text: 'TEAM/' }, expected: ['bad', 'meh', 'low', 'waiting'], why: 'in the name of a repository' },
    { filter: { text: 'latest' }, expected: ['bad', 'low'], why: 'in the tag of an index that lists it' },
    { filter: { text: '%' }, expected: [], why: 'a percent sign is a percent sign' },
  ];

  test.each(filters)('images: $why', async ({ filter, expected }) => {
    expect(await images(typeof filter === 'function' ? filter() : filter)).toEqual(expected);
  });

  test('images by name, by size and by date of the scan; what has none comes last', async () => {
    expect(await images({}, 'name')).toEqual(['bad', 'meh', 'low', 'waiting', 'clean']);
    expect((await images({}, 'scanned')).at(-1)).toBe('waiting');
    expect((await images({}, 'size')).at(-1)).toBe('waiting');
  });

  test('pages of any length are the list, in every order', async () => {
    for (const sort of ['worst', 'scanned', 'size', 'name'] as const) {
      const whole = await listImages(store.db, {}, { sort, limit: 50 });
      for (const limit of [1, 2, 3]) {
        const seen: string[] = [];
        for (let after: (typeof whole)[number]['position'] | undefined; ; ) {
          const page = await listImages(store.db, {}, { sort, limit, after });
          seen.push(...page.map(({ digest }) => digest));
          after = page.at(-1)?.position;
          if (after === undefined) break;
        }
        expect(seen, sort).toEqual(whole.map(({ digest }) => digest));
      }
    }
  });

  test('an image tells all its places, with tags of indexes that list it, but only those that one may see', async () => {
    const [bad] = await listImages(store.db, {}, { sort: 'worst', limit: 1 });
    expect(bad?.places.map(({ repository, tags }) => [repository, tags])).toEqual([
      ['team/shop', ['latest', 'v1']],
      ['team/copy', ['v1']],
    ]);
    const low = await listImages(store.db, { namespaceIds: [two.namespaceId] }, { sort: 'worst', limit: 1 });
    expect(low[0]?.places.map(({ repository }) => repository)).toEqual(['other']);
  });

  test('the packages of images that have a weakness', async () => {
    const ids = await findManifestIds(store.db, [digests['bad'] ?? '', digests['meh'] ?? '']);
    const rows = await listAffectedPackages(store.db, 'GHSA-bbbb', [...ids.values()], { limit: 5 });
    expect(rows.map(({ name, version, severity }) => [name, version, severity])).toEqual([
      ['lodash', '4.17.20', 1],
      ['lodash', '4.17.99', 1],
    ]);
  });

  test('findings of an image: filters, orders, pages', async () => {
    const id = (await findManifestIds(store.db, [digests['bad'] ?? ''])).get(digests['bad'] ?? '') ?? -1;
    const names = async (filter: Parameters<typeof listFindings>[2], sort: FindingSort = 'severity') =>
      (await listFindings(store.db, id, filter, { sort, limit: 50 })).map(({ name }) => name);
    expect(await names({})).toEqual(['CVE-2024-0002', 'CVE-2024-0001', 'GHSA-bbbb']);
    expect(await names({}, 'package')).toEqual(['CVE-2024-0001', 'CVE-2024-0002', 'GHSA-bbbb']);
    expect(await names({}, 'name')).toEqual(['CVE-2024-0001', 'CVE-2024-0002', 'GHSA-bbbb']);
    expect(await names({ severities: [4, 1] })).toEqual(['CVE-2024-0001', 'GHSA-bbbb']);
    expect(await names({ isFixable: true })).toEqual(['CVE-2024-0002']);
    expect(await names({ isKnownExploited: true })).toEqual(['CVE-2024-0002']);
    expect(await names({ text: 'ghsa-aa' })).toEqual(['CVE-2024-0002']);
    expect(await names({ packageName: 'lodash', layer: 1 })).toEqual(['CVE-2024-0002', 'GHSA-bbbb']);
    expect(await names({ waived: 'only' })).toEqual([]);
    for (const sort of ['severity', 'package', 'name'] as const) {
      const whole = await listFindings(store.db, id, {}, { sort, limit: 50 });
      const [first] = await listFindings(store.db, id, {}, { sort, limit: 1 });
      const rest = await listFindings(store.db, id, {}, { sort, limit: 50, after: first?.position });
      expect([first, ...rest]).toEqual(whole);
    }
    const [worst] = await listFindings(store.db, id, {}, { sort: 'severity', limit: 1 });
    expect(worst).toMatchObject({
      packageName: 'lodash',
      purl: lodash.purl,
      layer: 1,
      epss: 0.25,
      fixedVersion: '4.17.90',
    });
    expect(worst?.kev).toMatchObject({ added: '2026-01-02' });
    const layers = await listLayerSummaries(store.db, id);
    expect(
      layers.map(({ createdBy, packageCount, critical, high }) => [createdBy, packageCount, critical, high]),
    ).toEqual([
      ['RUN make base', 1, 0, 1],
      ['RUN make app', 1, 1, 0],
    ]);
  });

  test('weaknesses: filters, orders, pages, and in how many images that one sees', async () => {
    const list = (filter: VulnerabilityFilter, sort: VulnerabilitySort = 'worst') =>
      listVulnerabilities(store.db, filter, { sort, limit: 50 });
    const names = async (filter: VulnerabilityFilter, sort?: VulnerabilitySort) =>
      (await list(filter, sort)).map(({ name }) => name);
    expect(await names({})).toEqual(['CVE-2024-0002', 'CVE-2024-0001', 'GHSA-bbbb']);
    expect(await names({}, 'epss')).toEqual(['CVE-2024-0001', 'CVE-2024-0002', 'GHSA-bbbb']);
    expect(await names({}, 'name')).toEqual(['CVE-2024-0001', 'CVE-2024-0002', 'GHSA-bbbb']);
    expect(await names({ text: 'of curl' })).toEqual(['CVE-2024-0001']);
    expect(await names({ named: 'ghsa-AAAA' })).toEqual(['CVE-2024-0002']);
    expect(await names({ severityAtLeast: 5 })).toEqual(['CVE-2024-0002']);
    expect(await names({ isKnownExploited: false, isFixable: false })).toEqual(['CVE-2024-0001', 'GHSA-bbbb']);
    expect(await names({ namespaceIds: [two.namespaceId] })).toEqual(['GHSA-bbbb']);
    expect((await list({})).map(({ images: count, packages }) => [count, packages])).toEqual([
      [1, 1],
      [2, 1],
      [3, 3],
    ]);
    expect((await list({}))[0]).toMatchObject({ aliases: ['GHSA-aaaa'], isFixable: true, isKnownExploited: true });
    for (const sort of ['worst', 'epss', 'name'] as const) {
      const whole = await list({}, sort);
      const [first] = await listVulnerabilities(store.db, {}, { sort, limit: 1 });
      const rest = await listVulnerabilities(store.db, {}, { sort, limit: 50, after: first?.position });
      expect([first, ...rest]).toEqual(whole);
    }
  });

  test('packages: filters, pages, and in how many images that one sees', async () => {
    const list = async (filter: PackageFilter, after?: PackagePosition, limit = 50) =>
      await listPackages(store.db, filter, { limit, after });
    const names = async (filter: PackageFilter) =>
      (await list(filter)).map(({ name, version }) => `${name} ${version}`);
    expect(await names({})).toEqual([
      'curl 7.88.1-10',
      'left-pad 1.3.0',
      'lodash 4.17.20',
      'lodash 4.17.99',
      'requests 2.0',
    ]);
    expect(await names({ text: 'LO' })).toEqual(['lodash 4.17.20', 'lodash 4.17.99']);
    expect(await names({ name: 'lodash', version: '4.17.99' })).toEqual(['lodash 4.17.99']);
    expect(await names({ isVulnerable: false })).toEqual(['requests 2.0']);
    expect(await names({ type: 'npm', namespaceIds: [two.namespaceId] })).toEqual(['left-pad 1.3.0']);
    const whole = await list({});
    expect(whole.map(({ images: count }) => count)).toEqual([2, 2 - 1, 1, 1, 1]);
    expect(whole[2]).toMatchObject({
      critical: 1,
      negligible: 1,
      fixable: 1,
      distro: 'debian 12',
      isUndetermined: false,
    });
    expect(whole[4]).toMatchObject({ isUndetermined: true });
    const [first] = await list({}, undefined, 1);
    expect([first, ...(await list({}, first?.position))]).toEqual(whole);
  });

  test('totals count digests once, tags by what is under them, and never more vulnerable than scanned than there are', async () => {
    const totals = await registryTotals(store.db, [one.registryId, two.registryId, crypto.randomUUID()]);
    expect(totals.size).toBe(3);
    expect(totals.get(one.registryId)).toMatchObject({
      images: 4,
      scannedImages: 3,
      vulnerableImages: 3,
      failedImages: 1,
      undeterminedImages: 0,
      critical: 1,
      high: 1,
      negligible: 1,
      unknown: 0,
      tags: 5,
      scannedTags: 4,
      vulnerableTags: 4,
    });
    expect(totals.get(two.registryId)).toMatchObject({
      images: 2,
      scannedImages: 2,
      vulnerableImages: 1,
      undeterminedImages: 1,
      tags: 2,
      scannedTags: 2,
      vulnerableTags: 1,
    });
    const ofShop = (await repositoryTotals(store.db, [shop])).get(shop);
    expect(ofShop).toMatchObject({ images: 4, tags: 4, vulnerableTags: 3 });
    for (const each of [...totals.values(), ofShop]) if (each !== undefined) expectConsistent(each);
  });

  test('two images compared: findings of one alone, packages that came, went or changed', async () => {
    const { bad = '', meh = '', low = '' } = digests;
    const compared = await compareImages(store.db, bad, meh, NOW);
    expect(compared?.onlyInA.map(({ id }) => id)).toEqual(['CVE-2024-0002']);
    expect(compared?.onlyInB).toEqual([]);
    expect(compared?.inBoth).toBe(2);
    expect(compared?.packages).toEqual([
      { type: 'npm', name: 'lodash', kind: 'changed', before: ['4.17.20'], after: ['4.17.99'] },
    ]);
    expect((await compareImages(store.db, low, bad, NOW))?.packages.map(({ name, kind }) => [name, kind])).toEqual([
      ['curl', 'added'],
      ['left-pad', 'removed'],
      ['lodash', 'added'],
    ]);
    expect(await compareImages(store.db, bad, digests['waiting'] ?? '', NOW)).toBeUndefined();
  });
});

function expectConsistent(totals: ImageTotals): void {
  const { critical, high, medium, low, negligible, unknown } = totals;
  expect(totals.vulnerableImages + totals.undeterminedImages).toBeLessThanOrEqual(totals.scannedImages);
  expect(totals.scannedImages).toBeLessThanOrEqual(totals.images);
  expect(totals.vulnerableTags).toBeLessThanOrEqual(totals.scannedTags);
  expect(totals.scannedTags).toBeLessThanOrEqual(totals.tags);
  expect(critical + high + medium + low + negligible + unknown).toBe(totals.vulnerableImages);
}
