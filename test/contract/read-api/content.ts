/** What there is to read in the tests of the API: images in every state, in three registries of three namespaces. */
import { sql } from 'kysely';
import type { Package } from '#inventory/inventory.ts';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import { storeManifests } from '#scan/content/store-manifests.ts';
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
} from '#scan/content/testing/content-fixture.ts';
import { makeRegistry, placeImages } from '#scan/content/testing/place-images.ts';
import { VulnerabilityHolder } from '#scan/content/vulnerability-holder.ts';
import type { Store } from '#store/database.ts';

/** Ids and digests of what was put there. */
export interface ReadContent {
  /** By a short name. */
  readonly digests: Readonly<Record<string, string>>;
  readonly one: { readonly namespaceId: string; readonly registryId: string };
  readonly two: { readonly namespaceId: string; readonly registryId: string };
  /** Has 105 repositories without images. */
  readonly wide: { readonly namespaceId: string; readonly registryId: string };
}

const DEBIAN = distro('debian', '12');
const curl = packageOf({ type: 'deb', name: 'curl', version: '7.88.1-10' }, DEBIAN);
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.20' });
const newLodash = packageOf({ type: 'npm', name: 'lodash', version: '4.17.99' });
const leftPad = packageOf({ type: 'npm', name: 'left-pad', version: '1.3.0' });
const odd = packageOf({ type: 'npm', name: 'odd', version: '1.0.0' });
const ten = packageOf({ type: 'npm', name: 'ten', version: '1.0.0' });
const requests = packageOf({ type: 'pypi', name: 'requests', version: '2.0' });

