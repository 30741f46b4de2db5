/**
 * Publishing: what must be true before, what follows from it, and the way back.
 */

import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { isAtLeast } from '#certification/health-grade.ts';
import { listTagNames } from '#image/registry/listing.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseDigest } from '#oci/digest.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import {
  findProjectImage,
  hasPublishedImage,
  listProjectImages,
  type ProjectImage,
  updateProjectImage,
} from '#store/project-image.ts';
import { type ProjectRequest, updateRequest } from '#store/project-request.ts';
import { listTestResults } from '#store/project-result.ts';
import { inTransaction } from '#store/transaction.ts';
import { explainFailure } from './explain-failure.ts';
import { assessHealth } from './health.ts';
import { certifiedBy } from './image.ts';
import { advanceStatus } from './manage-project.ts';
import type { ProjectContext } from './project-context.ts';
import { openRegistryReader } from './registry-reader.ts';
import { ProjectError, type Situation } from './situation.ts';

/** Tags of a repository that are looked at when they are read again, newest names first. */
const MAX_TAGS_ASKED = 200;

/** Something that stands against publishing. */
export interface Objection {
  readonly situation: Situation;
  /** One sentence without full stop. */
  readonly message: string;
  /** Whether an admin may pass over it, with a reason. */
  readonly isWaivable: boolean;
}

/** What stands against publishing an image now; empty: nothing. */
export async function findObjections(
  context: ProjectContext,
  project: ProjectRecord,
  image: ProjectImage,
  signal: AbortSignal,
): Promise<readonly Objection[]> {
  const objections: Objection[] = [];
  const against = (situation: Situation, message: string, isWaivable = true) =>
    objections.push({ situation, message, isWaivable });
  if (project.status === 'archived') against('not_certified', 'The project is archived', false);
  if (image.deletedAt !== undefined) against('not_found', 'The image was deleted', false);
  if (image.registry === undefined || image.repository === undefined) {
    against('location_mismatch', 'The project has no registry and repository to publish at; set them', false);
  }
  if (image.tags.length === 0) against('tag_invalid', 'The image has no tag', false);
  if (image.scanState !== 'completed') {
    const why = image.scanMessage === undefined ? 'the scan has not come to its end' : image.scanMessage;
    against('not_scanned', `The image is not graded: ${why}`);
  }
  if (!image.isCertified && image.exception === undefined)
    against('not_certified', await tellFailedChecks(context, image));
  if (
    context.rules.requiresVerification &&
    image.isVerifiedCertified !== true &&
    image.isCertified &&
    image.exception === undefined
  ) {
    against(
      'not_certified',
      `The image is certified by its client's word alone: ${await tellFailedChecks(context, image)}`,
    );
  }
  const health = image.scanState === 'completed' ? await assessHealth(context, image, signal) : undefined;
  if (health !== undefined) {
    const { gate, grade } = health;
    if (context.rules.gate.length > 0 && gate.outcome !== 'passed') against('not_certified', gate.summary);
    if (grade.grade === 'F') against('not_certified', 'The health grade is F, which is never published', false);
    else if (!isAtLeast(grade.grade, context.rules.minGrade)) {
      const known = grade.grade === 'unknown' ? `unknown (${grade.unknown[0] ?? 'not graded'})` : grade.grade;
      against('not_certified', `The health grade is ${known}, needed is ${context.rules.minGrade} or better`);
    }
  }
  return objections;
}

/** Does what an image request asks for. May run again after a crash. @throws only when the server stops. */
export async function runImageRequest(
  context: ProjectContext,
  request: ProjectRequest,
  signal: AbortSignal,
): Promise<void> {
  const { db } = context.store;
  const project = await findProject(db, { id: request.projectId });
  if (project === undefined) return;
  await updateRequest(db, request.id, { status: 'in progress' }, context.now());
  try {
    const message = await perform(context, project, request, signal);
    await updateRequest(db, request.id, { status: 'completed', statusMessage: message ?? null }, context.now());
  } catch (error) {
    if (signal.aborted) throw error;
    const known = toPlimsollError(error);
    const situation = known instanceof ProjectError ? known.situation : 'scan_failed';
    const text = known.code === 'BUG' ? 'It failed unexpectedly; the log of the server has more' : known.message;
    await updateRequest(db, request.id, { status: 'failed', statusMessage: text, situation }, context.now());
  }
}

