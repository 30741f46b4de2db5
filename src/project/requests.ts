/**
 * What people ask for and is done later: scans of images that lie elsewhere, publishing, unpublishing, tags read again, removal.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { hasRole, requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { parseDigest } from '#oci/digest.ts';
import { recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import { listProjectImages, type ProjectImage } from '#store/project-image.ts';
import { findRequest, insertRequest, type ProjectRequest, type RequestWarning } from '#store/project-request.ts';
import { inTransaction } from '#store/transaction.ts';
import { advanceFromStarted, getImage, requireContainers } from './image.ts';
import { isSamePlace } from './manage-project.ts';
import { isObjectId, newObjectId } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';
import { fits } from './pull-secret.ts';
import { type PullSpec, parsePullSpec, parseScanTag } from './pull-spec.ts';
import { fieldError } from './situation.ts';

/** What can be asked for about an image, or about all images of an index. */
export const OPERATIONS = [
  'publish',
  'unpublish',
  'sync-tags',
  'delete',
  'publish-manifest-list',
  'unpublish-manifest-list',
  'delete-manifest-list',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * Asks for the scan of an image where it lies now; for operators.
 * @throws {ProjectError} `pull_spec_invalid`, `digest_missing`, `tag_invalid`, `bundle_project`.
 */
export async function requestScan(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  { pullSpec, tag }: { readonly pullSpec: string; readonly tag: string },
): Promise<ProjectRequest> {
  requireRole(caller.principal, 'operator', project.namespaceId);
  requireContainers(project);
  const spec = parsePullSpec(pullSpec);
  const label = parseScanTag(tag);
  const at = context.now();
  return await inTransaction(context.store.db, async trx => {
    const locked = await lockProject(trx, project.id);
    if (locked === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot scan: the project is gone');
    await advanceFromStarted(trx, locked, caller.principal.name, at);
    const request = await insertRequest(trx, {
      id: newObjectId(at),
      projectId: project.id,
      kind: 'scan',
      pullSpec: spec.text,
      tag: label,
      warnings: listWarnings(context, locked, spec),
      requestedBy: toActor(caller),
      at,
    });
    await enqueue(trx, context, caller, locked, request);
    return request;
  });
}

/** What is asked for about images. */
export interface ImageWish {
  readonly operation: string;
  readonly imageId?: string | undefined;
  readonly listDigest?: string | undefined;
  /** Only publish, or unpublish, this tag of it. */
  readonly tag?: string | undefined;
  /** Publish despite what stands against it; for admins, who say why. */
  readonly overrideReason?: string | undefined;
}

/**
 * Asks for something about one image or about all of an index; for operators. Whether it can be done shows when it is.
 * @throws {ProjectError} `field_invalid`. @throws {PlimsollError} `NOT_FOUND`, `FORBIDDEN` for an override without the role admin.
 */
export async function requestForImages(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  wish: ImageWish,
): Promise<ProjectRequest> {
  const { principal } = caller;
  const operation = OPERATIONS.find(one => one === wish.operation);
  if (operation === undefined) throw fieldError('operation', `must be one of ${OPERATIONS.join(', ')}`);
  requireRole(principal, 'operator', project.namespaceId);
  const reason = wish.overrideReason?.trim();
  if (reason !== undefined && !hasRole(principal, 'admin', project.namespaceId)) {
    throw new PlimsollError('FORBIDDEN', 'Cannot pass over the checks: that takes the role admin');
  }
  if (reason !== undefined && (reason.length < 3 || reason.length > 2000)) {
    throw fieldError('overrideReason', 'must say why, in 3 to 2000 characters');
  }
  const images = await findImages(context, caller, project, operation, wish);
  const at = context.now();
  return await inTransaction(context.store.db, async trx => {
    const request = await insertRequest(trx, {
      id: newObjectId(at),
      projectId: project.id,
      kind: 'image',
      operation,
      imageId: wish.imageId,
      listDigest: wish.listDigest,
      tag: wish.tag,
      imageIds: images.map(({ id }) => id),
      warnings: [],
      overrideReason: reason,
      requestedBy: toActor(caller),
      at,
    });
    await enqueue(trx, context, caller, project, request);
    return request;
  });
}

/** A request that the caller may see, with its project. @throws {PlimsollError} `NOT_FOUND`. */
export async function getRequest(
  { store }: Pick<ProjectContext, 'store'>,
  caller: Caller,
  id: string,
  kind?: ProjectRequest['kind'],
): Promise<{ readonly request: ProjectRequest; readonly project: ProjectRecord }> {
  const request = isObjectId(id) ? await findRequest(store.db, id) : undefined;
  const project = request === undefined ? undefined : await findProject(store.db, { id: request.projectId });
  const isSeen = project !== undefined && hasRole(caller.principal, 'viewer', project.namespaceId);
  if (request === undefined || project === undefined || !isSeen || (kind !== undefined && request.kind !== kind)) {
    throw new PlimsollError(
      'NOT_FOUND',
      `Cannot find request "${printable(id)}": there is none, or none that you may see`,
    );
  }
  return { request, project };
}

/** What a user should know before the scan begins. */
function listWarnings(context: ProjectContext, project: ProjectRecord, { reference }: PullSpec): RequestWarning[] {
  const { registry, repository } = reference;
  const scanned = `${registry}/${repository}`;
  const warnings: RequestWarning[] = [];
  const isElsewhere = project.registry !== undefined && !isSamePlace(project, { registry, repository });
  if (isElsewhere) {
    warnings.push({
      situation: 'location_mismatch',
      message: `The image is scanned at ${scanned} and catalogued at ${project.registry}/${project.repository ?? ''}, as the settings of the project say: see to it that it is there when it is published`,
    });
  }
  if (project.registry === undefined) {
    warnings.push({
      situation: 'location_mismatch',
      message: `The project has no registry and repository yet; until it has, the image is catalogued at ${scanned}`,
    });
  }
  const isKnown = project.pullSecret !== undefined && fits(project.pullSecret.entry, { registry, repository });
  if (registry === 'docker.io' && !isKnown && context.rules.dockerHub === 'warn') {
    warnings.push({ situation: 'hub_account_required', message: HUB_ADVICE });
  }
  return warnings;
}

/** Why Docker Hub wants an account. */
export const HUB_ADVICE =
  'Docker Hub counts pulls without credentials, or with a free account, and refuses them when they are used up: add the pull secret of an account of the Pro plan or better, even for public repositories';

async function findImages(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  operation: Operation,
  { imageId, listDigest }: ImageWish,
): Promise<readonly ProjectImage[]> {
  const isOfList = operation.endsWith('-manifest-list');
  if (isOfList !== (listDigest !== undefined) || isOfList === (imageId !== undefined)) {
    throw fieldError(
      isOfList ? 'listDigest' : 'imageId',
      isOfList ? 'is needed, and no image_id' : 'is needed, and no manifest_list_digest',
    );
  }
  if (imageId !== undefined) {
    const { image } = await getImage(context, caller, imageId);
    if (image.projectId !== project.id) throw fieldError('imageId', 'is an image of another project');
    return [image];
  }
  const digest = readListDigest(listDigest ?? '');
  const images = await listProjectImages(context.store.db, { projectId: project.id, listDigest: digest, limit: 100 });
  if (images.length === 0) throw fieldError('listDigest', 'names no images of this project');
  return images;
}

function readListDigest(text: string): string {
  try {
    return parseDigest(text);
  } catch {
    throw fieldError('listDigest', `"${printable(text)}" is not a digest`);
  }
}

async function enqueue(
  trx: Trx,
  { queue, now }: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  request: ProjectRequest,
): Promise<void> {
  await queue.send(trx, 'project-request', { requestId: request.id }, { singletonKey: request.id });
  const { operation, pullSpec, tag, imageIds, overrideReason } = request;
  await recordAudit(trx, {
    at: now(),
    actor: toActor(caller),
    action: request.kind === 'scan' ? 'project.scan.request' : `project.image.request`,
    namespaceId: project.namespaceId,
    subjectKind: 'project',
    subjectId: project.id,
    detail: { requestId: request.id, operation, pullSpec, tag, imageIds, overrideReason },
  });
}
