/** What waivers set aside: the same wherever it is looked at, and no more than somebody has accepted. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Package } from '#inventory/inventory.ts';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import { COUNT_COLUMNS, type FindingCounts } from '#store/counts.ts';
import type { Store, Trx } from '#store/database.ts';
import { type ListedFinding, listFindings, listLayerSummaries } from '#store/finding-list.ts';
import { listAffectedPackages, listImages } from '#store/image-list.ts';
import { listImagePackages } from '#store/image-package-list.ts';
import { registryTotals, repositoryTotals } from '#store/image-totals.ts';
import { findManifestIds } from '#store/manifest.ts';
import { findManifestScans } from '#store/manifest-view.ts';
import { listFindingDays, noteFindingDay, overviewTotals } from '#store/overview.ts';
import { listPackages } from '#store/package-list.ts';
import { insertProject } from '#store/project.ts';
import { insertProjectImage } from '#store/project-image.ts';
import { describeStores } from '#store/testing/stores.ts';
import { inTransaction } from '#store/transaction.ts';
import type { Scope } from '#store/visible.ts';
import { listVulnerabilities } from '#store/vulnerability-list.ts';
import { countWaived, withWaivers } from '#store/waived-finding.ts';
import { insertWaiver, type StoredWaiver, type WaiverScope } from '#store/waiver.ts';
import { waiverEffects } from '#store/waiver-effect.ts';
import { rematch } from '../content/rematch.ts';
import { reportOfImage } from '../content/report-of-image.ts';
import { storeManifests } from '../content/store-manifests.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  foundJson,
  type LaidPackage,
  NOW,
  openContent,
  registerFile,
  scanned,
  signal,
} from '../content/testing/content-fixture.ts';
import { makeRegistry, placeImages } from '../content/testing/place-images.ts';

const DEBIAN = distro('debian', '12');
const curl = packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, DEBIAN);
const libssl = packageOf({ type: 'deb', name: 'libssl3', version: '3.0.11-1', source: { name: 'openssl' } }, DEBIAN);
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
const leftPad = packageOf({ type: 'npm', name: 'left-pad', version: '1.3.0' });
const laid = (layer: string, ...packages: readonly Package[]): LaidPackage[] =>
  packages.map(one => ({ package: one, layer }));
const word = (severity: 'CRITICAL' | 'HIGH' | 'LOW' | 'NEGLIGIBLE') => [
  { kind: 'word' as const, severity, origin: 'ghsa' },
];

const LODASH = advisory({
  id: 'GHSA-aaaa',
  aliases: ['CVE-2024-0002'],
  ratings: word('CRITICAL'),
  affected: [affects('npm', 'lodash', '<4.17.90')],
});
const ADVISORIES = [
  advisory({
    id: 'CVE-2024-0001',
    source: 'debian-tracker',
    ratings: word('HIGH'),
    affected: [affects('Debian:12', 'curl', '*'), affects('Debian:12', 'openssl', '*')],
  }),
  LODASH,
  advisory({
    id: 'GHSA-bbbb',
    ratings: word('NEGLIGIBLE'),
    affected: [affects('npm', 'lodash', '*'), affects('npm', 'left-pad', '*')],
  }),
];

/** Images by name: what is in them, and in which repositories they are. */
const IMAGES = {
  shop: { packages: [...laid('base', curl, libssl), ...laid('app', lodash)], places: ['a1/shop', 'b1/shop'] },
  copy: { packages: [...laid('base', curl, libssl), ...laid('app', leftPad)], places: ['a1/shop', 'a1/copy'] },
  solo: { packages: laid('app', lodash, leftPad), places: ['a2/solo'] },
  other: { packages: laid('base', curl), places: ['b1/other'] },
} as const;
type ImageName = keyof typeof IMAGES;
const NAMES = Object.keys(IMAGES) as ImageName[];
const REPOSITORIES = ['a1/shop', 'a1/copy', 'a2/solo', 'b1/shop', 'b1/other'];
const REGISTRIES = ['a1', 'a2', 'b1'] as const;

