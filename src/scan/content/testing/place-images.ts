/** Registries, repositories and tags for tests of what is read of images. */
import { randomUUID } from 'node:crypto';
import type { Db } from '#store/database.ts';
import { toJson } from '#store/database.ts';
import { findManifestIds } from '#store/manifest.ts';
import { NOW } from './content-fixture.ts';

/** A registry in a namespace that is there, or in one of its own. */
export async function makeRegistry(
  db: Db,
  name: string,
  into?: string,
): Promise<{ namespaceId: string; registryId: string }> {
  const namespaceId = into ?? randomUUID();
  const registryId = randomUUID();
  if (into === undefined) {
    await db.insertInto('namespace').values({ id: namespaceId, name, displayName: name, createdAt: NOW }).execute();
  }
  await db
    .insertInto('registry')
    .values({
      id: registryId,
      namespaceId,
      name,
      type: 'docker-v2',
      url: `https://${name}.example`,
      host: `${name}.example`,
      settings: toJson({}),
      credentialKind: 'none',
      sensorSelector: toJson({}),
      labels: toJson({}),
      warnings: toJson([]),
      createdAt: NOW,
      updatedAt: NOW,
    })
    .execute();
  return { namespaceId, registryId };
}

/** Makes a repository when it is missing, puts manifests in it, and gives them tags. @returns the id of the repository. */
export async function placeImages(
  db: Db,
  registryId: string,
  repository: string,
  images: readonly { readonly digest: string; readonly tags?: readonly string[] }[],
): Promise<number> {
  await db
    .insertInto('repository')
    .values({ registryId, name: repository, firstSeenAt: NOW })
    .onConflict(conflict => conflict.columns(['registryId', 'name']).doNothing())
    .execute();
  const { id } = await db
    .selectFrom('repository')
    .select('id')
    .where('registryId', '=', registryId)
    .where('name', '=', repository)
    .executeTakeFirstOrThrow();
  const ids = await findManifestIds(
    db,
    images.map(({ digest }) => digest),
  );
  for (const { digest, tags = [] } of images) {
    const manifestId = ids.get(digest) ?? -1;
    const facts = { repositoryId: id, manifestId, pushedAtSource: 'unknown' };
    await db
      .insertInto('repositoryManifest')
      .values({ ...facts, firstSeenAt: NOW })
      .execute();
    for (const name of tags)
      await db
        .insertInto('tag')
        .values({ ...facts, name, startedAt: NOW })
        .execute();
  }
  return id;
}
