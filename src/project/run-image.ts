/**
 * Goes on with one image of a project: from its entry to a verdict, and to the catalogue where that is wanted.
 */
import { toPlimsollError } from '#base/errors.ts';
import { parseDigest } from '#oci/digest.ts';
import { parseReference } from '#oci/reference.ts';
import { analyserVersion } from '#scan/sensor/layer-store.ts';
import { findProject, type ProjectRecord } from '#store/project.ts';
import { findProjectImage, type ProjectImage, updateProjectImage } from '#store/project-image.ts';
import { certifyImage } from './certify-image.ts';
import { describeStored } from './describe-stored.ts';
import { fetchImages } from './fetch-images.ts';
import { learnIndex } from './index-members.ts';
import type { ProjectContext } from './project-context.ts';
import { publishAutomatically } from './publish.ts';
import { ProjectError } from './situation.ts';

const INDEX_RETRY_MS = 10 * 60_000;

/**
 * Goes on with an image: reads it where it lies when that has not been done, certifies it, and publishes it where that is wanted. May run any
 * number of times. @throws only when the server stops.
 */
export async function runImage(context: ProjectContext, imageId: string, signal: AbortSignal): Promise<void> {
  const { db } = context.store;
  const image = await findProjectImage(db, imageId);
  const project = image === undefined ? undefined : await findProject(db, { id: image.projectId });
  if (image === undefined || project === undefined || image.deletedAt !== undefined) return;
  try {
    try {
      await certifyImage(context, image, project, signal);
    } catch (error) {
      const isUnread = error instanceof ProjectError && error.situation === 'not_scanned';
      if (!isUnread) throw error;
      const isRead =
        image.origin === 'push'
          ? await isPushRead(context, image)
          : await readWhereItLies(context, image, project, signal);
      if (!isRead) return;
      await certifyImage(context, image, project, signal);
    }
    await learnItsIndex(context, image, project, signal);
    await publishAutomatically(context, imageId, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    await failImage(context, imageId, toPlimsollError(error).message);
  }
}

/**
 * What was pushed here is read by the registry, which tells when it is done. Where that failed, so is said; where another version read it, or
 * a sensor by parts, it is read again. Returns whether it is read now: it may have been a moment after it was looked for.
 */
async function isPushRead({ store, ...context }: ProjectContext, image: ProjectImage): Promise<boolean> {
  const scan = await store.db
    .selectFrom('imageScan')
    .innerJoin('manifest', 'manifest.id', 'imageScan.manifestId')
    .leftJoin('imageFileFacts', 'imageFileFacts.manifestId', 'imageScan.manifestId')
    .select(['imageScan.state', 'imageScan.errorMessage', 'imageFileFacts.version'])
    .where('manifest.digest', '=', image.digest)
    .executeTakeFirst();
  if (scan === undefined || scan.state === 'queued' || scan.state === 'not-scanned') return false;
  const { repository, digest } = image;
  if (scan.state === 'scanned') {
    // By this version it will not be read otherwise.
    if (repository === undefined || scan.version === analyserVersion()) return true;
    await context.queue.send(store.db, 'push-scan', { repository, digest });
    return false;
  }
  await failImage({ store, ...context }, image.id, scan.errorMessage ?? 'The image cannot be scanned');
  return false;
}

/** Reads an image that a client has told of. Returns whether it is read now. */
async function readWhereItLies(
  context: ProjectContext,
  image: ProjectImage,
  project: ProjectRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, registry, repository, digest } = image;
  if (registry === undefined || repository === undefined) {
    await failImage(context, id, 'The image cannot be read: its registry and repository are not known');
    return false;
  }
  await updateProjectImage(context.store.db, id, { scanState: 'running' }, context.now());
  const reference = parseReference(`docker://${registry}/${repository}@${digest}`);
  if (reference.transport !== 'docker') return false;
  const read = await fetchImages(context, project, { ...reference, digest: parseDigest(digest) }, 0, signal);
  if (read.kind === 'read') {
    await updateFromStored(context, image);
    return true;
  }
  const { message, retryAt } = read.failure;
  await failImage(context, id, message);
  if (retryAt !== undefined) {
    const { queue, store } = context;
    await queue.send(store.db, 'project-image', { imageId: id }, { startAfter: retryAt, singletonKey: id });
  }
  return false;
}

/** What the image is published with; tried again where that may help. */
async function learnItsIndex(
  context: ProjectContext,
  image: ProjectImage,
  project: ProjectRecord,
  signal: AbortSignal,
): Promise<void> {
  const { queue, store, now } = context;
  const failure = await learnIndex(context, project, image, signal);
  if (failure?.retryAt === undefined) return;
  // How often that was is not counted, so it is not soon.
  const startAfter = new Date(Math.max(failure.retryAt.getTime(), now().getTime() + INDEX_RETRY_MS));
  await queue.send(store.db, 'project-image', { imageId: image.id }, { startAfter, singletonKey: image.id });
}

/** What a client did not tell of an image, now that we have read it. */
async function updateFromStored({ store, now }: ProjectContext, image: ProjectImage): Promise<void> {
  const { configDigest, diffIds, sizeBytes, parsed } = await describeStored(store.db, image.digest);
  const change = {
    ...(image.configDigest === undefined ? { configDigest } : {}),
    ...(image.diffIds === undefined ? { diffIds } : {}),
    ...(image.sizeBytes === undefined ? { sizeBytes } : {}),
    ...(Object.keys(image.parsed).length === 0 ? { parsed } : {}),
  };
  if (Object.keys(change).length > 0) await updateProjectImage(store.db, image.id, change, now());
}

/** Says of an image why it could not be judged. */
export async function failImage({ store, now }: ProjectContext, id: string, message: string): Promise<void> {
  const image = await findProjectImage(store.db, id);
  if (image === undefined) return;
  await updateProjectImage(store.db, id, { scanState: 'failed', scanMessage: message }, now());
}
