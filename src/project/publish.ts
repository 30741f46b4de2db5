/**
 * Publishing: what must be true before, what follows from it, and the way back.
 */

import { PlimsollError, toPlimsollError } from '#base/errors.ts';
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
import { requireAtPlace, syncTags } from './catalogued-place.ts';
import { certifiedBy } from './image.ts';
import { learnIndex } from './index-members.ts';
import { advanceStatus } from './manage-project.ts';
import { findObjections } from './objections.ts';
import type { ProjectContext } from './project-context.ts';
import { ProjectError } from './situation.ts';

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

/**
 * Publishes an image where its project wants that done by itself, or `isWanted`, and nothing stands against it. What somebody holds back is left
 * to whoever wants it.
 */
export async function publishAutomatically(
  context: ProjectContext,
  imageId: string,
  signal: AbortSignal,
  { isWanted = false }: { readonly isWanted?: boolean | undefined } = {},
): Promise<boolean> {
  const { db } = context.store;
  const image = await findProjectImage(db, imageId);
  const project = image === undefined ? undefined : await findProject(db, { id: image.projectId });
  if (image === undefined || project === undefined || image.publishedAt !== undefined) return false;
  if (!isWanted && (!project.autoPublish || (await context.holdsBack?.(image)) === true)) return false;
  // Architectures of one index go together.
  const images =
    image.listDigest === undefined
      ? [image]
      : await listProjectImages(db, { projectId: project.id, listDigest: image.listDigest, limit: 100 });
  for (const one of images) {
    if (!(await isWhole(context, one)) || (await findObjections(context, project, one, signal)).length > 0)
      return false;
  }
  const by: Actor = { name: 'plimsoll' };
  await publish(context, project, images, { by, overrideReason: undefined, tag: undefined }, signal);
  return true;
}

/** A client that submits has not finished before its result belongs to the image. */
async function isWhole({ store }: ProjectContext, { id, origin }: ProjectImage): Promise<boolean> {
  if (origin !== 'report') return true;
  return (await listTestResults(store.db, { imageId: id, origin: 'reported', limit: 1 })).length > 0;
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
  const [one] = images;
  const unknown = one === undefined ? undefined : await learnIndex(context, project, one, signal);
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
        `Cannot publish image ${image.id}${which}: ${[...standing, ...(unknown === undefined ? [] : [unknown])].map(({ message }) => message).join('; ')}`,
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
