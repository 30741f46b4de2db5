/** Projects and what belongs to them, as the native API shows them. */
import { z } from 'zod';
import type { ShownRegistryKey } from '#project/registry-key.ts';
import { CHECK_OUTCOMES, readResultDocument } from '#project/result-document.ts';
import { CONTAINER_TYPES, DISTRIBUTION_METHODS, OS_CONTENT_TYPES, PROJECT_KINDS } from '#project/settings.ts';
import type { ManifestScan } from '#store/manifest-view.ts';
import type { ProjectRecord } from '#store/project.ts';
import type { BaseImage } from '#store/project-base-image.ts';
import type { GradeSchedule } from '#store/project-grade.ts';
import type { ProjectImage } from '#store/project-image.ts';
import type { ProjectRequest } from '#store/project-request.ts';
import type { TestResult } from '#store/project-result.ts';
import { countsOf, countsSchema, endOfLifeOf, endOfLifeSchema } from '../image/image-schema.ts';

const objectId = z.string().regex(/^[0-9a-f]{24}$/);
const time = z.iso.datetime();

/** Ids in paths; a PID in the place of a project's id is answered with the right one. */
export const projectParams = z.object({ projectId: z.string().max(100) });
export const imageParams = z.object({ imageId: z.string().max(100) });

/** What may be set of a project. */
export const projectSettings = {
  name: z.string().trim().min(1).max(255),
  kind: z.enum(PROJECT_KINDS),
  status: z.enum(['active', 'archived']),
  containerType: z.enum(CONTAINER_TYPES).describe('`scratch` is given by admins alone'),
  osContentType: z.enum(OS_CONTENT_TYPES).nullable(),
  distributionMethod: z.enum(DISTRIBUTION_METHODS).describe('`rhcc`: images are pushed to this server'),
  registry: z.string().max(255).nullable().describe('Where the image is published; fixed while something is'),
  repository: z.string().max(255).nullable(),
  isPrivileged: z.boolean().describe('Its images may run as root; set by admins alone'),
  autoPublish: z.boolean(),
  details: z.record(z.string(), z.unknown()).describe('Descriptions, contacts, categories: carried and shown'),
};