/** Publishes an image where its project wants that done by itself and nothing stands against it. */
export async function publishAutomatically(
  context: ProjectContext,
  imageId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { db } = context.store;
  const image = await findProjectImage(db, imageId);
  const project = image === undefined ? undefined : await findProject(db, { id: image.projectId });
  if (image === undefined || project?.autoPublish !== true || image.publishedAt !== undefined) return false;
  // A client that submits has not finished before its result belongs to the image.
  const isWhole =
    image.origin !== 'report' || (await listTestResults(db, { imageId, origin: 'reported', limit: 1 })).length > 0;
  if (!isWhole) return false;
  // Architectures of one index go together.
  const images =
    image.listDigest === undefined
      ? [image]
      : await listProjectImages(db, { projectId: project.id, listDigest: image.listDigest, limit: 100 });
  for (const one of images) {
    if ((await findObjections(context, project, one, signal)).length > 0) return false;
  }
  const by: Actor = { name: 'plimsoll' };
  await publish(context, project, images, { by, overrideReason: undefined, tag: undefined }, signal);
  return true;
}

async function perform(
  context: ProjectContext,
  project: ProjectRecord,
  request: ProjectRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const images: ProjectImage[] = [];
  for (const id of request.imageIds) {
    const image = await findProjectImage(context.store.db, id);
    if (image === undefined) throw new PlimsollError('NOT_FOUND', `Cannot find image ${id} any more`);
    images.push(image);
  }
  const { requestedBy: by, overrideReason, tag, operation = '' } = request;
  switch (operation.replace(/-manifest-list$/, '')) {
    case 'publish':
      await publish(context, project, images, { by, overrideReason, tag }, signal);
      return undefined;
    case 'unpublish':
      await unpublish(context, project, images, by);
      return undefined;
    case 'delete':
      await remove(context, project, images, by);
      return undefined;
    case 'sync-tags':
      return await syncTags(context, project, images, signal);
    default:
      throw new PlimsollError('REQUEST_INVALID', `There is no operation "${operation}"`);
  }
}