/** A waiver in words: `namespace`: its letter. */
interface Draft {
  readonly namespace: 'a' | 'b';
  readonly vulnerability: string;
  readonly package?: string;
  /** Nothing: the whole namespace; a registry; a repository; the name of an image. */
  readonly of?: string;
  readonly expiresOn?: string;
}

describeStores('what waivers set aside', open => {
  let store: Store;
  let content: ContentFixture;
  const digests = new Map<ImageName, string>();
  const ids = new Map<ImageName, number>();
  const namespaceIds = new Map<string, string>();
  const registryIds = new Map<string, string>();
  const repositoryIds = new Map<string, number>();

  beforeAll(async () => {
    store = await open();
    content = await openContent(store);
    await firstDatabase(content, databaseOf(content.folder, ADVISORIES, { kev: ['CVE-2024-0002'] }));
    for (const name of NAMES) {
      const layers = ['base', 'app'];
      digests.set(name, await scanned(content, IMAGES[name].packages, { salt: name, layers, release: DEBIAN }));
    }
    const found = await findManifestIds(store.db, [...digests.values()]);
    for (const [name, digest] of digests) ids.set(name, found.get(digest) ?? -1);
    for (const name of REGISTRIES) {
      const letter = name.charAt(0);
      const made = await makeRegistry(store.db, name, namespaceIds.get(letter));
      namespaceIds.set(letter, made.namespaceId);
      registryIds.set(name, made.registryId);
    }
    for (const path of REPOSITORIES) {
      const [registry = '', repository = ''] = path.split('/');
      const here = NAMES.filter(name => (IMAGES[name].places as readonly string[]).includes(path));
      const images = here.map(name => ({ digest: digests.get(name) ?? '', tags: [name] }));
      repositoryIds.set(path, await placeImages(store.db, registryIds.get(registry) ?? '', repository, images));
    }
  });
  beforeEach(async () => {
    await store.db.deleteFrom('waiver').execute();
  });
  afterAll(async () => {
    await content[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const toScope = (of: string | undefined): WaiverScope => {
    if (of === undefined) return { kind: 'namespace' };
    if (Object.hasOwn(IMAGES, of)) return { kind: 'image', digest: digests.get(of as ImageName) ?? '' };
    const [registry = '', repository] = of.split('/');
    const registryId = registryIds.get(registry) ?? '';
    return repository === undefined ? { kind: 'registry', registryId } : { kind: 'repository', registryId, repository };
  };
  const waive = async (...drafts: readonly Draft[]): Promise<readonly StoredWaiver[]> => {
    const made: StoredWaiver[] = [];
    for (const [at, { namespace, of, package: name, ...draft }] of drafts.entries()) {
      made.push(
        await insertWaiver(store.db, {
          ...draft,
          id: randomUUID(),
          namespaceId: namespaceIds.get(namespace) ?? '',
          package: name,
          expiresOn: draft.expiresOn,
          scope: toScope(of),
          reason: 'accepted',
          createdBy: 'somebody',
          at: new Date(NOW.getTime() - 1000 + at),
        }),
      );
    }
    return made;
  };
  /** The view of a namespace by its letter, a registry, a repository; or of everything. */
  const viewOf = (of?: string): Scope => {
    if (of === undefined) return {};
    if (namespaceIds.has(of)) return { namespaceIds: [namespaceIds.get(of) ?? ''] };
    const [registry = '', repository] = of.split('/');
    return { registryId: registryIds.get(registry), repository };
  };
  const all = { sort: 'name', limit: 100 } as const;
  const findingsOf = async (name: ImageName, scope: Scope, waived: 'only' | 'without' | 'with' = 'with') =>
    await listFindings(store.db, ids.get(name) ?? -1, { waived }, { ...all, scope });
  const shown = ({ name, packageName }: ListedFinding) => `${name} ${packageName}`;

  /** What is set aside of each image in a view, in short. */
  const asideIn = async (view: string | undefined, now = NOW): Promise<Partial<Record<ImageName, string[]>>> => {
    const scope = await withWaivers(store.db, viewOf(view), now);
    const aside: Partial<Record<ImageName, string[]>> = {};
    for (const name of NAMES) {
      const found = await findingsOf(name, scope, 'only');
      if (found.length > 0) aside[name] = found.map(shown).sort();
    }
    return aside;
  };

  const cases: readonly {
    readonly waivers: readonly Draft[];
    readonly view?: string;
    readonly aside: Partial<Record<ImageName, readonly string[]>>;
    readonly why: string;
  }[] = [
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001' }],
      view: 'a',
      aside: {
        shop: ['CVE-2024-0001 curl', 'CVE-2024-0001 libssl3'],
        copy: ['CVE-2024-0001 curl', 'CVE-2024-0001 libssl3'],
      },
      why: 'in the whole namespace',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001' }],
      view: 'b',
      aside: {},
      why: 'the namespace beside it has accepted nothing',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001' }],
      aside: { copy: ['CVE-2024-0001 curl', 'CVE-2024-0001 libssl3'] },
      why: 'who sees both sees what one of them has not accepted',
    },
    {
      waivers: [
        { namespace: 'a', vulnerability: 'CVE-2024-0001' },
        { namespace: 'b', vulnerability: 'cve-2024-0001', package: 'curl' },
      ],
      aside: {
        shop: ['CVE-2024-0001 curl'],
        copy: ['CVE-2024-0001 curl', 'CVE-2024-0001 libssl3'],
        other: ['CVE-2024-0001 curl'],
      },
      why: 'what both have accepted, each by a waiver of its own',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'cve-2024-0002' }],
      view: 'a',
      aside: { shop: ['CVE-2024-0002 lodash'], solo: ['CVE-2024-0002 lodash'] },
      why: 'in any capitals',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'ghsa-AAAA' }],
      view: 'a',
      aside: { shop: ['CVE-2024-0002 lodash'], solo: ['CVE-2024-0002 lodash'] },
      why: 'by an alias',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001', package: 'openssl' }],
      view: 'a',
      aside: { shop: ['CVE-2024-0001 libssl3'], copy: ['CVE-2024-0001 libssl3'] },
      why: 'by the source of the package',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'GHSA-bbbb', package: 'left-pad' }],
      view: 'a',
      aside: { copy: ['GHSA-bbbb left-pad'], solo: ['GHSA-bbbb left-pad'] },
      why: 'in one package',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'GHSA-bbbb', package: 'LODASH' }],
      view: 'a',
      aside: {},
      why: 'names of packages are exact',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'a2' }],
      view: 'a',
      aside: { solo: ['GHSA-bbbb left-pad', 'GHSA-bbbb lodash'] },
      why: 'in a registry',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001', package: 'curl', of: 'a1/shop' }],
      view: 'a1/shop',
      aside: { shop: ['CVE-2024-0001 curl'], copy: ['CVE-2024-0001 curl'] },
      why: 'in a repository',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001', package: 'curl', of: 'a1/shop' }],
      view: 'a1/copy',
      aside: {},
      why: 'the same image in the next repository still has it',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001', package: 'curl', of: 'a1/shop' }],
      view: 'a',
      aside: { shop: ['CVE-2024-0001 curl'] },
      why: 'and so it is not set aside where both are seen',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'CVE-2024-0001', of: 'copy' }],
      view: 'a',
      aside: { copy: ['CVE-2024-0001 curl', 'CVE-2024-0001 libssl3'] },
      why: 'in one image, wherever in the namespace it is',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'GHSA-bbbb', expiresOn: '2026-11-20' }],
      view: 'a',
      aside: {},
      why: 'what expired yesterday is over',
    },
    {
      waivers: [{ namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'a2', expiresOn: '2026-11-21' }],
      view: 'a',
      aside: { solo: ['GHSA-bbbb left-pad', 'GHSA-bbbb lodash'] },
      why: 'what expires today holds today',
    },
    { waivers: [{ namespace: 'a', vulnerability: 'CVE-1999-0001' }], view: 'a', aside: {}, why: 'of what nothing has' },
  ];
  test.each(cases)('$why', async ({ waivers, view, aside }) => {
    await waive(...waivers);
    expect(await asideIn(view)).toEqual(aside);
    if (waivers.length > 1) await checkViews(view);
  });

  test('a waiver ends with its last day, by the clock alone', async () => {
    await waive({ namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'solo', expiresOn: '2026-11-22' });
    const solo = { solo: ['GHSA-bbbb left-pad', 'GHSA-bbbb lodash'] };
    expect(await asideIn('a', new Date('2026-11-22T23:59:59Z'))).toEqual(solo);
    expect(await asideIn('a', new Date('2026-11-23T00:00:00Z'))).toEqual({});
  });

  test('a finding tells of the oldest waiver that is for a place where it is looked at', async () => {
    const [, first, second] = await waive(
      { namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'a1' },
      { namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'a2' },
      { namespace: 'a', vulnerability: 'GHSA-bbbb' },
    );
    const scope = await withWaivers(store.db, viewOf('a'), NOW);
    const [left] = await findingsOf('solo', scope, 'only');
    expect(left).toMatchObject({ isWaived: true, waiver: { id: first?.id } });
    expect(second?.id).not.toBe(first?.id);
    const [open] = await findingsOf('other', scope, 'without');
    expect(open).toMatchObject({ isWaived: false, waiver: undefined });
  });

  test('an image that is in no repository is under the waivers of those that have an index of it, else of its project', async () => {
    const { db } = store;
    const stray = (salt: string) => scanned(content, laid('app', leftPad), { salt, layers: ['app'], release: DEBIAN });
    const [listed, submitted] = [await stray('listed'), await stray('submitted')];
    const index = foundJson(
      {
        schemaVersion: 2,
        mediaType: INDEX,
        manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: listed, size: 500 }],
      },
      INDEX,
    );
    await storeManifests(db, [index], NOW);
    await placeImages(db, registryIds.get('a2') ?? '', 'indexes', [{ digest: index.digest }]);
    await inTransaction(db, trx => submit(trx, namespaceIds.get('b') ?? '', submitted));
    const found = await findManifestIds(db, [listed, submitted]);
    const strayIds = [found.get(listed) ?? -1, found.get(submitted) ?? -1];
    const setAside = async (...drafts: readonly Draft[]) => {
      await db.deleteFrom('waiver').execute();
      await waive(...drafts);
      const counts = await countWaived(db, await withWaivers(db, {}, NOW), strayIds);
      return strayIds.map(id => counts.get(id)?.negligible ?? 0);
    };
    const vulnerability = 'GHSA-bbbb';
    expect(await setAside({ namespace: 'a', vulnerability })).toEqual([1, 0]);
    expect(await setAside({ namespace: 'a', vulnerability, of: 'a2/indexes' })).toEqual([1, 0]);
    expect(await setAside({ namespace: 'a', vulnerability, of: 'a1' })).toEqual([0, 0]);
    expect(await setAside({ namespace: 'b', vulnerability })).toEqual([0, 1]);
    expect(await setAside({ namespace: 'b', vulnerability, of: 'b1' })).toEqual([0, 0]);
  });

  test('what a waiver sets aside is counted', async () => {
    const waivers = await waive(
      { namespace: 'a', vulnerability: 'CVE-2024-0001' },
      { namespace: 'a', vulnerability: 'CVE-2024-0001', package: 'curl', of: 'a1/copy' },
      { namespace: 'b', vulnerability: 'GHSA-aaaa' },
      { namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'solo' },
      { namespace: 'a', vulnerability: 'CVE-1999-0001' },
    );
    const effects = await waiverEffects(store.db, waivers);
    expect(waivers.map(({ id }) => effects.get(id))).toEqual([
      { findings: 4, images: 2 },
      { findings: 1, images: 1 },
      { findings: 1, images: 1 },
      { findings: 2, images: 1 },
      { findings: 0, images: 0 },
    ]);
  });

  test('an image, a weakness or a package of which all is set aside is left out where one asks for what is open', async () => {
    await waive({ namespace: 'a', vulnerability: 'GHSA-bbbb' });
    const scope = await withWaivers(store.db, viewOf('a'), NOW);
    const named = (await listVulnerabilities(store.db, scope, all)).map(({ name }) => name);
    expect(named).toEqual(['CVE-2024-0001', 'CVE-2024-0002']);
    const withAll = await listVulnerabilities(store.db, { ...scope, includesWaived: true }, all);
    expect(withAll.map(({ name, images }) => [name, images])).toEqual([
      ['CVE-2024-0001', 2],
      ['CVE-2024-0002', 2],
      ['GHSA-bbbb', 0],
    ]);
    const filter = { ...scope, vulnerability: 'ghsa-BBBB' };
    expect(await listImages(store.db, filter, all)).toEqual([]);
    expect(await listImages(store.db, { ...filter, includesWaived: true }, all)).toHaveLength(3);
    expect(await listImages(store.db, { ...filter, severityAtLeast: 0 }, all)).toEqual([]);
    const vulnerable = await listPackages(store.db, { ...scope, isVulnerable: true }, { limit: 100 });
    expect(vulnerable.map(({ name }) => name)).toEqual(['curl', 'libssl3', 'lodash']);
  });

  test('a report tells what was accepted, why, by whom and until when', async () => {
    await waive({ namespace: 'a', vulnerability: 'GHSA-bbbb', of: 'solo', expiresOn: '2026-12-31' });
    const scope = await withWaivers(store.db, viewOf('a'), NOW);
    const options = { reference: 'solo', today: NOW };
    const digest = digests.get('solo') ?? '';
    const report = await reportOfImage(store.db, digest, { ...options, scope });
    const { name } = await store.db
      .selectFrom('namespace')
      .select('name')
      .where('id', '=', namespaceIds.get('a') ?? '')
      .executeTakeFirstOrThrow();
    const by = { kind: 'waiver', source: name, status: 'accepted', reason: 'accepted', expires: '2026-12-31' };
    expect(report?.waived.map(one => [one.finding.package.name, one.by])).toEqual([
      ['left-pad', by],
      ['lodash', by],
    ]);
    expect(report?.findings.map(({ id }) => id)).toEqual(['CVE-2024-0002']);
    expect((await reportOfImage(store.db, digest, options))?.waived).toEqual([]);
  });

  test('the totals of a day are without what each namespace accepts', async () => {
    await waive({ namespace: 'a', vulnerability: 'CVE-2024-0001' });
    await noteFindingDay(store.db, NOW);
    const since = new Date(NOW.getTime() - 1000);
    const dayOf = async (letter: string) =>
      (await listFindingDays(store.db, { namespaceIds: viewOf(letter).namespaceIds, since }))[0];
    expect(await dayOf('a')).toMatchObject({ images: 3, vulnerableImages: 3, high: 0, critical: 2 });
    expect(await dayOf('b')).toMatchObject({ images: 2, vulnerableImages: 2, high: 3, critical: 1 });
  });

  /** The law: every list and total says what the findings of the images say. */
  async function checkViews(view: string | undefined): Promise<void> {
    const { db } = store;
    const scope = await withWaivers(db, viewOf(view), NOW);
    const plain = await listImages(db, viewOf(view), all);
    const images = await listImages(db, scope, all);
    expect(images.map(({ digest }) => digest)).toEqual(plain.map(({ digest }) => digest));
    const openBy = new Map<number, readonly ListedFinding[]>();
    for (const [at, image] of images.entries()) {
      const name = NAMES.find(one => ids.get(one) === image.id) ?? 'shop';
      const findings = await findingsOf(name, scope);
      const left = findings.filter(({ isWaived }) => !isWaived);
      openBy.set(image.id, left);
      expect(await findingsOf(name, scope, 'without'), name).toEqual(left);
      expect(countsIn(image), name).toEqual(countsOf(left));
      expect(image.waived, name).toEqual(countsOf(findings.filter(({ isWaived }) => isWaived)));
      // Counts and waived counts together are what there is without waivers.
      expect(addUp(image, image.waived), name).toEqual(countsIn(plain[at]));
      const scan = (await findManifestScans(db, [image.id], scope)).get(image.id);
      expect([countsIn(scan), scan?.waived, scan?.worst]).toEqual([countsIn(image), image.waived, image.worst]);
      const layers = await listLayerSummaries(db, image.id, scope);
      expect(layers.map(countsIn).reduce(addUp)).toEqual(countsIn(image));
      const packages = await listImagePackages(db, image.id, {}, { ...all, scope });
      expect(packages.map(countsIn).reduce(addUp)).toEqual(countsIn(image));
      const vulnerable = await listImagePackages(db, image.id, { isVulnerable: true }, { ...all, scope });
      expect(new Set(vulnerable.map(one => one.name))).toEqual(new Set(left.map(one => one.packageName)));
      const report = await reportOfImage(db, image.digest, { reference: 'a', today: NOW, scope });
      expect(report?.findings.map(one => `${one.id} ${one.package.name}`).sort()).toEqual(left.map(shown).sort());
    }
    const openIn = (wanted: (finding: ListedFinding) => boolean) =>
      images.filter(({ id }) => openBy.get(id)?.some(wanted) === true).map(({ id }) => id);
    const idsOf = async (filter: object) => (await listImages(db, { ...scope, ...filter }, all)).map(({ id }) => id);
    for (const severityAtLeast of [1, 2, 4, 5]) {
      expect(await idsOf({ severityAtLeast })).toEqual(openIn(({ severity }) => severity >= severityAtLeast));
    }
    const fixable = openIn(({ fixKind }) => fixKind === 'fixed');
    expect(await idsOf({ isFixable: true })).toEqual(fixable);
    expect(await idsOf({ isFixable: false })).toEqual(images.map(({ id }) => id).filter(id => !fixable.includes(id)));
    expect(await idsOf({ isKnownExploited: true })).toEqual(openIn(one => one.isKnownExploited));
    const everything = [...openBy].flatMap(([id, findings]) => findings.map(one => ({ id, ...one })));
    const weaknesses = await listVulnerabilities(db, { ...scope, includesWaived: true }, all);
    for (const { name, images: count, packages } of weaknesses) {
      const found = everything.filter(one => one.name === name);
      expect([name, count, packages]).toEqual([
        name,
        new Set(found.map(({ id }) => id)).size,
        new Set(found.map(({ packageId }) => packageId)).size,
      ]);
      const having = openIn(one => one.name === name);
      expect(await idsOf({ vulnerability: name })).toEqual(having);
      expect(await idsOf({ vulnerability: name, severityAtLeast: 1 })).toEqual(having);
      const affected = await listAffectedPackages(
        db,
        name,
        images.map(({ id }) => id),
        { limit: 10, scope },
      );
      expect(affected.map(one => `${one.manifestId} ${one.name}`).sort()).toEqual(
        found.map(one => `${one.id} ${one.packageName}`).sort(),
      );
    }
    const listed = (await listVulnerabilities(db, scope, all)).map(({ name }) => name);
    expect(listed).toEqual(weaknesses.filter(one => one.images > 0).map(({ name }) => name));
    for (const one of await listPackages(db, scope, { limit: 100 })) {
      const pairs = new Map(everything.filter(({ packageId }) => packageId === one.id).map(own => [own.name, own]));
      expect(countsIn(one), one.name).toEqual(countsOf([...pairs.values()]));
    }
    const totals = await overviewTotals(db, scope);
    expect(countsIn(totals)).toEqual(images.map(countsIn).reduce(addUp));
    expect(totals.vulnerableImages).toBe(openIn(() => true).length);
  }

  /** Totals of a registry or repository are of what is seen there, whichever other places have the same images. */
  async function checkTotals(): Promise<void> {
    const { db } = store;
    const scope = await withWaivers(db, {}, NOW);
    const registries = await registryTotals(db, [...registryIds.values()], scope);
    const repositories = await repositoryTotals(db, [...repositoryIds.values()], scope);
    for (const view of [...REGISTRIES, ...REPOSITORIES]) {
      const totals = registries.get(registryIds.get(view) ?? '') ?? repositories.get(repositoryIds.get(view) ?? -1);
      const images = await listImages(db, await withWaivers(db, viewOf(view), NOW), all);
      const vulnerable = images.filter(({ worst }) => worst > 0);
      expect(totals?.vulnerableImages, view).toBe(vulnerable.length);
      // Each image has a tag in each repository.
      if (view.includes('/')) expect(totals?.vulnerableTags, view).toBe(vulnerable.length);
      expect(totals?.critical, view).toBe(images.filter(({ worst }) => worst === 5).length);
      expect(totals?.negligible, view).toBe(images.filter(({ worst }) => worst === 1).length);
    }
  }

  test('whatever is accepted: all views agree, and a finding is set aside only where each place has a waiver for it', async () => {
    const draft: fc.Arbitrary<Draft> = fc
      .record({
        namespace: fc.constantFrom('a' as const, 'b' as const),
        vulnerability: fc.constantFrom('CVE-2024-0001', 'cve-2024-0002', 'GHSA-AAAA', 'GHSA-bbbb'),
        package: fc.option(fc.constantFrom('curl', 'openssl', 'libssl3', 'lodash', 'left-pad'), { nil: undefined }),
        of: fc.option(fc.constantFrom(...REGISTRIES, ...REPOSITORIES, ...NAMES), { nil: undefined }),
        expiresOn: fc.option(fc.constantFrom('2026-11-20', '2026-11-21'), { nil: undefined, freq: 2 }),
      })
      .map(({ package: name, of, expiresOn, ...rest }) => ({
        ...rest,
        ...(name === undefined ? {} : { package: name }),
        ...(of === undefined ? {} : { of }),
        ...(expiresOn === undefined ? {} : { expiresOn }),
      }))
      // As the API has it: what is for a registry is in its namespace.
      .filter(({ namespace, of }) => of === undefined || Object.hasOwn(IMAGES, of) || of.startsWith(namespace));
    const views = fc.constantFrom(undefined, 'a', 'b', ...REGISTRIES, ...REPOSITORIES);
    await fc.assert(
      fc.asyncProperty(fc.array(draft, { maxLength: 8 }), views, async (drafts, view) => {
        await store.db.deleteFrom('waiver').execute();
        await waive(...drafts);
        await checkViews(view);
        await checkTotals();
        expect(await asideIn(view)).toEqual(await modelOf(drafts, view));
      }),
      { numRuns: 4 },
    );
  });

  /** What should be set aside, said the slow way. */
  async function modelOf(drafts: readonly Draft[], view: string | undefined) {
    const seen = (place: string) =>
      view === undefined ||
      place === view ||
      place.startsWith(`${view}/`) ||
      (view.length === 1 && place.startsWith(view));
    const aside: Partial<Record<ImageName, string[]>> = {};
    for (const name of NAMES) {
      const places = IMAGES[name].places.filter(seen);
      const found = (await findingsOf(name, {})).filter(finding => {
        const names = [finding.name, ...(finding.detail as { readonly aliases: readonly string[] }).aliases];
        const packages = [finding.packageName, ...(finding.packageName === 'libssl3' ? ['openssl'] : [])];
        const accepts = ({ vulnerability, package: own, expiresOn }: Draft) =>
          names.some(one => one.toLowerCase() === vulnerability.toLowerCase()) &&
          (own === undefined || packages.includes(own)) &&
          (expiresOn === undefined || expiresOn >= '2026-11-21');
        const isFor = ({ namespace, of }: Draft, place: string) =>
          place.startsWith(namespace) &&
          (of === undefined || of === name || of === place || of === place.split('/')[0]);
        return places.length > 0 && places.every(place => drafts.some(one => accepts(one) && isFor(one, place)));
      });
      if (found.length > 0) aside[name] = found.map(shown).sort();
    }
    return aside;
  }

  describe('after a re-match', () => {
    test('waivers hold for what the new database says', async () => {
      await waive({ namespace: 'a', vulnerability: 'CVE-2024-0009' }, { namespace: 'a', vulnerability: 'GHSA-aaaa' });
      const later = advisory({
        id: 'CVE-2024-0009',
        ratings: word('HIGH'),
        affected: [affects('npm', 'left-pad', '*')],
      });
      const path = databaseOf(content.folder, [...ADVISORIES.filter(one => one !== LODASH), later]);
      await rematch(content, await registerFile(content, path), { signal });
      expect(await asideIn('a')).toEqual({ copy: ['CVE-2024-0009 left-pad'], solo: ['CVE-2024-0009 left-pad'] });
      await checkViews('a');
      await checkViews(undefined);
    });
  });
});

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Makes an image one of a project, which was scanned where it lies. */
async function submit(trx: Trx, namespaceId: string, digest: string): Promise<void> {
  const id = 'a'.repeat(24);
  await insertProject(trx, {
    id,
    namespaceId,
    pid: `ospid-${id}`,
    name: 'project',
    kind: 'Containers',
    status: 'active',
    containerType: 'container',
    osContentType: undefined,
    distributionMethod: 'external',
    isHosted: false,
    registry: 'quay.io',
    repository: 'acme/pilot',
    isPrivileged: false,
    autoPublish: false,
    details: {},
    certificationStatus: 'Started',
    history: [],
    at: NOW,
  });
  const unknown = {
    configDigest: undefined,
    listDigest: undefined,
    isReportedCertified: undefined,
    exception: undefined,
    diffIds: undefined,
    sizeBytes: undefined,
    rawConfig: undefined,
    scanMessage: undefined,
    grade: undefined,
    pushedAt: undefined,
    publishedAt: undefined,
    deletedAt: undefined,
  };
  await insertProjectImage(trx, {
    ...unknown,
    id: 'b'.repeat(24),
    projectId: id,
    digest,
    architecture: 'amd64',
    isVerifiedCertified: false,
    isCertified: false,
    origin: 'scan',
    registry: 'quay.io',
    repository: 'acme/pilot',
    tags: [],
    parsed: {},
    scanState: 'completed',
    at: NOW,
  });
}

const COLUMNS = COUNT_COLUMNS.filter(name => name !== 'undetermined').map(name =>
  name === 'known_exploited' ? ('knownExploited' as const) : name,
);
type Counted = Omit<FindingCounts, 'undetermined'>;

function countsIn(of: Counted | undefined): Counted {
  return Object.fromEntries(COLUMNS.map(name => [name, of?.[name] ?? Number.NaN])) as unknown as Counted;
}

function countsOf(findings: readonly ListedFinding[]): Counted {
  const of = (rank: number) => findings.filter(({ severity }) => severity === rank).length;
  return {
    critical: of(5),
    high: of(4),
    medium: of(3),
    low: of(2),
    negligible: of(1),
    unknown: of(0),
    fixable: findings.filter(({ fixKind }) => fixKind === 'fixed').length,
    knownExploited: findings.filter(one => one.isKnownExploited).length,
  };
}

function addUp(one: Counted, other: Counted): Counted {
  return Object.fromEntries(COLUMNS.map(name => [name, one[name] + other[name]])) as unknown as Counted;
}
