/**
 * The place where an image is catalogued, to which people are sent: whether it is there, and by which tags.
 */
import { countOf } from '#base/count-of.ts';
import { listTagNames } from '#image/registry/listing.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseDigest } from '#oci/digest.ts';
import type { ProjectRecord } from '#store/project.ts';
import { type ProjectImage, updateProjectImage } from '#store/project-image.ts';
import { explainFailure } from './explain-failure.ts';
import type { ProjectContext } from './project-context.ts';
import { openRegistryReader } from './registry-reader.ts';
import { ProjectError } from './situation.ts';

/** Tags of a repository that are looked at when they are read again, newest names first. */
const MAX_TAGS_ASKED = 200;

/** Reads the tags of images again where they lie. Returns what changed, for people. */
export async function syncTags(
  context: ProjectContext,
  project: ProjectRecord,
  images: readonly ProjectImage[],
  signal: AbortSignal,
): Promise<string> {
  let changed = 0;
  for (const image of images) {
    const names = await findTagsAtPlace(context, project, image, signal);
    const at = context.now();
    const known = new Map(image.tags.map(tag => [tag.name, tag]));
    const tags = names.map(name => known.get(name) ?? { name, addedAt: at.toISOString() });
    const isSame = tags.length === image.tags.length && image.tags.every(({ name }) => names.includes(name));
    if (isSame) continue;
    await updateProjectImage(context.store.db, image.id, { tags }, at);
    changed += 1;
  }
  return changed === 0 ? 'The tags are as they were' : `The tags of ${countOf(changed, 'image')} changed`;
}

/** The digest must be where the catalogue says that it is. @throws {ProjectError} `location_mismatch`, and what reading there gives. */
export async function requireAtPlace(
  context: ProjectContext,
  project: ProjectRecord,
  image: ProjectImage,
  signal: AbortSignal,
): Promise<void> {
  const { registry, repository, digest } = image;
  // What was pushed here is here, and nobody can remove it while it is published.
  if (registry === undefined || repository === undefined || registry === context.hosted?.host) return;
  await using reader = await openRegistryReader(context, project, { registry, repository });
  try {
    const place = { transport: 'docker', registry, repository, digest: parseDigest(digest) } as const;
    await using source = await openRegistryWith(reader.client, place, { signal });
    if ((await source.headRoot?.({ signal })) === undefined) await source.root({ signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const told = toProjectError(error, context, project, image, reader);
    throw new ProjectError(
      told.situation === 'not_found' ? 'location_mismatch' : told.situation,
      `Cannot publish image ${image.id}: it must be at ${registry}/${repository}, where the catalogue sends people: ${told.message}`,
    );
  }
}

/** Tags that name the image, or its index, at the place where it is catalogued. */
async function findTagsAtPlace(
  context: ProjectContext,
  project: ProjectRecord,
  image: ProjectImage,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { registry, repository } = image;
  if (registry === undefined || repository === undefined) {
    throw new ProjectError('location_mismatch', 'Cannot read the tags: the image has no registry and repository');
  }
  const here = new Set([image.digest, image.listDigest]);
  if (registry === context.hosted?.host) return await findHostedTags(context, image, repository);
  await using reader = await openRegistryReader(context, project, { registry, repository });
  try {
    const names: string[] = [];
    const limits = { maxNames: 20_000, maxPages: 200 };
    const at = await reader.client.registry(registry, { signal });
    for await (const name of listTagNames(at, repository, { signal, limits })) names.push(name);
    // Those that it had are asked for whatever their number is.
    const known = image.tags.map(({ name }) => name).filter(name => names.includes(name));
    const asked = [...new Set([...known, ...names.toReversed()])].slice(0, MAX_TAGS_ASKED);
    const found: string[] = [];
    for (const tag of asked) {
      const place = { transport: 'docker', registry, repository, tag } as const;
      await using source = await openRegistryWith(reader.client, place, { signal });
      const digest = (await source.headRoot?.({ signal }))?.digest ?? (await source.root({ signal })).digest;
      if (here.has(digest)) found.push(tag);
    }
    return found.toSorted();
  } catch (error) {
    if (signal.aborted) throw error;
    throw toProjectError(error, context, project, image, reader);
  }
}

async function findHostedTags(
  { store }: ProjectContext,
  { digest, listDigest }: ProjectImage,
  repository: string,
): Promise<readonly string[]> {
  const rows = await store.db
    .selectFrom('tag')
    .innerJoin('manifest', 'manifest.id', 'tag.manifestId')
    .innerJoin('hostedRepository', 'hostedRepository.repositoryId', 'tag.repositoryId')
    .select('tag.name')
    .where('hostedRepository.name', '=', repository)
    .where('tag.endedAt', 'is', null)
    .where('manifest.digest', 'in', listDigest === undefined ? [digest] : [digest, listDigest])
    .orderBy('tag.name')
    .execute();
  return rows.map(({ name }) => name);
}

function toProjectError(
  error: unknown,
  context: ProjectContext,
  project: ProjectRecord,
  { registry = '', repository = '', digest }: ProjectImage,
  reader: Awaited<ReturnType<typeof openRegistryReader>>,
): ProjectError {
  const { situation, message } = explainFailure(error, {
    project,
    registry,
    repository,
    digest,
    secret: reader.secret,
    limit: reader.limit(),
    now: context.now(),
    attempts: Number.POSITIVE_INFINITY,
  });
  return new ProjectError(situation, message, { cause: error });
}
