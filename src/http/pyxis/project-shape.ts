/** Projects as documents of the certification API, and what clients send of them. */
import { z } from 'zod';
import type { ProjectChange } from '#project/manage-project.ts';
import { isJsonObject, type JsonObject, mergeDeep } from '#project/merge-deep.ts';
import type { ProjectRecord } from '#store/project.ts';
import { tellIssue } from '../violation-words.ts';
import type { Wire } from './list-answer.ts';
import { PyxisError } from './pyxis-error.ts';

/** Fields that clients may not set, and send back as they read them. */
const READ_ONLY = [
  '_id',
  'org_id',
  'certification_level',
  'certification_date',
  'certification_user',
  'certification_status_history',
  'certification_level_history',
  'creation_date',
  'last_update_date',
  'created_by',
  'last_updated_by',
  '_links',
] as const;
const KNOWN = ['name', 'type', 'project_status', 'certification_status'] as const;
const KNOWN_IN_CONTAINER = [
  'type',
  'os_content_type',
  'distribution_method',
  'hosted_registry',
  'registry',
  'repository',
  'privileged',
  'auto_publish',
] as const;
const READ_ONLY_IN_CONTAINER = [
  'isv_pid',
  'docker_config_json',
  'kube_objects',
  'published',
  'first_image_published',
] as const;

/** Fields that lists can be filtered and sorted by. */
export const PROJECT_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'org_id',
  'certification_date',
  'creation_date',
  'last_update_date',
  'container.isv_pid',
  'container.repository_name',
  'container.release_category',
  ...KNOWN,
  ...KNOWN_IN_CONTAINER.map(name => `container.${name}`),
]);

/**
 * A project as clients see it. Of the pull secret there is nothing but that it is there, and a mark by which one is told from another: clients
 * write what they read to logs.
 */
export function toWireProject(project: ProjectRecord): Wire {
  const { details } = project;
  const container = isJsonObject(details['container']) ? details['container'] : {};
  return {
    ...details,
    _id: project.id,
    org_id: project.orgId,
    name: project.name,
    type: project.kind,
    project_status: project.status,
    certification_status: project.certificationStatus,
    certification_level: project.certifiedAt === undefined ? null : 'Certified',
    certification_date: project.certifiedAt ?? null,
    certification_user: null,
    certification_status_history: project.history.map(({ status, at }) => ({
      certification_status: status,
      creation_date: at,
    })),
    container: {
      ...container,
      type: project.containerType,
      os_content_type: project.osContentType ?? null,
      distribution_method: project.distributionMethod,
      hosted_registry: project.isHosted,
      isv_pid: project.pid,
      registry: project.registry ?? null,
      repository: project.repository ?? null,
      privileged: project.isPrivileged,
      auto_publish: project.autoPublish,
      docker_config_json: project.pullSecret === undefined ? null : `encrypted:v1:${project.pullSecret.fingerprint}`,
    },
    creation_date: project.createdAt,
    last_update_date: project.updatedAt,
    _links: {
      images: { href: `/v1/projects/certification/id/${project.id}/images` },
      test_results: { href: `/v1/projects/certification/id/${project.id}/test-results` },
      vendor: { href: `/v1/vendors/org-id/${project.orgId}` },
    },
  };
}

const optionalText = z.string().max(1024).nullish();
const flag = z.boolean().nullish();
const secretText = z
  .string()
  .max(2 * 1024 * 1024)
  .nullish();

const bodySchema = z.looseObject({
  name: optionalText,
  type: optionalText,
  project_status: optionalText,
  certification_status: optionalText,
  container: z
    .looseObject({
      type: optionalText,
      os_content_type: optionalText,
      distribution_method: optionalText,
      hosted_registry: flag,
      registry: optionalText,
      repository: optionalText,
      privileged: flag,
      auto_publish: flag,
      docker_config_json: secretText,
      kube_objects: secretText,
    })
    .nullish(),
});

/** What a client sends, as a change. Empty texts mean nothing, as absent ones do. @throws {PyxisError} 400. */
export function readProjectBody(body: unknown): ProjectChange {
  const sent = readBody(bodySchema, body);
  const container = sent.container ?? {};
  // As preflight names it, and it sends whatever log-ins its machine has; people and scripts use the other name for one that is meant.
  const uploaded = usable(container.docker_config_json);
  const given = usable(container.kube_objects);
  const isForgotten = container.kube_objects === null || container.docker_config_json === null;
  return {
    name: said(sent.name),
    kind: said(sent.type),
    status: said(sent.project_status) as ProjectChange['status'],
    certificationStatus: said(sent.certification_status),
    containerType: said(container.type),
    osContentType: emptied(container.os_content_type),
    distributionMethod: said(container.distribution_method),
    isHosted: container.hosted_registry ?? undefined,
    registry: emptied(container.registry),
    repository: emptied(container.repository),
    isPrivileged: container.privileged ?? undefined,
    autoPublish: container.auto_publish ?? undefined,
    pullSecret: given ?? uploaded ?? (isForgotten && hasOnlySecrets(sent) ? null : undefined),
    isPullSecretOptional: given === undefined,
    details: readDetails(sent),
  };
}

/** Reads a body with a schema. @throws {PyxisError} 400, with messages by field. */
export function readBody<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  if (!isJsonObject(body)) throw new PyxisError(400, 'The body must be a JSON object');
  const detail = result.error.issues.reduce<JsonObject>((all, { path, code, message, ...params }) => {
    const [field = ''] = path.slice(-1);
    const leaf: JsonObject = { [String(field)]: [tellIssue({ keyword: code, message, params }) ?? message] };
    return mergeDeep(
      all,
      path.slice(0, -1).reduceRight<JsonObject>((below, name) => ({ [String(name)]: below }), leaf),
    );
  }, {});
  throw new PyxisError(400, detail as never);
}

function readDetails(sent: Readonly<Record<string, unknown>>): JsonObject {
  const rest = without(sent, [...READ_ONLY, ...KNOWN, 'container']);
  const { container } = sent;
  if (!isJsonObject(container)) return rest;
  const carried = without(container, [...KNOWN_IN_CONTAINER, ...READ_ONLY_IN_CONTAINER]);
  return Object.keys(carried).length === 0 ? rest : { ...rest, container: carried };
}

/** An explicit null empties a secret only where the request is about it: whole documents that are sent back have it too. */
function hasOnlySecrets({ container, ...rest }: Readonly<Record<string, unknown>>): boolean {
  const names = isJsonObject(container) ? Object.keys(container) : [];
  return (
    Object.keys(rest).length === 0 && names.every(name => name === 'kube_objects' || name === 'docker_config_json')
  );
}

function usable(text: string | null | undefined): string | undefined {
  if (text === undefined || text === null || text.trim() === '') return undefined;
  // What we gave out instead of a secret comes back.
  return text.startsWith('encrypted:v1:') ? undefined : text;
}

function said(text: string | null | undefined): string | undefined {
  return text === undefined || text === null || text === '' ? undefined : text;
}

function emptied(text: string | null | undefined): string | null | undefined {
  return text === '' ? undefined : text;
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
