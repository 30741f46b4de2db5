/** What is over and what nobody refers to goes; everything else stays. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { advisory, affects, packageOf } from '#matching/testing/sample.ts';
import type { Store } from '#store/database.ts';
import { keepLayerFacts } from '#store/layer-facts.ts';
import { MANIFEST_KEEPERS } from '#store/orphan.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { type CollectedContent, collectContent } from './collect-content.ts';
import { rematch } from './rematch.ts';
import { storeManifests } from './store-manifests.ts';
import {
  type ContentFixture,
  databaseOf,
  firstDatabase,
  foundImage,
  foundJson,
  layerDigest,
  NOW,
  openContent,
  registerFile,
  scanned,
  signal,
} from './testing/content-fixture.ts';
import { makeRegistry, placeImages } from './testing/place-images.ts';

const DAY = 24 * 60 * 60 * 1000;
const RETENTION = { eventDays: 90, changeDays: 30, auditDays: 700 };
const later = (days: number) => new Date(NOW.getTime() + days * DAY);
const lodash = packageOf({ type: 'npm', name: 'lodash', version: '1.0.0' });
const express = packageOf({ type: 'npm', name: 'express', version: '1.0.0' });
const INDEX = 'application/vnd.oci.image.index.v1+json';

describeStores('collecting content', open => {
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

  const collect = async (days: number): Promise<CollectedContent> =>
    await collectContent({ store, now: () => later(days) }, RETENTION, { signal });
  const count = async (table: string) => {
    const { rows } = await sql<{ count: number }>`SELECT count(*)::int AS count FROM ${sql.table(table)}`.execute(
      store.db,
    );
    return rows[0]?.count;
  };
  /** A database in which these packages have a weakness each. */
  const flawed = (...names: readonly string[]) =>
    databaseOf(
      content.folder,
      names.map((name, at) =>
        advisory({
          id: `CVE-2024-000${at}`,
          ratings: [{ kind: 'word', severity: 'HIGH', origin: 'ghsa' }],
          affected: [affects('npm', name, '<2.0.0')],
        }),
      ),
    );
  const digests = async () => {
    const rows = await store.db.selectFrom('manifest').select('digest').orderBy('id').execute();
    return rows.map(({ digest }) => digest);
  };

  test('an image that is in no repository goes with its sets, packages, layers and facts; what another has stays', async () => {
    const kept = await scanned(content, [{ package: lodash, layer: 'base' }]);
    const lost = await scanned(content, [
      { package: lodash, layer: 'base' },
      { package: express, layer: 'top' },
    ]);
    const { registryId } = await makeRegistry(store.db, 'acme');
    await placeImages(store.db, registryId, 'team/app', [{ digest: kept, tags: ['1.0'] }]);
    for (const layer of ['base', 'top', 'pushed-just-now']) {
      const at = layer === 'pushed-just-now' ? later(9) : NOW;
      await keepLayerFacts(store.db, { layerDigest: layerDigest(layer), version: '1', facts: Buffer.from('x'), at });
    }
    expect(await collect(0)).toEqual({});
    expect(await digests()).toEqual([kept, lost]);

    expect(await collect(10)).toEqual({ manifests: 1, packageSets: 1, packages: 1, layers: 1, layerFacts: 1 });
    expect(await digests()).toEqual([kept]);
    expect(await count('image_scan')).toBe(1);
    expect((await store.db.selectFrom('package').select('name').execute()).map(({ name }) => name)).toEqual(['lodash']);
    expect((await store.db.selectFrom('layer').select('digest').execute()).map(({ digest }) => digest)).toEqual([
      layerDigest('base'),
    ]);
    expect(await collect(11)).toEqual({});
    expect(await scanned(content, [{ package: express, layer: 'top' }])).toBeDefined();
  });

  test('an index keeps its children, and they go with it', async () => {
    const [child, other] = [foundImage(['a']), foundImage(['b'])];
    const entries = [child, other].map(({ digest, mediaType }) => ({ digest, mediaType, size: 7 }));
    const index = foundJson({ schemaVersion: 2, mediaType: INDEX, manifests: entries }, INDEX);
    await storeManifests(store.db, [child, other, index], NOW);
    const { registryId } = await makeRegistry(store.db, 'acme');
    const repositoryId = await placeImages(store.db, registryId, 'team/app', [{ digest: index.digest, tags: ['1.0'] }]);
    expect(await collect(2)).toEqual({});
    expect(await digests()).toHaveLength(3);
    await store.db.deleteFrom('repository').where('id', '=', repositoryId).execute();
    expect(await collect(2)).toEqual({ manifests: 3, layers: 2 });
    expect(await digests()).toEqual([]);
  });

  test('findings of packages that go are not counted by their weaknesses any more', async () => {
    await firstDatabase(content, flawed('lodash', 'express'));
    const kept = await scanned(content, [{ package: lodash, layer: 'base' }]);
    await scanned(content, [{ package: express, layer: 'top' }]);
    const { registryId } = await makeRegistry(store.db, 'acme');
    await placeImages(store.db, registryId, 'team/app', [{ digest: kept }]);
    await collect(2);
    const rows = await store.db.selectFrom('vulnerability').select(['worst', 'isFixable']).orderBy('worst').execute();
    expect(rows).toEqual([
      { worst: -1, isFixable: false },
      { worst: expect.toSatisfy((worst: number) => worst >= 0), isFixable: true },
    ]);
  });

  test('nothing of packages goes while a re-match has them in its hands', async () => {
    await scanned(content, [{ package: express, layer: 'top' }]);
    await firstDatabase(content, flawed('lodash'));
    const { id } = await store.db.selectFrom('databaseVersion').select('id').executeTakeFirstOrThrow();
    await store.db.insertInto('rematch').values({ toVersion: id, startedAt: NOW }).execute();
    await collect(2);
    expect(await count('package')).toBe(1);
    await store.db.updateTable('rematch').set({ completedAt: NOW }).execute();
    await collect(2);
    expect(await count('package')).toBe(0);
  });

  test('histories go when their time is over, and not before', async () => {
    const digest = await scanned(content, [{ package: lodash, layer: 'base' }]);
    const { registryId } = await makeRegistry(store.db, 'acme');
    await placeImages(store.db, registryId, 'team/app', [{ digest }]);
    await firstDatabase(content, flawed());
    const next = await registerFile(content, flawed('lodash'));
    await rematch(content, next, { signal });
    await sql`INSERT INTO audit_entry (at, actor, action, subject_kind, subject_id, detail)
      VALUES (${NOW}, 'ada', 'registry.create', 'registry', '1', '{}')`.execute(store.db);
    await sql`INSERT INTO idempotent_answer (account_id, key, request_hash, created_at)
      VALUES ('00000000-0000-4000-8000-000000000001', 'k', 'h', ${NOW})`.execute(store.db);
    const tables = ['event', 'finding_change', 'image_change', 'audit_entry', 'idempotent_answer'];
    const left = async () => Object.fromEntries(await Promise.all(tables.map(async name => [name, await count(name)])));
    const before = await left();
    expect(before).toMatchObject({ finding_change: 1, image_change: 1, audit_entry: 1, idempotent_answer: 1 });
    const after = async (days: number, ...gone: readonly string[]) => {
      await collect(days);
      const rest = Object.entries(before).map(([name, rows]) => [name, gone.includes(name) ? 0 : rows]);
      expect(await left()).toEqual(Object.fromEntries(rest));
    };
    await after(0.5);
    await after(2, 'idempotent_answer');
    await after(31, 'idempotent_answer', 'finding_change', 'image_change');
    await after(91, 'idempotent_answer', 'finding_change', 'image_change', 'event');
    await after(701, ...tables);
    expect(await count('rematch'), 'that it took place stays known').toBe(1);
  });

  test('every column that names a manifest is known to keep it, or not to', async () => {
    const { rows } = await sql<{ table: string; column: string }>`
      SELECT table_name AS table, column_name AS column FROM information_schema.columns
      WHERE table_schema = current_schema() AND (column_name LIKE '%digest' OR column_name LIKE '%manifest_id')
      ORDER BY 1, 2`.execute(store.db);
    const keepers = new Set(MANIFEST_KEEPERS.map(({ table, column }) => `${table}.${column}`));
    const found = rows.map(({ table, column }) => `${table}.${column}`);
    expect(found.filter(name => !keepers.has(name as never) && !NO_KEEPERS.has(name))).toEqual([]);
    expect([...keepers].filter(name => !found.includes(name))).toEqual([]);
  });
});

/** Rows that go with their manifest, or outlive it; and digests of other things. */
const NO_KEEPERS = new Set([
  'image_change.manifest_id',
  'image_file_facts.manifest_id',
  'image_scan.manifest_id',
  'manifest.digest',
  'manifest_layer.manifest_id',
  'manifest_package_set.manifest_id',
  'run_image.digest',
  'waiver.digest',
  'layer.digest',
  'layer_facts.layer_digest',
  'manifest.config_digest',
  'build.digest',
  'build.log_digest',
  'hosted_blob.digest',
  'hosted_reference.digest',
  'hosted_reference.manifest_id',
  'project_image.config_digest',
  'stored_blob.digest',
]);
