/** What images and all of them together are told of in short: packages of one, repositories of all registries, totals, and days. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import type { Store } from '#store/database.ts';
import { type ImagePackageFilter, type ImagePackagePosition, listImagePackages } from '#store/image-package-list.ts';
import { findManifestIds } from '#store/manifest.ts';
import {
  forgetFindingDays,
  listFindingDays,
  listLateFindings,
  noteFindingDay,
  overviewTotals,
} from '#store/overview.ts';
import { listAllRepositories, type RepositoryFilter } from '#store/repository-list.ts';
import { describeStores } from '#store/testing/stores.ts';
import { rematch } from './rematch.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  NOW,
  openContent,
  registerFile,
  scanned,
} from './testing/content-fixture.ts';
import { makeRegistry, placeImages } from './testing/place-images.ts';

const DEBIAN = distro('debian', '12');
const curl = packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, DEBIAN);
const odd = packageOf({ type: 'npm', name: 'odd', version: 'not a version' });
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
const requests = packageOf({ type: 'pypi', name: 'requests', version: '2.0' });
const word = (severity: 'CRITICAL' | 'HIGH' | 'LOW') => [{ kind: 'word' as const, severity, origin: 'ghsa' }];
const CURL = advisory({
  id: 'CVE-2024-0001',
  source: 'debian-tracker',
  ratings: word('HIGH'),
  affected: [affects('Debian:12', 'curl', '*')],
});
const ODD = advisory({ id: 'GHSA-odd', ratings: word('LOW'), affected: [affects('npm', 'odd', '<2.0.0')] });
const LODASH = advisory({
  id: 'GHSA-aaaa',
  aliases: ['CVE-2024-0002'],
  ratings: word('CRITICAL'),
  affected: [affects('npm', 'lodash', '<4.17.90')],
});

describeStores('in short', open => {
  let store: Store;
  let content: ContentFixture;
  let one: { namespaceId: string; registryId: string };
  let two: { namespaceId: string; registryId: string };
  let imageId = -1;
  const digests: string[] = [];

  beforeAll(async () => {
    store = await open();
    content = await openContent(store);
    await firstDatabase(content, databaseOf(content.folder, [CURL, ODD]));
    const lay = (layer: string, ...packages: readonly (typeof curl)[]) =>
      packages.map(each => ({ package: each, layer }));
    const options = { layers: ['base', 'app'], release: DEBIAN };
    digests.push(
      await scanned(content, [...lay('base', curl), ...lay('app', lodash, odd, requests)], { salt: 'a', ...options }),
      await scanned(content, lay('base', curl), { salt: 'b', ...options }),
    );
    one = await makeRegistry(store.db, 'one');
    two = await makeRegistry(store.db, 'two');
    const [first = '', second = ''] = digests;
    await placeImages(store.db, one.registryId, 'team/shop', [{ digest: first, tags: ['v1'] }]);
    await placeImages(store.db, one.registryId, 'team/100%', []);
    await placeImages(store.db, two.registryId, 'team/shop', [{ digest: first }, { digest: second, tags: ['x'] }]);
    imageId = (await findManifestIds(store.db, [first])).get(first) ?? -1;
  });
  afterAll(async () => {
    await content[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const packages = (
    filter: ImagePackageFilter,
    page: { sort?: 'name' | 'severity'; limit?: number; after?: ImagePackagePosition | undefined } = {},
  ) => listImagePackages(store.db, imageId, filter, { sort: 'name', limit: 50, ...page });

  test.each<{ filter: ImagePackageFilter; expected: readonly string[]; why: string }>([
    { filter: {}, expected: ['curl', 'lodash', 'odd', 'requests'], why: 'by name' },
    { filter: { text: 'O' }, expected: ['lodash', 'odd'], why: 'in the name, in any capitals' },
    { filter: { type: 'deb' }, expected: ['curl'], why: 'of a type' },
    { filter: { layer: 1 }, expected: ['lodash', 'odd', 'requests'], why: 'of a layer' },
    { filter: { isVulnerable: true }, expected: ['curl'], why: 'with findings' },
    { filter: { isVulnerable: false, layer: 1 }, expected: ['lodash', 'odd', 'requests'], why: 'without' },
    { filter: { isUndetermined: true }, expected: ['odd', 'requests'], why: 'no feed, and no readable version' },
  ])('packages of an image: $why', async ({ filter, expected }) => {
    expect((await packages(filter)).map(({ name }) => name)).toEqual(expected);
  });

  test('packages of an image say why nothing is known of them, where they came from, and go on after each', async () => {
    const [vulnerable, ...others] = await packages({}, { sort: 'severity' });
    expect(vulnerable).toMatchObject({ name: 'curl', high: 1, fixable: 0, layer: 0, doubts: [] });
    expect(others.find(({ name }) => name === 'odd')?.doubts).toEqual([expect.stringContaining('not a version')]);
    for (const sort of ['name', 'severity'] as const) {
      const whole = await packages({}, { sort });
      for (const [at, { position }] of whole.entries()) {
        expect(await packages({}, { sort, after: position })).toEqual(whole.slice(at + 1));
      }
    }
  });

  test('repositories of all registries that one sees, by name', async () => {
    const list = async (filter: RepositoryFilter) =>
      (await listAllRepositories(store.db, filter, { limit: 50 })).map(each => `${each.registryName} ${each.name}`);
    expect(await list({})).toEqual(['one team/100%', 'one team/shop', 'two team/shop']);
    expect(await list({ namespaceIds: [two.namespaceId] })).toEqual(['two team/shop']);
    expect(await list({ namespaceIds: [] })).toEqual([]);
    expect(await list({ text: '0%' })).toEqual(['one team/100%']);
    expect(await list({ registryId: one.registryId, text: 'SHOP' })).toEqual(['one team/shop']);
    const [first] = await listAllRepositories(store.db, {}, { limit: 1 });
    const rest = await listAllRepositories(store.db, {}, { limit: 50, after: [first?.name ?? '', first?.id ?? 0] });
    expect(rest).toHaveLength(2);
  });

  test('totals count a digest once; what advisories find later is told; each day is noted once', async () => {
    const { db } = store;
    expect(await overviewTotals(db, {})).toMatchObject({ images: 2, scannedImages: 2, vulnerableImages: 2, high: 2 });
    await noteFindingDay(db, NOW);
    const id = await registerFile(content, databaseOf(content.folder, [CURL, ODD, LODASH]));
    await rematch(content, id, { signal: AbortSignal.timeout(60_000) });
    expect(await overviewTotals(db, { namespaceIds: [one.namespaceId] })).toMatchObject({
      images: 1,
      critical: 1,
      criticalImages: 1,
      high: 1,
    });
    const late = { since: new Date(0), severityAtLeast: 4, limit: 10 };
    expect(await listLateFindings(db, {}, late)).toMatchObject([
      { digest: digests[0], repository: 'team/shop', tag: 'v1', worstNew: 5, findingsNew: 1 },
    ]);
    expect(await listLateFindings(db, { namespaceIds: [] }, late)).toEqual([]);
    expect(await listLateFindings(db, {}, { ...late, since: new Date('2100-01-01') })).toEqual([]);

    const next = new Date(NOW.getTime() + 24 * 60 * 60 * 1000);
    await noteFindingDay(db, next);
    await noteFindingDay(db, next);
    const days = async (namespaceIds?: readonly string[]) =>
      (await listFindingDays(db, { namespaceIds, since: NOW })).map(each => [each.day, each.critical, each.images]);
    expect(await days([one.namespaceId])).toEqual([
      ['2026-11-21', 0, 1],
      ['2026-11-22', 1, 1],
    ]);
    // An image in two namespaces counts in both.
    expect(await days()).toEqual([
      ['2026-11-21', 0, 3],
      ['2026-11-22', 2, 3],
    ]);
    await forgetFindingDays(db, next);
    expect(await days()).toEqual([['2026-11-22', 2, 3]]);
    expect(await days([])).toEqual([]);
  });
});
