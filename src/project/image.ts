/**
 * Images of projects: submitted by a client that has looked at them, found by a scan, or pushed.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { hasRole, type Principal, requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { parseDigest } from '#oci/digest.ts';
import { isTag } from '#oci/reference.ts';
import { CERTIFIED_ARCHITECTURES } from '#scan/certify-image.ts';
import { recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import { findProject, listProjects, lockProject, type ProjectRecord } from '#store/project.ts';
import {
  findProjectImage,
  findProjectImageByDigest,
  type ImageTag,
  insertProjectImage,
  type ProjectImage,
  updateProjectImage,
} from '#store/project-image.ts';
import { storable } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import { advanceStatus, isSamePlace } from './manage-project.ts';
import type { JsonObject } from './merge-deep.ts';
import { isObjectId, newObjectId, readPid } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';
import { normalRegistry } from './settings.ts';
import { fieldError, ProjectError } from './situation.ts';

/** An image as a client submits it. */
export interface SubmittedImage {
  readonly digest: string;
  readonly configDigest?: string | undefined;
  readonly listDigest?: string | undefined;
  readonly architecture: string;
  /** What the client found. */
  readonly isCertified: boolean;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  /** Names; those that are none are left out. */
  readonly tags: readonly string[];
  /** ISO 8601. */
  readonly pushedAt?: string | undefined;
  readonly rawConfig?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly parsed: JsonObject;
}

/** What came of a submission. */
export type Submission =
  | { readonly kind: 'new'; readonly image: ProjectImage }
  /** The project had the image; the tags are added to it. */
  | { readonly kind: 'known'; readonly image: ProjectImage };

const MAX_TAGS = 200;
const MAX_RAW_CONFIG = 8 * 1024 * 1024;

/**
 * The project that an image is submitted to: by PID, or by the place where it lies when it says none.
 * @throws {PlimsollError} `NOT_FOUND`, `REQUEST_INVALID`.
 */
export async function findProjectForImage(
  { store }: Pick<ProjectContext, 'store'>,
  caller: Caller,
  image: Pick<SubmittedImage, 'registry' | 'repository'> & { readonly pid?: string | undefined },
): Promise<ProjectRecord> {
  const { principal } = caller;
  if (image.pid !== undefined && image.pid !== '') {
    const pid = readPid(image.pid);
    const project = pid === undefined ? undefined : await findProject(store.db, { pid });
    if (project !== undefined && hasRole(principal, 'viewer', project.namespaceId)) return project;
    throw new PlimsollError(
      'NOT_FOUND',
      `Cannot find the project of the image: none has the PID "${printable(image.pid)}"`,
    );
  }
  const seen = await listProjects(store.db, { namespaceIds: namespacesOf(principal), limit: 5000 });
  const fitting = seen.filter(
    project =>
      project.registry !== undefined &&
      isSamePlace(project, { registry: image.registry, repository: image.repository }),
  );
  const [only] = fitting;
  if (fitting.length === 1 && only !== undefined) return only;
  throw fieldError(
    'isvPid',
    fitting.length === 0
      ? 'is missing, and no project has the registry and repository of the image'
      : `is missing, and ${fitting.length} projects have the registry and repository of the image`,
  );
}

/**
 * Takes a submission; for operators of the namespace. The server's own scan of the image follows by itself.
 * @throws {ProjectError} `bundle_project`, `unsupported_arch`, `field_invalid`.
 */
