/** Test results, artifacts, RPM manifests and requests as documents of the certification API, and what clients send of them. */
import { z } from 'zod';
import type { ReportedResult, UploadedArtifact } from '#project/results.ts';
import type { ProjectRecord } from '#store/project.ts';
import type { ProjectRequest } from '#store/project-request.ts';
import type { Artifact, RpmManifest, TestResult } from '#store/project-result.ts';
import type { Wire } from './list-answer.ts';
import { readBody } from './project-shape.ts';
import { PyxisError } from './pyxis-error.ts';

type Owner = Pick<ProjectRecord, 'id' | 'orgId'>;

/** Fields that lists of test results can be filtered and sorted by. */
export const RESULT_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'passed',
  'image',
  'image_id',
  'cert_project',
  'version',
  'certification_hash',
  'test_library.name',
  'test_library.version',
  'creation_date',
  'last_update_date',
]);

/** Fields that lists of artifacts can be filtered and sorted by. */
export const ARTIFACT_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'filename',
  'content_type',
  'file_size',
  'image_id',
  'cert_project',
  'creation_date',
]);

/** Fields that lists of requests can be filtered and sorted by. */
export const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'operation',
  'status',
  'image_id',
  'manifest_list_digest',
  'pull_spec',
  'tag',
  'cert_project',
  'creation_date',
  'last_update_date',
]);

/** A test result as clients see it: all that was sent, and its ids. */
export function toWireResult(result: TestResult, project: Owner): Wire {
  return {
    ...result.document,
    _id: result.id,
    cert_project: project.id,
    org_id: project.orgId,
    ...(result.imageId === undefined ? {} : { image_id: result.imageId }),
    creation_date: result.createdAt,
    last_update_date: result.updatedAt,
    _links: {
      cert_project: { href: `/v1/projects/certification/id/${project.id}` },
      ...(result.imageId === undefined ? {} : { image: { href: `/v1/images/id/${result.imageId}` } }),
    },
  };
}

const item = z.looseObject({ name: z.string().max(256), elapsed_time: z.number().nullish() });
const resultSchema = z.looseObject({
  passed: z.boolean(),
  image: z.string().max(4096).nullish(),
  image_id: z.string().max(64).nullish(),
  test_library: z.looseObject({ version: z.string().max(256).nullish() }),
  results: z.looseObject({
    passed: z.array(item).max(1000).nullish(),
    failed: z.array(item).max(1000).nullish(),
    errors: z.array(item).max(1000).nullish(),
    warning: z.array(item).max(1000).nullish(),
  }),
});

/** Fields of a result that are ours; clients send them back. */
const OWN = ['_id', 'cert_project', 'org_id', 'image_id', 'creation_date', 'last_update_date', '_links'];

/** A test result as a client sends it. @throws {PyxisError} 400. */
export function readResultBody(body: unknown): ReportedResult & { readonly imageId: string | undefined } {
  const sent = readBody(resultSchema, body);
  const document = Object.fromEntries(Object.entries(sent).filter(([name]) => !OWN.includes(name)));
  return {
    isPassed: sent.passed,
    toolVersion: sent.test_library.version ?? undefined,
    document,
    imageId: sent.image_id === null || sent.image_id === '' ? undefined : sent.image_id,
  };
}

/** An artifact as clients see it; without its content unless that is given. */
export function toWireArtifact(artifact: Artifact, project: Owner, content?: Uint8Array): Wire {
  return {
    ...artifact.details,
    _id: artifact.id,
    cert_project: project.id,
    org_id: project.orgId,
    filename: artifact.filename,
    content_type: artifact.contentType,
    file_size: artifact.sizeBytes,
    ...(artifact.imageId === undefined ? {} : { image_id: artifact.imageId }),
    ...(content === undefined ? {} : { content: Buffer.from(content).toString('base64') }),
    creation_date: artifact.createdAt,
    last_update_date: artifact.createdAt,
  };
}

const artifactSchema = z.looseObject({
  content: z.string(),
  content_type: z.string().min(1).max(256),
  filename: z.string().min(1).max(512),
  file_size: z.number().int().min(0),
  image_id: z.string().max(64).nullish(),
});

/** A file as a client sends it. @throws {PyxisError} 400. */
export function readArtifactBody(body: unknown): UploadedArtifact {
  const { content, content_type, filename, file_size, image_id, ...rest } = readBody(artifactSchema, body);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(content) || content.length % 4 !== 0) {
    throw new PyxisError(400, { content: ['is not base64'] });
  }
  const bytes = Buffer.from(content, 'base64');
  if (bytes.byteLength !== file_size) {
    throw new PyxisError(400, { file_size: [`is ${file_size}, and the content has ${bytes.byteLength} bytes`] });
  }
  const kept = ['certification_hash', 'version', 'operator_package_name', 'pull_request_url'];
  return {
    filename,
    contentType: content_type,
    content: bytes,
    imageId: image_id === null || image_id === '' ? undefined : image_id,
    details: Object.fromEntries(
      Object.entries(rest).filter(([name, value]) => kept.includes(name) && typeof value === 'string'),
    ),
  };
}

/** An RPM manifest as clients see it. */
export function toWireRpmManifest(manifest: Pick<RpmManifest, 'id' | 'imageId' | 'rpms' | 'createdAt'>): Wire {
  return {
    _id: manifest.id,
    object_type: 'containerImageRPMManifest',
    image_id: manifest.imageId,
    rpms: manifest.rpms,
    creation_date: manifest.createdAt,
    last_update_date: manifest.createdAt,
  };
}

/** A scan or image request as clients see it. */
export function toWireRequest(request: ProjectRequest, project: Owner): Wire {
  const { kind, imageId, listDigest } = request;
  const folder = kind === 'scan' ? 'scans' : 'images';
  const code = request.status === 'failed' || request.retryAt !== undefined ? (request.situation ?? null) : null;
  const about =
    kind === 'scan'
      ? {
          pull_spec: request.pullSpec ?? null,
          tag: request.tag ?? null,
          image_id: imageId ?? null,
          error_code: code,
          attempts: request.attempts,
          retry_at: request.retryAt ?? null,
        }
      : {
          operation: request.operation ?? null,
          ...(imageId === undefined ? {} : { image_id: imageId }),
          ...(listDigest === undefined ? {} : { manifest_list_digest: listDigest }),
          error_code: code,
        };
  return {
    _id: request.id,
    cert_project: project.id,
    org_id: project.orgId,
    ...about,
    images: request.imageIds.map(id => ({ _id: id })),
    status: request.status,
    status_message: request.statusMessage ?? null,
    warnings: request.warnings.map(({ situation, message }) => ({ code: situation, message })),
    creation_date: request.createdAt,
    last_update_date: request.updatedAt,
    _links: {
      self: { href: `/v1/projects/certification/requests/${folder}/id/${request.id}` },
      cert_project: { href: `/v1/projects/certification/id/${project.id}` },
      ...(imageId === undefined ? {} : { image: { href: `/v1/images/id/${imageId}` } }),
    },
  };
}
