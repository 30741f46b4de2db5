import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import type { Store } from '#store/database.ts';
import { ensureHostedRepository, ensureSpace } from '#store/hosting-space.ts';
import { insertNamespace } from '#store/namespace.ts';
import { insertProject } from '#store/project.ts';
import { insertRegistry } from '#store/registry.ts';
import { upsertRepositories } from '#store/repository.ts';
import { describeStores } from '#store/testing/stores.ts';
import { finishRemoval } from './removal.ts';

const AT = new Date('2026-08-01T00:00:00Z');
const signal = new AbortController().signal;
const REGISTRY = '00000000-0000-4000-8000-000000000001';
const PROJECT = 'a'.repeat(24);
const digest = (name: string) => digestOf(Buffer.from(name));

describeStores('what goes with a registry', open => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  test('its images go, but for those that were pushed here, are of a project or a base, or are listed by an index that stays', async () => {
    const { db } = store;
    const kept = ['pushed', 'certified', 'list', 'base', 'child of another'];
    const all = ['plain', 'index', 'child', ...kept, 'other index'];
    await db.transaction().execute(async trx => {
      const { id: namespaceId } = await insertNamespace(trx, { name: 'team', displayName: 'Team', at: AT });
      await insertRegistry(trx, {
        id: REGISTRY,
        namespaceId,
        name: 'old',
        type: 'docker-v2',
        url: 'https://old.example',
        host: 'old.example',
        settings: {},
        credentialKind: 'none',
        sealedCredentials: null,
        credentialHint: undefined,
        credentialExpiresAt: undefined,
        sensorSelector: {},
        labels: {},
        maxListings: 2,
        maxScans: 4,
        at: AT,
      });
      const address = { url: 'https://here.example', host: 'here.example' };
      const space = await ensureSpace(trx, { name: 'team', namespaceId }, { address, at: AT });
      const hosted = await ensureHostedRepository(trx, space, 'team/app', AT);
      const ids = await upsertRepositories(trx, REGISTRY, [{ name: 'app' }], { at: AT, isCatalogued: true });
      const app = ids.get('app') ?? 0;
      const idOf = (name: string) => sql`(SELECT id FROM manifest WHERE digest = ${digest(name)})`;
      for (const name of all) {
        const kind = name.endsWith('index') ? 'index' : 'image';
        await sql`INSERT INTO manifest (digest, kind, media_type, document, first_seen_at)
          VALUES (${digest(name)}, ${kind}, 'm', '', ${AT.toISOString()})`.execute(trx);
        // One index is elsewhere, and stays.
        const place = name === 'other index' ? hosted.id : app;
        await sql`INSERT INTO repository_manifest (repository_id, manifest_id, first_seen_at, pushed_at_source)
          VALUES (${place}, ${idOf(name)}, ${AT.toISOString()}, 'unknown')`.execute(trx);
      }
      for (const [index, child] of [
        ['index', 'child'],
        ['other index', 'child of another'],
      ] as const) {
        await sql`INSERT INTO manifest_child (index_id, position, digest, media_type, size_bytes, kind)
          VALUES (${idOf(index)}, 0, ${digest(child)}, 'm', 1, 'image')`.execute(trx);
      }
      await sql`INSERT INTO hosted_manifest (repository_id, manifest_id, content_type, size_bytes, pushed_by, pushed_at)
        VALUES (${hosted.id}, ${idOf('pushed')}, 'm', 1, 'x', ${AT.toISOString()})`.execute(trx);
      await insertProject(trx, {
        id: PROJECT,
        namespaceId,
        pid: `ospid-${PROJECT}`,
        name: 'Pilot',
        kind: 'Containers',
        status: 'active',
        containerType: 'container',
        osContentType: undefined,
        distributionMethod: 'external',
        isHosted: false,
        registry: 'old.example',
        repository: 'app',
        isPrivileged: false,
        autoPublish: false,
        details: {},
        certificationStatus: 'Started',
        history: [],
        at: AT,
      });
      await sql`INSERT INTO project_image (id, project_id, digest, list_digest, architecture, origin, tags, parsed, created_at, updated_at)
        VALUES (${'b'.repeat(24)}, ${PROJECT}, ${digest('certified')}, ${digest('list')}, 'amd64', 'scan', '[]', '{}',
          ${AT.toISOString()}, ${AT.toISOString()})`.execute(trx);
      await sql`INSERT INTO base_image (id, registry, repository, digest, architecture, diff_ids, top_layer, added_by, created_at)
        VALUES (${'c'.repeat(24)}, 'old.example', 'app', ${digest('base')}, 'amd64', '[]', 'x', 'x', ${AT.toISOString()})`.execute(
        trx,
      );
      await trx.updateTable('registry').set({ removedAt: AT }).where('id', '=', REGISTRY).execute();
    });
    await finishRemoval({ store, now: () => AT }, { id: REGISTRY, keepsImages: false, signal });
    const left = await db.selectFrom('manifest').select('digest').execute();
    const names = all.filter(name => left.some(row => row.digest === digest(name)));
    expect(names).toEqual([...kept, 'other index']);
    expect(await db.selectFrom('registry').select('name').execute()).toEqual([{ name: 'hosted' }]);
  });
});