export async function submitImage(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  submitted: SubmittedImage,
): Promise<Submission> {
  requireRole(caller.principal, 'operator', project.namespaceId);
  requireContainers(project);
  const at = context.now();
  const fields = toFields(submitted, at);
  return await inTransaction(context.store.db, async trx => {
    const locked = await lockProject(trx, project.id);
    if (locked === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot add the image: the project is gone');
    await advanceFromStarted(trx, locked, caller.principal.name, at);
    const id = newObjectId(at);
    const made = await insertProjectImage(trx, { ...fields, id, projectId: project.id, at });
    if (made !== undefined) {
      await context.queue.send(trx, 'project-image', { imageId: id }, { singletonKey: id });
      await audit(trx, context, caller, project, made, 'project.image.submit');
      return { kind: 'new', image: made };
    }
    const known = await findProjectImageByDigest(trx, project.id, submitted.digest);
    if (known === undefined) throw new PlimsollError('BUG', 'The image was there a moment ago');
    if (known.deletedAt !== undefined) {
      const revived = await updateProjectImage(trx, known.id, { ...fields, deletedAt: undefined }, at);
      await context.queue.send(trx, 'project-image', { imageId: known.id }, { singletonKey: known.id });
      return { kind: 'new', image: revived };
    }
    return { kind: 'known', image: await addToKnown(trx, known, fields, at) };
  });
}

/** What may be revised of an image. */
export interface ImageRevision {
  readonly isCertified?: boolean | undefined;
  readonly isDeleted?: boolean | undefined;
}

/**
 * Revises an image as a client asks; for operators. What is published stays as it is.
 * @throws {ProjectError} `published`.
 */
export async function reviseImage(
  context: ProjectContext,
  caller: Caller,
  id: string,
  { isCertified, isDeleted }: ImageRevision,
): Promise<ProjectImage> {
  const { project } = await getImage(context, caller, id);
  requireRole(caller.principal, 'operator', project.namespaceId);
  return await inTransaction(context.store.db, async trx => {
    await lockProject(trx, project.id);
    const image = await findProjectImage(trx, id);
    if (image === undefined) throw notFound(id);
    const isChanged =
      (isDeleted !== undefined && isDeleted !== (image.deletedAt !== undefined)) ||
      (isCertified !== undefined && isCertified !== (image.isReportedCertified ?? false));
    if (!isChanged) return image;
    if (image.publishedAt !== undefined) {
      throw new ProjectError('published', `Cannot change image ${id}: it is published; unpublish it first`);
    }
    const at = context.now();
    const reported = isCertified ?? image.isReportedCertified;
    const change = {
      isReportedCertified: reported,
      isCertified: certifiedBy({ ...image, isReportedCertified: reported }),
      ...(isDeleted === undefined ? {} : { deletedAt: isDeleted ? at.toISOString() : undefined }),
    };
    const after = await updateProjectImage(trx, id, change, at);
    await audit(
      trx,
      context,
      caller,
      project,
      after,
      isDeleted === true ? 'project.image.delete' : 'project.image.revise',
    );
    return after;
  });
}

/**
 * An image that the caller may see with its project: one's own, and for everybody those that are published.
 * @throws {PlimsollError} `NOT_FOUND`.
 */
export async function getImage(
  { store }: Pick<ProjectContext, 'store'>,
  caller: { readonly principal: Principal | undefined },
  id: string,
): Promise<{ readonly image: ProjectImage; readonly project: ProjectRecord }> {
  const image = isObjectId(id) ? await findProjectImage(store.db, id) : undefined;
  const project = image === undefined ? undefined : await findProject(store.db, { id: image.projectId });
  if (image === undefined || project === undefined) throw notFound(id);
  const isOwn = caller.principal !== undefined && hasRole(caller.principal, 'viewer', project.namespaceId);
  if (!isOwn && (image.publishedAt === undefined || image.deletedAt !== undefined)) throw notFound(id);
  return { image, project };
}

/** Whether an image counts as certified: an exception, then what our checks found, then what a client said. */
export function certifiedBy(
  image: Pick<ProjectImage, 'exception' | 'isVerifiedCertified' | 'isReportedCertified'>,
): boolean {
  if (image.exception !== undefined) return true;
  return image.isVerifiedCertified ?? image.isReportedCertified ?? false;
}

/** Tags with further names; of a name that is there already the date stays. */
export function addTags(tags: readonly ImageTag[], names: readonly string[], at: Date): readonly ImageTag[] {
  const known = new Set(tags.map(({ name }) => name));
  // A client that was given a digest sends that where the tag would be.
  const fresh = [...new Set(names)].filter(name => isTag(name) && !known.has(name));
  return [...tags, ...fresh.map(name => ({ name, addedAt: at.toISOString() }))].slice(-MAX_TAGS);
}

/** @throws {ProjectError} `bundle_project`. */
export function requireContainers({ containerType, name }: ProjectRecord): void {
  if (containerType !== 'operator bundle image') return;
  throw new ProjectError(
    'bundle_project',
    `Cannot take a container image: "${name}" is a project for operator bundles, which are certified in the repository of certified operators; make a project of type container`,
  );
}

/** The first thing that is submitted begins the work. */
export async function advanceFromStarted(trx: Trx, project: ProjectRecord, by: string, at: Date): Promise<void> {
  if (project.certificationStatus === 'Started') await advanceStatus(trx, project, 'In Progress', { by, at });
}

/** Uncompressed layers, lowest first, as the config says. */
function diffIdsOf(rawConfig: string | undefined): readonly string[] | undefined {
  if (rawConfig === undefined) return undefined;
  try {
    const { rootfs } = JSON.parse(rawConfig) as { rootfs?: { diff_ids?: unknown } };
    const ids = rootfs?.diff_ids;
    return Array.isArray(ids) && ids.length <= 1000 && ids.every(id => typeof id === 'string') ? ids : undefined;
  } catch {
    return undefined;
  }
}

function toFields(submitted: SubmittedImage, at: Date) {
  const { digest, configDigest, listDigest, architecture, isCertified, rawConfig, sizeBytes } = submitted;
  checkDigest('dockerImageDigest', digest);
  if (configDigest !== undefined) checkDigest('dockerImageId', configDigest);
  if (listDigest !== undefined) checkDigest('manifestListDigest', listDigest);
  if (!CERTIFIED_ARCHITECTURES.has(architecture)) {
    throw fieldError(
      'architecture',
      `"${printable(architecture)}" cannot be certified; it must be one of ${[...CERTIFIED_ARCHITECTURES].join(', ')}`,
      'unsupported_arch',
    );
  }
  if ((rawConfig?.length ?? 0) > MAX_RAW_CONFIG)
    throw fieldError('rawConfig', `is longer than ${MAX_RAW_CONFIG} characters`);
  return {
    digest,
    configDigest,
    listDigest,
    architecture,
    isReportedCertified: isCertified,
    isVerifiedCertified: undefined,
    isCertified,
    exception: undefined,
    origin: 'report' as const,
    registry: submitted.registry === undefined ? undefined : normalRegistry(submitted.registry),
    repository: submitted.repository,
    tags: addTags([], submitted.tags, at),
    diffIds: diffIdsOf(rawConfig),
    sizeBytes,
    rawConfig: rawConfig === undefined ? undefined : storable(rawConfig),
    parsed: storable(submitted.parsed),
    scanState: 'pending' as const,
    scanMessage: undefined,
    grade: undefined,
    pushedAt: submitted.pushedAt,
    publishedAt: undefined,
    deletedAt: undefined,
  };
}

async function addToKnown(
  trx: Trx,
  known: ProjectImage,
  fields: ReturnType<typeof toFields>,
  at: Date,
): Promise<ProjectImage> {
  if (known.publishedAt !== undefined) return known;
  const tags = addTags(
    known.tags,
    fields.tags.map(({ name }) => name),
    at,
  );
  const listDigest = known.listDigest ?? fields.listDigest;
  if (tags.length === known.tags.length && listDigest === known.listDigest) return known;
  return await updateProjectImage(trx, known.id, { tags, listDigest }, at);
}

function checkDigest(field: string, text: string): void {
  try {
    parseDigest(text);
  } catch {
    throw fieldError(field, `"${printable(text)}" is not a digest`);
  }
}

function namespacesOf(principal: Principal): readonly string[] | undefined {
  return principal.everywhere === undefined ? [...principal.namespaces.keys()] : undefined;
}

async function audit(
  trx: Trx,
  { now }: Pick<ProjectContext, 'now'>,
  caller: Caller,
  { namespaceId, id }: ProjectRecord,
  image: ProjectImage,
  action: string,
): Promise<void> {
  await recordAudit(trx, {
    at: now(),
    actor: toActor(caller),
    action,
    namespaceId,
    subjectKind: 'project-image',
    subjectId: image.id,
    detail: { projectId: id, digest: image.digest },
  });
}

function notFound(id: string): PlimsollError {
  return new PlimsollError(
    'NOT_FOUND',
    `Cannot find image "${printable(id)}": there is none, or none that you may see`,
  );
}