/** @throws {ProjectError} with the first objection that stands, and all of them in its message. */
async function publish(
  context: ProjectContext,
  project: ProjectRecord,
  images: readonly ProjectImage[],
  {
    by,
    overrideReason,
    tag,
  }: { readonly by: Actor; readonly overrideReason: string | undefined; readonly tag: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  for (const image of images) {
    if (tag !== undefined && !image.tags.some(({ name }) => name === tag)) {
      throw new ProjectError(
        'tag_invalid',
        `Cannot publish the image: it has no tag "${tag}"; read its tags again first`,
      );
    }
    const objections = await findObjections(context, project, image, signal);
    const standing = objections.filter(({ isWaivable }) => !isWaivable || overrideReason === undefined);
    const [first] = standing;
    if (first !== undefined) {
      const which = images.length > 1 ? ` for ${image.architecture}` : '';
      throw new ProjectError(
        first.situation,
        `Cannot publish image ${image.id}${which}: ${standing.map(({ message }) => message).join('; ')}`,
      );
    }
    await requireAtPlace(context, project, image, signal);
  }
  const at = context.now();
  await inTransaction(context.store.db, async trx => {
    const locked = (await lockProject(trx, project.id)) ?? project;
    for (const image of images) {
      const exception =
        overrideReason === undefined ? image.exception : { reason: overrideReason, by: by.name, at: at.toISOString() };
      const isCertified = certifiedBy({ ...image, exception });
      await updateProjectImage(
        trx,
        image.id,
        { publishedAt: image.publishedAt ?? at.toISOString(), exception, isCertified },
        at,
      );
      await tell(trx, project, image, { kind: 'image.published', by, at, reason: overrideReason });
    }
    await advanceStatus(trx, locked, 'Published', { by: by.name, at });
  });
}

async function unpublish(
  context: ProjectContext,
  project: ProjectRecord,
  images: readonly ProjectImage[],
  by: Actor,
): Promise<void> {
  const at = context.now();
  await inTransaction(context.store.db, async trx => {
    const locked = (await lockProject(trx, project.id)) ?? project;
    for (const image of images.filter(({ publishedAt }) => publishedAt !== undefined)) {
      // An exception was made for being published, and ends with it.
      const isCertified = certifiedBy({ ...image, exception: undefined });
      await trx.updateTable('projectImage').set({ exception: null }).where('id', '=', image.id).execute();
      await updateProjectImage(trx, image.id, { publishedAt: undefined, isCertified }, at);
      await tell(trx, project, image, { kind: 'image.unpublished', by, at, reason: undefined });
    }
    if (!(await hasPublishedImage(trx, project.id)))
      await advanceStatus(trx, locked, 'In Progress', { by: by.name, at });
  });
}

async function remove(
  context: ProjectContext,
  project: ProjectRecord,
  images: readonly ProjectImage[],
  by: Actor,
): Promise<void> {
  const published = images.find(({ publishedAt }) => publishedAt !== undefined);
  if (published !== undefined) {
    throw new ProjectError('published', `Cannot delete image ${published.id}: it is published; unpublish it first`);
  }
  const at = context.now();
  await inTransaction(context.store.db, async trx => {
    for (const image of images) {
      await updateProjectImage(trx, image.id, { deletedAt: at.toISOString() }, at);
      await audit(trx, project, image, { action: 'project.image.delete', by, at, detail: {} });
    }
  });
}

/** Reads the tags of images again where they lie. Returns what changed, for people. */
async function syncTags(
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
  return changed === 0 ? 'The tags are as they were' : `The tags of ${changed} images changed`;
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

/** The digest must be where the catalogue says that it is. */
async function requireAtPlace(
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

async function tellFailedChecks({ store }: ProjectContext, image: ProjectImage): Promise<string> {
  const [verified] = await listTestResults(store.db, { imageId: image.id, origin: 'verified', limit: 1 });
  if (verified === undefined) return 'The image is not certified: our checks have not run';
  const { results = {} } = verified.document as {
    results?: Record<string, readonly { name: string; summary?: string }[]>;
  };
  const failed = [...(results['failed'] ?? []), ...(results['errors'] ?? [])];
  if (failed.length === 0) return 'The image is not certified';
  return `The image is not certified: ${failed.map(({ name, summary }) => `${name}: ${summary ?? ''}`).join('; ')}`;
}

async function tell(
  trx: Trx,
  project: ProjectRecord,
  image: ProjectImage,
  {
    kind,
    by,
    at,
    reason,
  }: {
    readonly kind: 'image.published' | 'image.unpublished';
    readonly by: Actor;
    readonly at: Date;
    readonly reason: string | undefined;
  },
): Promise<void> {
  const { id, digest, registry, repository, architecture } = image;
  const data = {
    projectId: project.id,
    project: project.name,
    imageId: id,
    digest,
    registry,
    repository,
    architecture,
  };
  await recordEvents(trx, [{ kind, at, namespaceId: project.namespaceId, data }]);
  const action = kind === 'image.published' ? 'project.image.publish' : 'project.image.unpublish';
  await audit(trx, project, image, { action, by, at, detail: reason === undefined ? {} : { overrideReason: reason } });
}

async function audit(
  trx: Trx,
  { namespaceId, id }: ProjectRecord,
  image: ProjectImage,
  { action, by, at, detail }: { action: string; by: Actor; at: Date; detail: Readonly<Record<string, unknown>> },
): Promise<void> {
  await recordAudit(trx, {
    at,
    actor: by,
    action,
    namespaceId,
    subjectKind: 'project-image',
    subjectId: image.id,
    detail: { projectId: id, digest: image.digest, ...detail },
  });
}
