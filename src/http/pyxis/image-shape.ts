/** Images as documents of the certification API, and what clients send of them. */
import { z } from 'zod';
import type { SubmittedImage } from '#project/image.ts';
import { isJsonObject, type JsonObject } from '#project/merge-deep.ts';
import type { ProjectRecord } from '#store/project.ts';
import type { GradeSchedule } from '#store/project-grade.ts';
import type { ImageScanState, ProjectImage } from '#store/project-image.ts';
import type { Wire } from './list-answer.ts';
import { readBody } from './project-shape.ts';

/** Fields that lists can be filtered and sorted by. */
export const IMAGE_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'architecture',
  'certified',
  'deleted',
  'docker_image_digest',
  'docker_image_id',
  'image_id',
  'isv_pid',
  'org_id',
  'creation_date',
  'last_update_date',
  'scan_status',
  'container_grades.status',
  'freshness_grades',
  'freshness_grades.grade',
  'sum_layer_size_bytes',
  'top_layer_id',
  'uncompressed_top_layer_id',
  'repositories',
  'repositories.published',
  'repositories.published_date',
  'repositories.push_date',
  'repositories.registry',
  'repositories.repository',
  'repositories.manifest_list_digest',
  'repositories.manifest_schema2_digest',
  'repositories.tags',
  'repositories.tags.name',
  'repositories.tags.added_date',
  'parsed_data.architecture',
  'parsed_data.os',
  'parsed_data.labels',
  'parsed_data.labels.name',
  'parsed_data.labels.value',
]);

const GRADING: Readonly<Record<ImageScanState, string>> = {
  none: 'pending',
  pending: 'pending',
  running: 'in progress',
  completed: 'completed',
  failed: 'aborted',
};

/** What belongs to an image besides its row. */
export interface ImageSurroundings {
  readonly project: Pick<ProjectRecord, 'pid' | 'orgId' | 'id'>;
  readonly grades: GradeSchedule | undefined;
  /** For everybody: what only its owner should see is left out. */
  readonly isPublic: boolean;
}

/** An image as clients see it. */
export function toWireImage(image: ProjectImage, { project, grades, isPublic }: ImageSurroundings): Wire {
  const { scanState } = image;
  const isVerdict = scanState === 'completed';
  return {
    _id: image.id,
    object_type: 'containerImage',
    architecture: image.architecture,
    certified: image.isCertified,
    deleted: image.deletedAt !== undefined,
    docker_image_digest: image.digest,
    docker_image_id: image.configDigest ?? null,
    image_id: image.digest,
    isv_pid: project.pid,
    org_id: project.orgId,
    repositories: [
      {
        published: image.publishedAt !== undefined,
        published_date: image.publishedAt ?? null,
        push_date: image.pushedAt ?? image.createdAt,
        registry: image.registry ?? '',
        repository: image.repository ?? '',
        tags: image.tags.map(({ name, addedAt }) => ({ added_date: addedAt, name })),
        ...(image.listDigest === undefined
          ? { manifest_schema2_digest: image.digest }
          : { manifest_list_digest: image.listDigest }),
      },
    ],
    // What the API calls the top layer; preflight fills in the lowest, which nobody could look up by.
    uncompressed_top_layer_id: image.diffIds?.at(-1) ?? null,
    sum_layer_size_bytes: image.sizeBytes ?? 0,
    parsed_data: image.parsed,
    raw_config: isPublic ? null : (image.rawConfig ?? null),
    freshness_grades: (grades?.periods ?? []).map(({ grade, startsAt, endsAt }) => ({
      grade,
      creation_date: grades?.computedAt ?? null,
      start_date: startsAt,
      end_date: endsAt ?? null,
    })),
    container_grades: { status: GRADING[scanState], status_message: image.scanMessage ?? null },
    scan_status: isVerdict
      ? image.isCertified
        ? 'passed'
        : 'failed'
      : scanState === 'failed'
        ? 'failed'
        : 'in progress',
    test_results_exception: image.exception === undefined || isPublic ? null : { reason: image.exception.reason },
    creation_date: image.createdAt,
    last_update_date: image.updatedAt,
    _links: {
      rpm_manifest: { href: `/v1/images/id/${image.id}/rpm-manifest` },
      vulnerabilities: { href: `/v1/images/id/${image.id}/vulnerabilities` },
      requests: { href: `/v1/images/id/${image.id}/requests` },
      cert_project: { href: `/v1/projects/certification/id/${project.id}` },
    },
  };
}

const text = z.string().max(4096);
const imageSchema = z.looseObject({
  architecture: text.nullish(),
  certified: z.boolean().nullish(),
  docker_image_digest: text.nullish(),
  docker_image_id: text.nullish(),
  image_id: text.nullish(),
  isv_pid: text.nullish(),
  raw_config: z.string().nullish(),
  sum_layer_size_bytes: z.number().int().min(0).nullish(),
  repositories: z
    .array(
      z.looseObject({
        push_date: text.nullish(),
        registry: text.nullish(),
        repository: text.nullish(),
        manifest_list_digest: text.nullish(),
        tags: z
          .array(z.looseObject({ name: text.nullish() }))
          .max(500)
          .nullish(),
      }),
    )
    .max(50)
    .nullish(),
  parsed_data: z.record(z.string(), z.unknown()).nullish(),
});

/** A submission, and the PID that it names. @throws {PyxisError} 400. */
export function readImageBody(body: unknown): SubmittedImage & { readonly pid: string | undefined } {
  const sent = readBody(imageSchema, body);
  const [place] = sent.repositories ?? [];
  return {
    pid: sent.isv_pid ?? undefined,
    digest: sent.docker_image_digest ?? sent.image_id ?? '',
    configDigest: filled(sent.docker_image_id),
    listDigest: filled(place?.manifest_list_digest),
    // The model's rule: absent means this.
    architecture: filled(sent.architecture) ?? 'amd64',
    isCertified: sent.certified ?? false,
    registry: filled(place?.registry),
    repository: filled(place?.repository),
    tags: (place?.tags ?? []).flatMap(({ name }) => name ?? []),
    pushedAt: readDate(place?.push_date),
    rawConfig: filled(sent.raw_config),
    sizeBytes: sent.sum_layer_size_bytes ?? undefined,
    parsed: readParsed(sent.parsed_data ?? {}),
  };
}

/** Lists of labels and sizes in the form that clients read strictly; anything else of them is left out. */
function readParsed(parsed: JsonObject): JsonObject {
  const { labels, uncompressed_layer_sizes: sizes, ...rest } = parsed;
  return {
    ...rest,
    ...(Array.isArray(labels) ? { labels: labels.filter(isJsonObject) } : {}),
    ...(Array.isArray(sizes) ? { uncompressed_layer_sizes: sizes.filter(isJsonObject) } : {}),
  };
}

function filled(value: string | null | undefined): string | undefined {
  return value === null || value === undefined || value === '' ? undefined : value;
}

function readDate(value: string | null | undefined): string | undefined {
  const at = Date.parse(value ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
