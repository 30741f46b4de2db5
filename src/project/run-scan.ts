/**
 * Scans of images where they lie: from a request to catalogued images with results, or to a sentence that says what is wrong.
 */
import { toPlimsollError } from '#base/errors.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';
import { parseReference, type RegistryReference } from '#oci/reference.ts';
import type { Trx } from '#store/database.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import {
  findProjectImage,
  findProjectImageByDigest,
  insertProjectImage,
  type ProjectImage,
  updateProjectImage,
} from '#store/project-image.ts';
import { findRequest, type ProjectRequest, updateRequest } from '#store/project-request.ts';
import { inTransaction } from '#store/transaction.ts';
import { certifyImage } from './certify-image.ts';
import { describeStored } from './describe-stored.ts';
import { type ExplainedFailure, explainFailure } from './explain-failure.ts';
import { addTags } from './image.ts';
import { newObjectId } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';
import { publishAutomatically } from './publish.ts';
import { parsePullSpec } from './pull-spec.ts';
import { type ReadImages, readImages } from './read-images.ts';
import { openRegistryReader } from './registry-reader.ts';
import { HUB_ADVICE } from './requests.ts';
import { ProjectError } from './situation.ts';

/** Does what a scan request asks for. May run again after a crash. @throws only when the server stops. */
export async function runScan(context: ProjectContext, request: ProjectRequest, signal: AbortSignal): Promise<void> {
  const { db } = context.store;
  const project = await findProject(db, { id: request.projectId });
  if (project === undefined) return;
  const spec = parsePullSpec(request.pullSpec ?? '');
  await updateRequest(db, request.id, { status: 'in progress', situation: null, retryAt: null }, context.now());
  const read = await fetchImages(
    context,
    project,
    { ...spec.reference, digest: spec.digest },
    request.attempts,
    signal,
  );
  if (read.kind === 'failed') {
    await putBack(context, request, read.failure);
    return;
  }
  const images = await catalogue(context, project, request, { ...read.images, reference: spec.reference });
  const faults: string[] = [];
  for (const image of images) {
    try {
      await certifyImage(context, image, project, signal);
      await publishAutomatically(context, image.id, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      faults.push(toPlimsollError(error).message);
      await failImage(context, image.id, toPlimsollError(error).message);
    }
  }
  const warnings = read.warning === undefined ? request.warnings : [...request.warnings, read.warning];
  const [fault] = faults;
  await updateRequest(
    db,
    request.id,
    {
      status: fault === undefined ? 'completed' : 'failed',
      statusMessage: fault ?? null,
      situation: fault === undefined ? null : 'scan_failed',
      imageId: images[0]?.id ?? null,
      imageIds: images.map(({ id }) => id),
      warnings,
      attempts: request.attempts + 1,
    },
    context.now(),
  );
}

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
      if (image.origin === 'push') {
        await awaitPushScan(context, image, error.message);
        return;
      }
      if (!(await readWhereItLies(context, image, project, signal))) return;
      await certifyImage(context, image, project, signal);
    }
    await publishAutomatically(context, imageId, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    await failImage(context, imageId, toPlimsollError(error).message);
  }
}

/** What was pushed here is read by the registry, which tells when it is done. Where that failed, or what it read is gone, so is said. */
async function awaitPushScan(context: ProjectContext, image: ProjectImage, why: string): Promise<void> {
  const scan = await context.store.db
    .selectFrom('imageScan')
    .innerJoin('manifest', 'manifest.id', 'imageScan.manifestId')
    .select(['imageScan.state', 'imageScan.errorMessage'])
    .where('manifest.digest', '=', image.digest)
    .executeTakeFirst();
  if (scan === undefined || scan.state === 'queued' || scan.state === 'not-scanned') return;
  await failImage(
    context,
    image.id,
    scan.state === 'scanned' ? why : (scan.errorMessage ?? 'The image cannot be scanned'),
  );
}

type Fetched =
  | {
      readonly kind: 'read';
      readonly images: ReadImages;
      readonly warning: ProjectRequest['warnings'][number] | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: ExplainedFailure };

