/** The public side: repositories and the images published in them; and the little that scripts ask about organisations. */
import { createHash } from 'node:crypto';
import { hasRole } from '#access/principal.ts';
import { type CatalogRepository, listCatalogImages, listCatalogRepositories } from '#project/catalog.ts';
import { isJsonObject } from '#project/merge-deep.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { normalRegistry } from '#project/settings.ts';
import { findNamespace } from '#store/namespace.ts';
import { findNamespaceOfOrganisation } from '#store/project-organisation.ts';
import { presentOne } from './image-handlers.ts';
import { IMAGE_FIELDS } from './image-shape.ts';
import {
  answerList,
  project as projected,
  readListQuery,
  readProjection,
  type Wire,
  wantedValue,
} from './list-answer.ts';
import { PyxisError } from './pyxis-error.ts';
import type { PyxisRoute } from './route-table.ts';

/** Fields that lists of repositories can be filtered and sorted by. */
const REPOSITORY_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'registry',
  'repository',
  'published',
  'vendor_label',
  'org_id',
  'isv_pid',
  'architectures',
  'release_categories',
  'privileged_images_allowed',
  'creation_date',
  'last_update_date',
]);

export const CATALOG_ROUTES: readonly PyxisRoute[] = [
  {
    method: 'GET',
    path: 'v1/repositories',
    isPublic: true,
    handle: async ({ context, query }) => {
      const wanted = readListQuery(query, REPOSITORY_FIELDS);
      const repositories = await listCatalogRepositories(context.store.db, {
        registry: wantedValue(wanted.filter, 'registry'),
        repository: wantedValue(wanted.filter, 'repository'),
      });
      return { status: 200, body: answerList(repositories.map(toWireRepository), wanted) };
    },
  },
  {
    method: 'GET',
    path: 'v1/repositories/registry/:registry/repository/*repository/images',
    isPublic: true,
    handle: async ({ context, params, query }) => {
      const wanted = readListQuery(query, IMAGE_FIELDS);
      const place = { registry: normalRegistry(params['registry'] ?? ''), repository: params['repository'] ?? '' };
      const images = await listCatalogImages(context.store.db, place);
      if (images.length === 0) await requireRepository(context, place);
      const documents: Wire[] = [];
      for (const { image, project } of images.toReversed()) {
        documents.push(await presentOne(context, image, project, true));
      }
      return { status: 200, body: answerList(documents, wanted) };
    },
  },
  {
    method: 'GET',
    path: 'v1/repositories/registry/:registry/repository/*repository',
    isPublic: true,
    handle: async ({ context, params, query }) => {
      const place = { registry: normalRegistry(params['registry'] ?? ''), repository: params['repository'] ?? '' };
      const repository = await requireRepository(context, place);
      return { status: 200, body: projected(toWireRepository(repository), readProjection(query)) };
    },
  },
  {
    method: 'GET',
    path: 'v1/vendors/org-id/:orgId',
    handle: async ({ context, caller, params }) => {
      const orgId = Number(params['orgId']);
      const { db } = context.store;
      const id = Number.isSafeInteger(orgId) && orgId > 0 ? await findNamespaceOfOrganisation(db, orgId) : undefined;
      const namespace = id === undefined ? undefined : await findNamespace(db, id);
      if (namespace === undefined || !hasRole(caller.principal, 'viewer', namespace.id)) {
        throw new PyxisError(
          404,
          `There is no vendor of organisation ${params['orgId'] ?? ''}, or none that you may see`,
        );
      }
      return {
        status: 200,
        body: {
          _id: idOf('vendor', namespace.id),
          org_id: orgId,
          name: namespace.displayName,
          label: namespace.name,
          published: true,
          creation_date: namespace.createdAt,
        },
      };
    },
  },
  {
    // Listings are pages of a shop, which this is not: there are none.
    method: 'GET',
    path: 'v1/product-listings',
    handle: async ({ query }) => ({
      status: 200,
      body: answerList([], readListQuery(query, new Set(['_id', 'org_id']))),
    }),
  },
];

async function requireRepository(
  { store }: ProjectContext,
  place: { readonly registry: string; readonly repository: string },
): Promise<CatalogRepository> {
  const [found] = await listCatalogRepositories(store.db, place);
  if (found !== undefined) return found;
  throw new PyxisError(404, `Nothing is published at ${place.registry}/${place.repository}`);
}

/** A repository as clients see it. */
export function toWireRepository({ registry, repository, project, images }: CatalogRepository): Wire {
  const container = isJsonObject(project.details['container']) ? project.details['container'] : {};
  return {
    _id: idOf('repository', registry, repository),
    object_type: 'containerRepository',
    registry,
    repository,
    published: true,
    org_id: project.orgId,
    isv_pid: project.pid,
    vendor_label: repository.split('/')[0] ?? '',
    display_data: {
      name: project.name,
      short_description: container['short_description'] ?? null,
      long_description: container['repository_description'] ?? null,
    },
    application_categories: container['application_categories'] ?? [],
    release_categories: [container['release_category'] ?? 'Generally Available'],
    architectures: [...new Set(images.map(({ architecture }) => architecture))].sort(),
    privileged_images_allowed: project.isPrivileged,
    content_stream_grades: contentGrades(images),
    freshness_grades_unknown_until_date: null,
    creation_date: project.createdAt,
    last_update_date: images[0]?.updatedAt ?? project.updatedAt,
    _links: { images: { href: `/v1/repositories/registry/${registry}/repository/${repository}/images` } },
  };
}

/** Of each tag the grade of the newest image that has it. */
function contentGrades(images: CatalogRepository['images']): readonly Wire[] {
  const seen = new Set<string>();
  const grades: Wire[] = [];
  for (const image of images) {
    for (const { name } of image.tags) {
      const key = `${image.architecture} ${name}`;
      if (seen.has(key)) continue;
      seen.add(key);
      grades.push({
        tag: name,
        architecture: image.architecture,
        image_id: image.id,
        current_grade: image.grade ?? null,
      });
    }
  }
  return grades;
}

/** The same id for the same thing each time. */
function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 24);
}
