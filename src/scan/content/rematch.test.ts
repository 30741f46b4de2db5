/** What a new version of the vulnerability database changes, and that it changes it all at once. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Advisory } from '#advisory/advisory.ts';
import type { Distro, Package, RedHatBuild } from '#inventory/inventory.ts';
import { advisory, affects, distro, packageOf, rpmOf } from '#matching/testing/sample.ts';
import type { Store } from '#store/database.ts';
import { findCurrentVersion } from '#store/database-version.ts';
import { listEvents } from '#store/event.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores, openEmbedded } from '#store/testing/stores.ts';
import { rematch } from './rematch.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  type LaidPackage,
  openContent,
  registerFile,
  scanned,
  signal,
} from './testing/content-fixture.ts';
import { contentState } from './testing/content-state.ts';

const DEBIAN = distro('debian', '12');
const RHEL = distro('rhel', '9.2');
const curl = packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, DEBIAN);
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
const requests = packageOf({ type: 'pypi', name: 'requests', version: '2.0' });
const laid = (layer: string, ...packages: readonly Package[]): LaidPackage[] =>
  packages.map(one => ({ package: one, layer }));

const word = (severity: 'CRITICAL' | 'HIGH' | 'LOW') => [{ kind: 'word' as const, severity, origin: 'ghsa' }];
const curlFlaw = advisory({
  id: 'CVE-2024-0001',
  source: 'debian-tracker',
  ratings: word('HIGH'),
  affected: [affects('Debian:12', 'curl', '<7.88.1-10+deb12u5')],
});
const lodashFlaw = advisory({
  id: 'GHSA-a',
  aliases: ['CVE-2024-0002'],
  ratings: word('LOW'),
  affected: [affects('npm', 'lodash', '<5')],
});

describeStores('re-matching', open => {
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

  const next = async (advisories: readonly Advisory[], signals: Parameters<typeof databaseOf>[2] = {}) => {
    const id = await registerFile(content, databaseOf(content.folder, advisories, signals));
    return await rematch(content, id, { signal });
  };
  const scanOf = async (digest: string) =>
    await store.db
      .selectFrom('imageScan')
      .innerJoin('manifest', 'manifest.id', 'imageScan.manifestId')
      .selectAll('imageScan')
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow();

  const namesIn = async (digest: string) => {
    const rows = await store.db
      .selectFrom('packageFinding')
      .innerJoin('vulnerability', 'vulnerability.id', 'packageFinding.vulnerabilityId')
      .innerJoin('packageSetMember', 'packageSetMember.packageId', 'packageFinding.packageId')
      .innerJoin('manifestPackageSet', 'manifestPackageSet.setId', 'packageSetMember.setId')
      .innerJoin('manifest', 'manifest.id', 'manifestPackageSet.manifestId')
      .select('vulnerability.name')
      .where('manifest.digest', '=', digest)
      .orderBy('vulnerability.name')
      .execute();
    return rows.map(({ name }) => name);
  };

  test('the first database judges what was scanned before there was one, and is no news', async () => {
    const digest = await scanned(content, laid('base', curl, lodash), { release: DEBIAN });
    expect(await next([curlFlaw])).toMatchObject({ packagesJudged: 2, findingsNew: 1, imagesWithNew: 1 });
    expect(await scanOf(digest)).toMatchObject({ high: 1, worst: 4, undetermined: 1 });
    const events = await listEvents(store.db, { after: 0, limit: 10 });
    expect(events.map(({ kind }) => kind)).toEqual(['rematch.completed']);
    expect(await store.db.selectFrom('imageChange').selectAll().execute()).toEqual([]);
  });

  test('new, fixed and changed findings are told, of the images that have them and no others', async () => {
    await firstDatabase(content, databaseOf(content.folder, [curlFlaw, lodashFlaw]));
    const both = await scanned(content, [...laid('base', curl), ...laid('app', lodash)], { release: DEBIAN });
    const one = await scanned(content, laid('base', curl), { release: DEBIAN });
    const other = await scanned(content, laid('other', requests));
    const result = await next([
      lodashFlaw,
      { ...curlFlaw, ratings: word('CRITICAL') },
      advisory({ id: 'CVE-2024-0009', ratings: word('HIGH'), affected: [affects('npm', 'lodash', '*')] }),
    ]);
    expect(result).toMatchObject({
      packagesJudged: 2,
      findingsNew: 1,
      findingsFixed: 0,
      findingsChanged: 1,
      imagesChanged: 2,
      imagesWithNew: 1,
    });
    expect(await scanOf(both)).toMatchObject({ critical: 1, high: 1, low: 1, worst: 5 });
    expect(await scanOf(one)).toMatchObject({ critical: 1, high: 0, worst: 5 });
    expect(await scanOf(other)).toMatchObject({ worst: 0, undetermined: 1 });
    const changes = await store.db
      .selectFrom('imageChange')
      .innerJoin('manifest', 'manifest.id', 'imageChange.manifestId')
      .select(['digest', 'findingsNew', 'findingsChanged', 'worstNew'])
      .execute();
    expect(new Map(changes.map(({ digest, ...change }) => [digest, change]))).toEqual(
      new Map([
        [both, { findingsNew: 1, findingsChanged: 1, worstNew: 4 }],
        [one, { findingsNew: 0, findingsChanged: 1, worstNew: null }],
      ]),
    );
    const fixed = await next([lodashFlaw, curlFlaw]);
    expect(fixed).toMatchObject({ findingsNew: 0, findingsFixed: 1, findingsChanged: 1 });
    expect(await scanOf(both)).toMatchObject({ critical: 0, high: 1, low: 1, worst: 4 });
  });

  test('a weakness that becomes known to be exploited is a change of its findings; EPSS is none', async () => {
    await firstDatabase(content, databaseOf(content.folder, [lodashFlaw], { epss: { 'CVE-2024-0002': 0.1 } }));
    const digest = await scanned(content, laid('app', lodash));
    const epss = await next([lodashFlaw], { epss: { 'CVE-2024-0002': 0.97388 } });
    expect(epss).toMatchObject({ packagesJudged: 0, findingsChanged: 0, imagesChanged: 0 });
    const rows = await store.db.selectFrom('exploitSignal').select(['cve', 'epss']).execute();
    expect(rows).toEqual([{ cve: 'CVE-2024-0002', epss: 0.97388 }]);
    const kev = await next([lodashFlaw], { kev: ['CVE-2024-0002'] });
    expect(kev).toMatchObject({ packagesJudged: 1, findingsChanged: 1, imagesChanged: 1 });
    expect(await scanOf(digest)).toMatchObject({ knownExploited: 1, low: 1 });
  });

  test('what is scanned while packages are judged is judged by the new version as well', async () => {
    await firstDatabase(content, databaseOf(content.folder, [curlFlaw]));
    await scanned(content, laid('base', curl), { release: DEBIAN });
    const id = await registerFile(content, databaseOf(content.folder, [curlFlaw, lodashFlaw]));
    const [, ...digests] = await Promise.all([
      rematch(content, id, { signal }),
      ...Array.from({ length: 8 }, (_, at) =>
        scanned(content, laid('app', lodash, packageOf({ type: 'npm', name: `p${at}`, version: '1' })), {
          salt: `${at}`,
        }),
      ),
    ]);
    for (const digest of digests) expect(await scanOf(digest)).toMatchObject({ low: 1, undetermined: 0 });
    expect((await findCurrentVersion(store.db))?.id).toBe(id);
  });

  describe('images of Red Hat', () => {
    const baseos = rpmOf({ name: 'openssl', version: '3.0.7-1.el9_2' }, RHEL);
    const flawIn = (stream: string, id = 'CVE-2024-0003') =>
      advisory({
        id,
        source: 'redhat-vex',
        ratings: word('HIGH'),
        affected: [affects(`Red Hat:${stream}`, 'openssl', '<3.0.7-9.el9_2')],
      });
    const [MAIN, EUS, E4S] = ['enterprise_linux:9::baseos', 'rhel_eus:9.2::baseos', 'rhel_e4s:9.2::baseos'];
    const ecosystems = (...streams: readonly string[]) => streams.map(stream => `Red Hat:${stream}`);
    const named = { repositories: ['baseos-eus-rpms__9_DOT_2'] };
    const unnamed = { repositories: [], image: 'ubi9/made-up' };
    const maps = {
      repositories: { 'baseos-eus-rpms': ecosystems(EUS) },
      images: { 'ubi9/made-up': ['baseos-eus-rpms'] },
    };
    const elsewhere = flawIn('enterprise_linux:8::baseos');

    test.each([
      { redHat: named, why: 'the image names its repositories' },
      { redHat: unnamed, why: 'images of its name are built from them' },
    ])(
      'a fix in the stream that an image follows is found, one in the main stream is none: $why',
      async ({ redHat }) => {
        await firstDatabase(content, databaseOf(content.folder, [elsewhere, flawIn(MAIN)], { redHat: maps }));
        const digest = await scanned(content, laid('base', baseos), { release: RHEL, redHat });
        // Streams without any record are not covered, so that nothing can be said.
        expect(await scanOf(digest)).toMatchObject({ high: 0, undetermined: 1 });
        expect(await next([elsewhere, flawIn(EUS)], { redHat: maps })).toMatchObject({ findingsNew: 1 });
        expect(await scanOf(digest)).toMatchObject({ high: 1, undetermined: 0 });
        const later = [elsewhere, flawIn(EUS), flawIn(EUS, 'CVE-2024-0004')];
        expect(await next(later, { redHat: maps })).toMatchObject({ packagesJudged: 1, findingsNew: 1 });
        expect(await scanOf(digest)).toMatchObject({ high: 2 });
        const main = [...later, flawIn(MAIN, 'CVE-2024-0005')];
        expect(await next(main, { redHat: maps })).toMatchObject({ packagesJudged: 0 });
      },
    );

    const moves = [
      {
        redHat: named,
        next: { ...maps, repositories: { 'baseos-eus-rpms': ecosystems(E4S) } },
        why: 'its repository is for another stream',
      },
      {
        redHat: unnamed,
        next: { ...maps, repositories: { 'baseos-eus-rpms': ecosystems(E4S) } },
        why: 'a repository that only the map of images names is for another stream',
      },
      {
        redHat: unnamed,
        next: { repositories: { 'baseos-e4s-rpms': ecosystems(E4S) }, images: { 'ubi9/made-up': ['baseos-e4s-rpms'] } },
        why: 'images of its name are built from another repository',
      },
    ];
    test.each(moves)('an image follows another stream from the database on that says so: $why', async of => {
      const flaws = [flawIn(EUS), flawIn(E4S, 'CVE-2024-0004')];
      await firstDatabase(content, databaseOf(content.folder, flaws, { redHat: maps }));
      const digest = await scanned(content, laid('base', baseos), { release: RHEL, redHat: of.redHat });
      const other = await scanned(content, laid('base', baseos), { salt: 'other', release: RHEL });
      expect(await namesIn(digest)).toEqual(['CVE-2024-0003']);
      expect(await next(flaws, { redHat: of.next })).toMatchObject({
        packagesJudged: 1,
        findingsNew: 1,
        findingsFixed: 1,
      });
      expect(await namesIn(digest)).toEqual(['CVE-2024-0004']);
      expect(await namesIn(other)).toEqual([]);
      // The questions have followed: the new stream alone changes.
      const later = [...flaws, flawIn(E4S, 'CVE-2024-0006')];
      expect(await next(later, { redHat: of.next })).toMatchObject({ findingsNew: 1 });
      expect(await namesIn(digest)).toEqual(['CVE-2024-0004', 'CVE-2024-0006']);
    });

    test('what was scanned before there was a database follows its stream from the first one on', async () => {
      const digest = await scanned(content, laid('base', baseos), { release: RHEL, redHat: named });
      await next([flawIn(EUS)], { redHat: maps });
      await next([flawIn(EUS), flawIn(EUS, 'CVE-2024-0004')], { redHat: maps });
      expect(await namesIn(digest)).toEqual(['CVE-2024-0003', 'CVE-2024-0004']);
    });
  });

  test('a re-match that was broken off leaves nothing to see, and is done again from the beginning', async () => {
    await firstDatabase(content, databaseOf(content.folder, [curlFlaw]));
    const digest = await scanned(content, laid('app', lodash, curl), { release: DEBIAN });
    const id = await registerFile(content, databaseOf(content.folder, [lodashFlaw]));
    let asked = 0;
    const dying = {
      ...content,
      // The second time is in the middle of the last transaction.
      now: () => {
        asked += 1;
        if (asked === 2) throw new Error('power cut');
        return content.now();
      },
    };
    await expect(rematch(dying, id, { signal })).rejects.toThrow('power cut');
    expect(await scanOf(digest)).toMatchObject({ low: 0, high: 1 });
    expect(await listEvents(store.db, { after: 0, limit: 10 })).toEqual([]);
    await rematch(content, id, { signal });
    expect(await scanOf(digest)).toMatchObject({ low: 1, high: 0 });
    expect(await store.db.selectFrom('rematchFinding').selectAll().execute()).toEqual([]);
  });

  test('of two versions that wait, only the newer one is judged by', async () => {
    await firstDatabase(content, databaseOf(content.folder, [curlFlaw]));
    const older = await registerFile(content, databaseOf(content.folder, [lodashFlaw]));
    const newer = await registerFile(content, databaseOf(content.folder, [curlFlaw, lodashFlaw]));
    expect(await rematch(content, older, { signal })).toBeUndefined();
    expect(await rematch(content, newer, { signal })).toBeDefined();
    expect((await findCurrentVersion(store.db))?.id).toBe(newer);
  });

  test('two servers that do the same at once: one of them does it', async () => {
    await firstDatabase(content, databaseOf(content.folder, [curlFlaw]));
    const digest = await scanned(content, laid('app', lodash, curl), { release: DEBIAN });
    const id = await registerFile(content, databaseOf(content.folder, [lodashFlaw]));
    const results = await Promise.allSettled([rematch(content, id, { signal }), rematch(content, id, { signal })]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect((await findCurrentVersion(store.db))?.id).toBe(id);
    expect(await scanOf(digest)).toMatchObject({ low: 1, high: 0 });
  });
});

describe('for any databases and inventories', () => {
  const ROCKY = distro('rocky', '9');
  const STREAMS = ['Red Hat:enterprise_linux:9::baseos', 'Red Hat:rhel_eus:9.2::baseos'] as const;
  const name = fc.constantFrom('curl', 'zlib', 'kernel-devel');
  const version = fc.constantFrom('1.0', '1.1', '2.0', 'unreadable!');
  const found: fc.Arbitrary<Package> = fc
    .record({ type: fc.constantFrom('deb' as const, 'npm' as const, 'pypi' as const, 'rpm' as const), name, version })
    .map(one =>
      one.type === 'rpm'
        ? rpmOf(one, ROCKY, one.version === '2.0' ? 'Somebody' : undefined)
        : packageOf(one, one.type === 'deb' ? DEBIAN : undefined),
    );
  const image = fc.record({
    packages: fc
      .uniqueArray(fc.record({ package: found, layer: fc.constantFrom('a', 'b') }), {
        selector: one => one.package.purl,
        maxLength: 5,
      })
      .map(list => list.toSorted((x, y) => (x.package.purl < y.package.purl ? -1 : 1))),
    release: fc.constantFrom(DEBIAN, ROCKY, RHEL, undefined),
    redHat: fc.constantFrom({ repositories: [], image: 'ubi9' }, { repositories: ['a-rpms'] }),
  });
  const cve = fc.constantFrom('CVE-2024-0001', 'CVE-2024-0002', 'CVE-2024-0003');
  const record: fc.Arbitrary<Advisory> = fc
    .record({
      id: fc.constantFrom('CVE-2024-0001', 'GHSA-a', 'GHSA-b', 'X-1'),
      aliases: fc.uniqueArray(cve, { maxLength: 2 }),
      ecosystem: fc.constantFrom('npm', 'PyPI', 'Debian:12', 'Rocky Linux:9', ...STREAMS),
      name,
      bounds: fc.constantFrom('*', '<1.1', '<2.0', '>=1.1 <2.0'),
      severity: fc.constantFrom('CRITICAL' as const, 'HIGH' as const, 'LOW' as const),
      title: fc.constantFrom(undefined, 'one', 'another'),
    })
    .map(({ ecosystem, name: of, bounds, severity, title, ...fields }) =>
      advisory({
        ...fields,
        source: 'osv',
        ...(title === undefined ? {} : { title }),
        ratings: word(severity),
        affected: [affects(ecosystem, of, bounds)],
      }),
    );
  const database = fc.record({
    advisories: fc.uniqueArray(record, {
      selector: one => `${one.id} ${one.affected[0]?.ecosystem}`,
      maxLength: 5,
    }),
    epss: fc.dictionary(cve, fc.constantFrom(0.1, 0.97388)),
    kev: fc.uniqueArray(cve, { maxLength: 2 }),
    redHat: fc.record({
      repositories: fc.dictionary(fc.constantFrom('a-rpms', 'b-rpms'), fc.subarray([...STREAMS], { minLength: 1 })),
      images: fc.dictionary(fc.constant('ubi9'), fc.subarray(['a-rpms', 'b-rpms'])),
    }),
  });
  const step = fc.oneof(
    database.map(given => ({ kind: 'database' as const, given })),
    image.map(given => ({ kind: 'image' as const, given })),
  );

  test('what is left after any sequence of them is what the last database says of all inventories at once', async () => {
    await using store = await openEmbedded();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async steps => {
        await emptyStore(store);
        const images: (typeof steps)[number][] = [];
        let last: string | undefined;
        {
          await using content = await openContent(store);
          for (const [at, { kind, given }] of steps.entries()) {
            if (kind === 'image') {
              await scan(content, given, at);
              images.push({ kind, given });
            } else {
              const { advisories, ...signals } = given;
              last = databaseOf(content.folder, advisories, signals);
              await rematch(content, await registerFile(content, last), { signal });
            }
          }
        }
        const incremental = await contentState(store.db);
        await emptyStore(store);
        await using content = await openContent(store);
        const given = steps.findLast(one => one.kind === 'database');
        if (given?.kind === 'database') {
          const { advisories, ...signals } = given.given;
          await firstDatabase(content, databaseOf(content.folder, advisories, signals));
        }
        for (const [at, one] of steps.entries()) if (one.kind === 'image') await scan(content, one.given, at);
        expect(incremental).toEqual(await contentState(store.db));
      }),
      { numRuns: 5 },
    );
  });

  interface Scanned {
    readonly packages: readonly LaidPackage[];
    readonly release: Distro | undefined;
    readonly redHat: RedHatBuild;
  }

  async function scan(content: ContentFixture, { packages, release, redHat }: Scanned, salt: number): Promise<void> {
    await scanned(content, packages, {
      salt: `${salt}`,
      layers: ['a', 'b'],
      ...(release === undefined ? {} : { release }),
      ...(release === RHEL ? { redHat } : {}),
    });
  }
});