async function fetchImages(
  context: ProjectContext,
  project: ProjectRecord,
  reference: RegistryReference & { readonly digest: Digest },
  attempts: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const { registry, repository, digest } = reference;
  const isHub = registry === 'docker.io';
  await using reader = await openRegistryReader(context, project, reference);
  const { secret } = reader;
  const refused: ExplainedFailure = { situation: 'hub_account_required', message: HUB_ADVICE, retryAt: undefined };
  const isStrict = isHub && context.rules.dockerHub === 'block';
  if (isStrict && secret !== 'fits') return { kind: 'failed', failure: refused };
  try {
    const images = await readImages(context, reader.client, reference, signal);
    // Who pays is told no limit.
    const isFree = isHub && secret === 'fits' && reader.limit()?.limit !== undefined;
    if (isFree && isStrict) return { kind: 'failed', failure: refused };
    return {
      kind: 'read',
      images,
      warning: isFree ? { situation: 'hub_account_required', message: HUB_ADVICE } : undefined,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const place = {
      project,
      registry,
      repository,
      digest,
      secret,
      limit: reader.limit(),
      now: context.now(),
      attempts,
    };
    return { kind: 'failed', failure: explainFailure(error, place) };
  }
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

/** Enters the images that were read into the project, under the place that its settings name. */
async function catalogue(
  context: ProjectContext,
  project: ProjectRecord,
  request: ProjectRequest,
  read: ReadImages & { readonly reference: RegistryReference },
): Promise<readonly ProjectImage[]> {
  const at = context.now();
  const tags = request.tag === undefined ? [] : [request.tag];
  return await inTransaction(context.store.db, async trx => {
    const locked = (await lockProject(trx, project.id)) ?? project;
    const images: ProjectImage[] = [];
    for (const { digest, architecture } of read.images) {
      images.push(
        await enterImage(trx, context, {
          projectId: project.id,
          digest,
          architecture,
          listDigest: read.listDigest,
          registry: locked.registry ?? read.reference.registry,
          repository: locked.repository ?? read.reference.repository,
          tags,
          origin: 'scan',
          at,
        }),
      );
    }
    return images;
  });
}

/** An image to be entered. */
export interface EnteredImage {
  readonly projectId: string;
  readonly digest: string;
  readonly architecture: string;
  readonly listDigest: string | undefined;
  readonly registry: string | undefined;
  readonly repository: string | undefined;
  readonly tags: readonly string[];
  readonly origin: 'scan' | 'push';
  readonly at: Date;
}

/** Enters an image that is stored into its project, or adds to the entry that there is. */
export async function enterImage(
  trx: Trx,
  context: Pick<ProjectContext, 'now'>,
  entered: EnteredImage,
): Promise<ProjectImage> {
  const { projectId, digest, architecture, listDigest, registry, repository, tags, origin, at } = entered;
  const described = await describeStored(trx, digest);
  const made = await insertProjectImage(trx, {
    id: newObjectId(context.now()),
    projectId,
    digest,
    architecture,
    listDigest,
    registry,
    repository,
    tags: addTags([], tags, at),
    origin,
    ...described,
    rawConfig: undefined,
    isReportedCertified: undefined,
    isVerifiedCertified: undefined,
    isCertified: false,
    exception: undefined,
    scanState: 'pending',
    scanMessage: undefined,
    grade: undefined,
    pushedAt: at.toISOString(),
    publishedAt: undefined,
    deletedAt: undefined,
    at,
  });
  if (made !== undefined) return made;
  const known = await findProjectImageByDigest(trx, projectId, digest);
  if (known === undefined) throw new Error('The image was there a moment ago');
  const isPublished = known.publishedAt !== undefined;
  return await updateProjectImage(
    trx,
    known.id,
    {
      tags: isPublished ? known.tags : addTags(known.tags, tags, at),
      listDigest: listDigest ?? known.listDigest,
      ...(known.diffIds === undefined ? { diffIds: described.diffIds } : {}),
      ...(known.deletedAt === undefined ? {} : { deletedAt: undefined, registry, repository }),
      ...(isPublished || known.registry !== undefined ? {} : { registry, repository }),
    },
    at,
  );
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

async function failImage({ store, now }: ProjectContext, id: string, message: string): Promise<void> {
  const image = await findProjectImage(store.db, id);
  if (image === undefined) return;
  await updateProjectImage(store.db, id, { scanState: 'failed', scanMessage: message }, now());
}

/** Ends a request that failed, or lets it wait. */
async function putBack(
  { store, queue, now }: ProjectContext,
  request: ProjectRequest,
  { situation, message, retryAt }: ExplainedFailure,
): Promise<void> {
  await inTransaction(store.db, async trx => {
    await updateRequest(
      trx,
      request.id,
      {
        status: retryAt === undefined ? 'failed' : 'pending',
        statusMessage: message,
        situation,
        retryAt: retryAt ?? null,
        attempts: request.attempts + 1,
      },
      now(),
    );
    if (retryAt === undefined) return;
    await queue.send(
      trx,
      'project-request',
      { requestId: request.id },
      { startAfter: retryAt, singletonKey: request.id },
    );
  });
}

/** A request that is not at its end. */
export async function findOpenRequest(context: ProjectContext, id: string): Promise<ProjectRequest | undefined> {
  const request = await findRequest(context.store.db, id);
  return request?.status === 'pending' || request?.status === 'in progress' ? request : undefined;
}