const word = (severity: 'CRITICAL' | 'HIGH' | 'NEGLIGIBLE') => [{ kind: 'word' as const, severity, origin: 'ghsa' }];
const web = (url: string) => ({ type: 'WEB', url });
const ADVISORIES = [
  advisory({
    id: 'CVE-2024-0001',
    source: 'debian-tracker',
    title: 'A flaw of curl',
    ratings: word('HIGH'),
    references: [web('https://security.example/CVE-2024-0001'), web('https://curl.example/CVE-2024-9999')],
    affected: [affects('Debian:12', 'curl', '*')],
  }),
  advisory({
    id: 'GHSA-aaaa-aaaa-aaaa',
    aliases: ['CVE-2024-0002'],
    ratings: [
      ...word('CRITICAL'),
      {
        kind: 'cvss',
        version: '3.1',
        vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
        origin: 'ghsa',
      },
    ],
    affected: [affects('npm', 'lodash', '<4.17.90')],
  }),
  advisory({
    id: 'GHSA-bbbb-bbbb-bbbb',
    ratings: word('NEGLIGIBLE'),
    affected: [affects('npm', 'lodash', '*'), affects('npm', 'left-pad', '*')],
  }),
  advisory({ id: 'GHSA-cccc-cccc-cccc', title: 'Nobody rated it', affected: [affects('npm', 'odd', '*')] }),
  advisory({
    id: 'CVE-2024-0010',
    ratings: [{ kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', origin: 'nvd' }],
    affected: [affects('npm', 'ten', '*')],
  }),
];

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** Of a manifest that nobody has read. */
export const MISSING = `sha256:${'0'.repeat(64)}`;
/** When most tags were pushed; `v1` an hour later. */
const PUSHED = '2026-11-01T10:00:00.000Z';

/** Puts it into a store whose server keeps its data in `dataFolder`. */
export async function placeContent(store: Store, dataFolder: string): Promise<ReadContent> {
  await using fixture = await openContent(store);
  await using vulnerabilities = new VulnerabilityHolder(store, dataFolder);
  const content: ContentFixture = { ...fixture, vulnerabilities };
  const signals = { epss: { 'CVE-2024-0001': 0.5, 'CVE-2024-0002': 0.25 }, kev: ['CVE-2024-0002'] };
  await firstDatabase(content, databaseOf(fixture.folder, ADVISORIES, signals));
  const { db } = store;
  const image = (salt: string, packages: readonly LaidPackage[]) =>
    scanned(content, packages, { salt, layers: ['base', 'app'], release: DEBIAN });
  const digests: Record<string, string> = {
    bad: await image('bad', [...laid('base', curl), ...laid('app', lodash)]),
    meh: await image('meh', [...laid('base', curl), ...laid('app', newLodash)]),
    low: await image('low', laid('app', leftPad)),
    odd: await image('odd', laid('app', odd)),
    ten: await image('ten', laid('app', ten)),
    clean: await image('clean', laid('app', requests)),
    empty: await image('empty', []),
    hidden: await image('hidden', laid('app', lodash)),
    gone: await image('gone', laid('app', lodash)),
  };
  const bare = ['waiting', 'queued', 'broken', 'huge'].map(name => [name, foundImage(['base'], name)] as const);
  const chart = { ...foundImage(['base'], 'chart'), problem: 'A layer is a Helm chart' };
  const index = foundJson(indexOf([digests['bad'] ?? '', digests['low'] ?? '', MISSING]), INDEX);
  await storeManifests(db, [...bare.map(([, one]) => one), chart, index], NOW);
  for (const [name, { digest }] of bare) digests[name] = digest;
  Object.assign(digests, { chart: chart.digest, index: index.digest });
  const one = await makeRegistry(db, 'one');
  const two = await makeRegistry(db, 'two');
  const wide = await makeRegistry(db, 'wide');
  const of = (name: string, ...tags: readonly string[]) => ({ digest: digests[name] ?? '', tags });
  await placeImages(db, one.registryId, 'team/shop', [
    of('index', 'latest'),
    of('bad', 'v1'),
    of('meh', 'v2'),
    of('low'),
    of('waiting', 'next'),
    of('queued', 'queued'),
    of('broken', 'broken'),
    of('huge', 'huge'),
    of('chart', 'chart'),
    of('ten', 'ten'),
    of('gone', 'old'),
  ]);
  await placeImages(db, one.registryId, 'team/copy', [of('bad', 'v1')]);
  await placeImages(db, one.registryId, 'flat', [of('odd', 'v1'), of('empty', 'scratch')]);
  await placeImages(db, two.registryId, 'other', [of('low', 'xylo'), of('clean', 'y'), of('hidden', 'secret-tag')]);
  await placeImages(db, two.registryId, 'team/shop', [of('clean', 'two')]);
  await sql`INSERT INTO repository (registry_id, name, first_seen_at)
    SELECT ${wide.registryId}::uuid, 'wide/r' || lpad(n::text, 3, '0'), ${NOW.toISOString()}::timestamptz FROM generate_series(1, 105) AS n`.execute(
    db,
  );
  await setStates(store, digests);
  return { digests, one, two, wide };
}

async function setStates({ db }: Store, digests: Readonly<Record<string, string>>): Promise<void> {
  const idOf = (name: string) => sql<number>`(SELECT id FROM manifest WHERE digest = ${digests[name]})`;
  const broken = { errorCode: 'REGISTRY_UNAVAILABLE', errorMessage: 'Cannot read layer 1: the registry went away' };
  const states = {
    low: { state: 'failed', ...broken },
    broken: { state: 'failed', ...broken },
    huge: { state: 'layer-too-large', errorCode: 'LIMIT_EXCEEDED', errorMessage: 'Cannot read layer 1: too large' },
    queued: { state: 'queued' },
    odd: { scannedAt: '2026-11-20T12:00:00Z' },
  };
  for (const [name, change] of Object.entries(states)) {
    await db.updateTable('imageScan').set(change).where('manifestId', '=', idOf(name)).execute();
  }
  await sql`UPDATE tag SET pushed_at = ${PUSHED}::timestamptz, pushed_at_source = 'registry'`.execute(db);
  await sql`UPDATE tag SET pushed_at = pushed_at + interval '1 hour' WHERE name = 'v1'`.execute(db);
  await sql`UPDATE tag SET ended_at = pushed_at + interval '1 day' WHERE name = 'old'`.execute(db);
  await sql`UPDATE repository_manifest SET gone_at = ${NOW.toISOString()}::timestamptz WHERE manifest_id = ${idOf('gone')}`.execute(
    db,
  );
}

function indexOf(children: readonly string[]): object {
  const architectures = ['amd64', 'arm64', 's390x'];
  return {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: children.map((digest, at) => ({
      mediaType: MANIFEST,
      digest,
      size: 500,
      platform: { os: 'linux', architecture: architectures[at] },
    })),
  };
}

function laid(layer: string, ...packages: readonly Package[]): LaidPackage[] {
  return packages.map(one => ({ package: one, layer }));
}
