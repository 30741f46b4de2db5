/**
 * What clients report about images: test results, files, lists of RPM packages. Claims, all of it; see `certify-image.ts` for what we find.
 */

import { gunzipSync, gzipSync } from 'node:zlib';
import type { Caller } from '#access/caller.ts';
import { hasRole, requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { findProject, findSealedPullSecret, type ProjectRecord } from '#store/project.ts';
import type { ProjectImage } from '#store/project-image.ts';
import {
  type Artifact,
  findArtifact,
  findTestResult,
  insertArtifact,
  insertRpmManifest,
  insertTestResult,
  type RpmManifest,
  type TestResult,
  updateTestResult,
} from '#store/project-result.ts';
import { storable, storableText } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import { getImage, requireContainers } from './image.ts';
import { pullSecretPurpose } from './manage-project.ts';
import type { JsonObject } from './merge-deep.ts';
import { isObjectId, newObjectId } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';
import { secretsIn } from './pull-secret.ts';
import { scrub } from './scrub.ts';
import { fieldError, ProjectError } from './situation.ts';

/** A result as a client sends it: results.json of preflight. */
export interface ReportedResult {
  readonly isPassed: boolean;
  readonly toolVersion: string | undefined;
  readonly document: JsonObject;
}

/** As text. */
const MAX_RESULT = 4 * 1024 * 1024;
/** Decoded: what fits, in base64, into the largest body that is taken. */
const MAX_ARTIFACT_BYTES = 47 * 1024 * 1024;
const MAX_RPMS = 50_000;

/** Takes a test result; for operators. It belongs to no image yet. @throws {ProjectError} `tool_unsupported`. */
export async function reportResult(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  { isPassed, toolVersion, document }: ReportedResult,
): Promise<TestResult> {
  requireRole(caller.principal, 'operator', project.namespaceId);
  requireContainers(project);
  requireTool(context, toolVersion);
  requireShort(document);
  const at = context.now();
  return await insertTestResult(context.store.db, {
    id: newObjectId(at),
    projectId: project.id,
    imageId: undefined,
    origin: 'reported',
    isPassed,
    document: storable(document),
    at,
  });
}

/** A result that the caller may see, with its project. @throws {PlimsollError} `NOT_FOUND`. */
export async function getResult(
  { store }: Pick<ProjectContext, 'store'>,
  caller: Caller,
  id: string,
): Promise<{ readonly result: TestResult; readonly project: ProjectRecord }> {
  const result = isObjectId(id) ? await findTestResult(store.db, id) : undefined;
  const project = result === undefined ? undefined : await findProject(store.db, { id: result.projectId });
  if (result === undefined || project === undefined || !hasRole(caller.principal, 'viewer', project.namespaceId)) {
    throw new PlimsollError(
      'NOT_FOUND',
      `Cannot find test result "${printable(id)}": there is none, or none that you may see`,
    );
  }
  return { result, project };
}

/**
 * Replaces a result, and says which image it is of: the end of a submission. What waits for the submission to be whole goes on.
 * @throws {ProjectError} `field_invalid` for an image of another project.
 */
export async function linkResult(
  context: ProjectContext,
  caller: Caller,
  id: string,
  change: Partial<Omit<ReportedResult, 'toolVersion'>> & { readonly imageId?: string | undefined },
): Promise<TestResult> {
  const { result, project } = await getResult(context, caller, id);
  requireRole(caller.principal, 'operator', project.namespaceId);
  if (result.origin === 'verified') {
    throw new PlimsollError('FORBIDDEN', 'Cannot change the test result: it is of the server’s own checks');
  }
  const imageId = change.imageId ?? result.imageId;
  const image = imageId === undefined ? undefined : await findImageOf(context, caller, project, imageId);
  const document = change.document ?? result.document;
  requireShort(document);
  const at = context.now();
  return await inTransaction(context.store.db, async trx => {
    const isPassed = change.isPassed ?? result.isPassed;
    const linked = await updateTestResult(trx, id, { imageId, isPassed, document: storable(document) }, at);
    if (image !== undefined) {
      await context.queue.send(trx, 'project-image', { imageId: image.id }, { singletonKey: image.id });
    }
    return linked;
  });
}

/** A file that came with a submission. */
export interface UploadedArtifact {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
  readonly imageId: string | undefined;
  readonly details: JsonObject;
}

/** Keeps a file, without the secrets in it; for operators. */
export async function keepArtifact(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  { filename, contentType, content, imageId, details }: UploadedArtifact,
): Promise<Artifact> {
  requireRole(caller.principal, 'operator', project.namespaceId);
  if (content.byteLength > MAX_ARTIFACT_BYTES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot keep "${printable(filename)}": it has ${content.byteLength} bytes, the limit is ${MAX_ARTIFACT_BYTES}`,
    );
  }
  const image = imageId === undefined ? undefined : await findImageOf(context, caller, project, imageId);
  const { bytes, count } = scrubBytes(content, await knownSecrets(context, project.id));
  const at = context.now();
  return await insertArtifact(context.store.db, {
    id: newObjectId(at),
    projectId: project.id,
    imageId: image?.id,
    filename: storableText(filename),
    contentType: storableText(contentType),
    sizeBytes: content.byteLength,
    scrubbed: count,
    details: storable(details),
    content: gzipSync(bytes, { level: 6 }),
    at,
  });
}

/** A file with its bytes, secrets taken out. @throws {PlimsollError} `NOT_FOUND`. */
export async function readArtifact(
  { store }: Pick<ProjectContext, 'store'>,
  caller: Caller,
  id: string,
): Promise<Artifact & { readonly content: Uint8Array }> {
  const artifact = isObjectId(id) ? await findArtifact(store.db, id) : undefined;
  const project = artifact === undefined ? undefined : await findProject(store.db, { id: artifact.projectId });
  if (artifact === undefined || project === undefined || !hasRole(caller.principal, 'viewer', project.namespaceId)) {
    throw new PlimsollError(
      'NOT_FOUND',
      `Cannot find artifact "${printable(id)}": there is none, or none that you may see`,
    );
  }
  return { ...artifact, content: gunzipSync(artifact.content, { maxOutputLength: 2 * MAX_ARTIFACT_BYTES }) };
}

/** Keeps the packages of an image as a client lists them; `undefined` when the image has such a list. For operators. */
export async function keepRpmManifest(
  context: ProjectContext,
  caller: Caller,
  imageId: string,
  rpms: readonly JsonObject[],
): Promise<RpmManifest | undefined> {
  const { image, project } = await getImage(context, caller, imageId);
  requireRole(caller.principal, 'operator', project.namespaceId);
  if (rpms.length > MAX_RPMS) throw fieldError('rpms', `has ${rpms.length} entries, the limit is ${MAX_RPMS}`);
  const at = context.now();
  return await inTransaction(context.store.db, trx =>
    insertRpmManifest(trx, { id: newObjectId(at), imageId: image.id, rpms: storable(rpms), at }),
  );
}

/** Texts that may stand in no file of a project. */
async function knownSecrets({ store, sealer }: ProjectContext, projectId: string): Promise<readonly string[]> {
  const sealed = await findSealedPullSecret(store.db, projectId);
  return sealed === undefined ? [] : secretsIn(sealer.open(sealed, pullSecretPurpose(projectId)));
}

/** Bytes that are text without secrets; others are left as they are. */
function scrubBytes(
  content: Uint8Array,
  known: readonly string[],
): { readonly bytes: Uint8Array; readonly count: number } {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  // One byte, one character: whatever is text in it is found, and what is not stays byte for byte.
  const { text, count } = scrub(bytes.toString('latin1'), known);
  return count === 0 ? { bytes, count } : { bytes: Buffer.from(text, 'latin1'), count };
}

async function findImageOf(
  context: ProjectContext,
  caller: Caller,
  project: ProjectRecord,
  imageId: string,
): Promise<ProjectImage> {
  const { image } = await getImage(context, caller, imageId);
  if (image.projectId !== project.id) throw fieldError('imageId', 'is an image of another project');
  return image;
}

function requireTool({ rules: { toolVersions } }: ProjectContext, version: string | undefined): void {
  // Builds of its developers call themselves unknown.
  if (toolVersions === undefined || version === undefined || version === 'unknown') return;
  if (toolVersions.includes(version)) return;
  throw new ProjectError(
    'tool_unsupported',
    `Cannot take the test result: version ${printable(version)} of the tool is not supported; supported are ${toolVersions.join(', ')}: https://github.com/redhat-openshift-ecosystem/openshift-preflight/releases`,
  );
}

function requireShort(document: JsonObject): void {
  if (JSON.stringify(document).length > MAX_RESULT) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot keep the test result: it is longer than ${MAX_RESULT} characters`,
    );
  }
}
