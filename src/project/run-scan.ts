/**
 * Scans of images where they lie: from a request to catalogued images with results, or to a sentence that says what is wrong.
 */
import { toPlimsollError } from '#base/errors.ts';
import type { RegistryReference } from '#oci/reference.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import type { ProjectImage } from '#store/project-image.ts';
import { findRequest, type ProjectRequest, updateRequest } from '#store/project-request.ts';
import { inTransaction } from '#store/transaction.ts';
import { certifyImage } from './certify-image.ts';
import { enterImage } from './enter-image.ts';
import type { ExplainedFailure } from './explain-failure.ts';
import { fetchImages } from './fetch-images.ts';
import type { ProjectContext } from './project-context.ts';
import { publishAutomatically } from './publish.ts';
import { parsePullSpec } from './pull-spec.ts';
import type { ReadImages } from './read-images.ts';
import { failImage } from './run-image.ts';

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
