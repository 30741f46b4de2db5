/** The catalogue: what is in it, and that it is found and paged by the database; and who sees an image by its project. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from './database.ts';
import { findManifestView } from './manifest-view.ts';
import { insertNamespace } from './namespace.ts';
import { insertProject } from './project.ts';
import { listPublishedRepositories } from './project-catalog.ts';
import { type ImageFields, insertProjectImage } from './project-image.ts';
import { describeStores } from './testing/stores.ts';
import { inTransaction } from './transaction.ts';

const AT = new Date('2026-03-04T05:06:07Z');
const idOf = (number: number) => number.toString(16).padStart(24, '0');
const digestOf = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}`;

const IMAGE: Omit<ImageFields, 'digest'> = {
  configDigest: undefined,
  listDigest: undefined,
  architecture: 'amd64',
  isReportedCertified: undefined,
  isVerifiedCertified: true,
  isCertified: true,
  exception: undefined,
  origin: 'scan',
  registry: 'quay.io',
  repository: 'acme/pilot',
  tags: [],
  diffIds: undefined,
  sizeBytes: undefined,
  rawConfig: undefined,
  parsed: {},
  scanState: 'completed',
  scanMessage: undefined,
  grade: 'A',
  pushedAt: undefined,
  publishedAt: AT.toISOString(),
  deletedAt: undefined,
};

async function addProject(store: Store, name: string, description = ''): Promise<{ id: string; namespaceId: string }> {
  const number = Number.parseInt(randomUUID().slice(0, 8), 16);
  const id = idOf(number);
  return await inTransaction(store.db, async trx => {
    const { id: namespaceId } = await insertNamespace(trx, { name: `space-${number}`, displayName: 'Space', at: AT });
    await insertProject(trx, {
      id,
      namespaceId,
      pid: `ospid-${id}`,
      name,
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
      details: { container: { short_description: description } },
      certificationStatus: 'Started',
      history: [],
      at: AT,
    });
    return { id, namespaceId };
  });
}

async function addImages(store: Store, projectId: string, images: readonly Partial<ImageFields>[]): Promise<void> {
  await inTransaction(store.db, async trx => {
    for (const [place, image] of images.entries()) {
      const number = Number.parseInt(randomUUID().slice(0, 8), 16);
      const at = new Date(AT.getTime() + place * 1000);
      const fields = { ...IMAGE, digest: digestOf(number), ...image };
      await insertProjectImage(trx, { ...fields, id: idOf(number), projectId, at });
    }
  });
}

describeStores('the catalogue', open => {
  // One for all: each test has a registry of its own in it.
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  test('it has what is published, with the grade of the newest image, and nothing else', async () => {
    const { id } = await addProject(store, 'Pilot');
    const registry = 'one.example';
    await addImages(store, id, [
      { registry, grade: 'C' },
      { registry, grade: 'A', architecture: 's390x' },
      { registry, repository: 'acme/secret', publishedAt: undefined },
      { registry, repository: 'acme/gone', deletedAt: AT.toISOString() },
    ]);
    expect(await listPublishedRepositories(store.db, { registry, limit: 10 })).toEqual([
      {
        registry,
        repository: 'acme/pilot',
        projectId: id,
        imageCount: 2,
        architectures: ['amd64', 's390x'],
        grade: 'A',
        publishedAt: AT.toISOString(),
      },
    ]);
  });

  test('it is searched by place, project and description, and what is looked for is no pattern', async () => {
    const pilot = await addProject(store, 'Pilot', 'Steers 100% of ships');
    const registry = 'two.example';
    await addImages(store, pilot.id, [{ registry }]);
    const tug = await addProject(store, 'Tug_boat');
    await addImages(store, tug.id, [{ registry, repository: 'acme/tug' }]);
    const found = async (text: string) =>
      (await listPublishedRepositories(store.db, { registry, text, limit: 10 })).map(({ repository }) => repository);
    for (const { text, names } of [
      { text: 'ACME/P', names: ['acme/pilot'] },
      { text: 'tug_', names: ['acme/tug'] },
      { text: '100%', names: ['acme/pilot'] },
      { text: '%', names: ['acme/pilot'] },
      { text: 'nothing of the kind', names: [] },
    ]) {
      expect(await found(text), text).toEqual(names);
    }
  });

  test('its pages miss nothing and repeat nothing', async () => {
    const { id } = await addProject(store, 'Pilot');
    const registry = 'three.example';
    const repositories = ['b', 'a-b', 'a', 'ab', 'a_b'].map(name => `acme/${name}`);
    await addImages(
      store,
      id,
      repositories.map(repository => ({ registry, repository })),
    );
    const seen: string[] = [];
    for (let after: { registry: string; repository: string } | undefined; ; ) {
      const [next] = await listPublishedRepositories(store.db, { registry, after, limit: 1 });
      if (next === undefined) break;
      seen.push(next.repository);
      after = next;
    }
    expect(seen.toSorted()).toEqual(repositories.toSorted());
  });

  test('an image is seen by those who see the project that read it, and not for a word of a client', async () => {
    const reader = await addProject(store, 'Reader');
    const claimant = await addProject(store, 'Claimant');
    const digest = digestOf(7);
    await store.db
      .insertInto('manifest')
      .values({
        digest,
        kind: 'image',
        mediaType: 'application/json',
        document: Uint8Array.of(123, 125),
        firstSeenAt: AT,
      })
      .execute();
    await addImages(store, reader.id, [{ digest }]);
    await addImages(store, claimant.id, [{ digest, origin: 'report' }]);
    const seenIn = async (namespaceId: string) =>
      (await findManifestView(store.db, digest, { namespaceIds: [namespaceId] }))?.digest;
    expect(await seenIn(reader.namespaceId)).toBe(digest);
    expect(await seenIn(claimant.namespaceId)).toBeUndefined();
  });
});