export const projectSchema = z
  .object({
    id: objectId,
    pid: z.string().describe('The older id; and the first part of the names of its hosted repositories'),
    namespaceId: z.uuid(),
    orgId: z.number().int(),
    ...projectSettings,
    kind: z.string(),
    containerType: z.string(),
    osContentType: z.string().nullable(),
    distributionMethod: z.string(),
    isHosted: z.boolean(),
    pushTo: z
      .string()
      .nullable()
      .describe('Where its images are pushed to, without their own name; of hosted projects'),
    certificationStatus: z.string(),
    certifiedAt: time.nullable(),
    history: z.array(z.object({ status: z.string(), at: time, by: z.string() })),
    pullSecret: z
      .object({
        entry: z.string().describe('The one entry that is kept'),
        account: z.string().nullable(),
        fingerprint: z.string(),
        dropped: z.array(z.string()).describe('Entries that came along and were not kept'),
        savedAt: time,
      })
      .nullable()
      .describe('What may be shown of it; the secret itself never is'),
    revision: z.number().int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Project' });

export const imageSchema = z
  .object({
    id: objectId,
    projectId: objectId,
    digest: z.string(),
    listDigest: z.string().nullable().describe('Of the index that it belongs to'),
    architecture: z.string(),
    isCertified: z.boolean(),
    isReportedCertified: z.boolean().nullable().describe('What a client said'),
    isVerifiedCertified: z.boolean().nullable().describe('What our own checks found; null until they ran'),
    exception: z.object({ reason: z.string(), by: z.string(), at: time }).nullable(),
    origin: z.enum(['report', 'scan', 'push']),
    registry: z.string().nullable(),
    repository: z.string().nullable(),
    tags: z.array(z.object({ name: z.string(), addedAt: time })),
    sizeBytes: z.number().nullable(),
    scan: z.object({
      state: z.enum(['none', 'pending', 'running', 'completed', 'failed']),
      message: z.string().nullable(),
    }),
    counts: countsSchema
      .nullable()
      .describe('What is wrong with it; null before it was read, and for what a client only told of'),
    endOfLife: endOfLifeSchema,
    grade: z.string().nullable().describe('A to F; null: unknown'),
    grades: z.array(z.object({ grade: z.string(), startsAt: time, endsAt: time.nullable() })),
    publishedAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'ProjectImage' });

export const requestSchema = z
  .object({
    id: objectId,
    projectId: objectId,
    kind: z.enum(['scan', 'image']),
    operation: z.string().nullable(),
    pullSpec: z.string().nullable(),
    tag: z.string().nullable(),
    imageId: z.string().nullable(),
    listDigest: z.string().nullable(),
    imageIds: z.array(z.string()),
    status: z.enum(['pending', 'in progress', 'completed', 'failed', 'aborted']),
    statusMessage: z.string().nullable(),
    situation: z.string().nullable().describe('Stable; branch on this: docs/projects.md lists them'),
    warnings: z.array(z.object({ situation: z.string(), message: z.string() })),
    overrideReason: z.string().nullable(),
    attempts: z.number().int(),
    retryAt: time.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'ProjectRequest' });

/** A check with what came of it, as pages show it. */
export const shownCheckSchema = z
  .object({
    name: z.string(),
    outcome: z.enum(CHECK_OUTCOMES),
    description: z.string().nullable().describe('What an image must have'),
    summary: z.string().nullable().describe('What was found'),
    why: z.string().nullable(),
    fix: z.string().nullable().describe('What to do'),
    found: z.array(
      z.object({
        kind: z.string(),
        subject: z.string(),
        detail: z.string().nullable(),
        layer: z.number().int().nullable(),
      }),
    ),
    differsFromPreflight: z.string().nullable(),
  })
  .meta({ id: 'CheckResult' });

export const resultSchema = z
  .object({
    id: objectId,
    projectId: objectId,
    imageId: z.string().nullable(),
    origin: z.enum(['reported', 'verified']).describe('`verified`: of our own checks'),
    isPassed: z.boolean(),
    document: z.record(z.string(), z.unknown()).describe('results.json, with what was found and what to do'),
    checks: z.array(shownCheckSchema).describe('The checks of the document, those that block first'),
    policy: z.string().nullable().describe('By which policy it was checked, where that is known'),
    gate: z
      .object({ outcome: z.string(), summary: z.string() })
      .nullable()
      .describe('Whether known weaknesses stand against it; of our own checks alone'),
    createdAt: time,
  })
  .meta({ id: 'TestResult' });

export const registryKeySchema = z
  .object({ text: z.string(), isMasked: z.boolean(), createdAt: time, lastUsedAt: time.nullable() })
  .meta({ id: 'ProjectRegistryKey' });

export const baseImageSchema = z
  .object({
    id: objectId,
    registry: z.string(),
    repository: z.string(),
    tag: z.string().nullable(),
    digest: z.string(),
    architecture: z.string(),
    diffIds: z.array(z.string()).describe('Uncompressed layers, lowest first'),
    addedBy: z.string(),
    createdAt: time,
  })
  .meta({ id: 'BaseImage' });

/** A project as it is shown; `host` is that of the hosted registry. */
export function presentProject(project: ProjectRecord, host: string | undefined) {
  const { pullSecret } = project;
  return {
    ...project,
    pushTo: project.isHosted && host !== undefined ? `${host}/${project.pid}` : null,
    details: { ...project.details },
    history: project.history.map(one => ({ ...one })),
    osContentType: project.osContentType ?? null,
    registry: project.registry ?? null,
    repository: project.repository ?? null,
    certifiedAt: project.certifiedAt ?? null,
    pullSecret:
      pullSecret === undefined
        ? null
        : { ...pullSecret, account: pullSecret.account ?? null, dropped: [...pullSecret.dropped] },
  };
}

/** An image as it is shown. `now`: by which its release is past its end. */
export function presentImage(
  image: ProjectImage,
  grades: GradeSchedule | undefined,
  scan: ManifestScan | undefined,
  now: Date,
) {
  // What a client only told of may be an image of somebody else.
  const isShown = scan !== undefined && scan.scannedAt !== null && image.origin !== 'report';
  const { rawConfig: _, parsed: __, diffIds: ___, scanState, scanMessage, ...rest } = image;
  return {
    ...rest,
    listDigest: image.listDigest ?? null,
    isReportedCertified: image.isReportedCertified ?? null,
    isVerifiedCertified: image.isVerifiedCertified ?? null,
    exception: image.exception === undefined ? null : { ...image.exception },
    registry: image.registry ?? null,
    repository: image.repository ?? null,
    tags: image.tags.map(tag => ({ ...tag })),
    sizeBytes: image.sizeBytes ?? null,
    scan: { state: scanState, message: scanMessage ?? null },
    counts: isShown ? countsOf(scan) : null,
    endOfLife: isShown ? endOfLifeOf(scan, now) : null,
    grade: image.grade ?? null,
    grades: (grades?.periods ?? []).map(one => ({ ...one, endsAt: one.endsAt ?? null })),
    publishedAt: image.publishedAt ?? null,
  };
}

/** A request as it is shown. */
export function presentRequest(request: ProjectRequest) {
  const { requestedBy: _, ...rest } = request;
  return {
    ...rest,
    operation: request.operation ?? null,
    pullSpec: request.pullSpec ?? null,
    tag: request.tag ?? null,
    imageId: request.imageId ?? null,
    listDigest: request.listDigest ?? null,
    imageIds: [...request.imageIds],
    statusMessage: request.statusMessage ?? null,
    situation: request.situation ?? null,
    warnings: request.warnings.map(one => ({ ...one })),
    overrideReason: request.overrideReason ?? null,
    retryAt: request.retryAt ?? null,
  };
}

/** A test result as it is shown. */
export function presentResult({ updatedAt: _, ...result }: TestResult) {
  const { checks, policy, gate } = readResultDocument(result.document);
  return {
    ...result,
    imageId: result.imageId ?? null,
    document: { ...result.document },
    checks: checks.map(check => ({ ...check, found: check.found.map(one => ({ ...one })) })),
    policy,
    gate: gate === null ? null : { ...gate },
  };
}

/** A registry key as it is shown. */
export function presentKey(key: ShownRegistryKey) {
  return { ...key, lastUsedAt: key.lastUsedAt ?? null };
}

/** A base image as it is shown. */
export function presentBase({ topLayer: _, ...base }: BaseImage) {
  return { ...base, tag: base.tag ?? null, diffIds: [...base.diffIds] };
}
