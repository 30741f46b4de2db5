/**
 * The catalogue: what is published, for everybody to read. Nothing here asks who is asking.
 */
import type { Db } from '#store/database.ts';
import { findProject, type ProjectRecord } from '#store/project.ts';
import { listProjectImages, type ProjectImage, type ProjectImageQuery } from '#store/project-image.ts';

/** A published image with its project. */
export interface CatalogImage {
  readonly image: ProjectImage;
  readonly project: ProjectRecord;
}

/** A repository with something published in it. */
export interface CatalogRepository {
  readonly registry: string;
  readonly repository: string;
  readonly project: ProjectRecord;
  /** Newest first. */
  readonly images: readonly ProjectImage[];
}

/** As many images as are looked through for one answer. */
const MAX_CATALOG_IMAGES = 5000;

/** Published images, newest first. */
export async function listCatalogImages(
  db: Db,
  query: Pick<ProjectImageQuery, 'registry' | 'repository' | 'digest' | 'listDigest' | 'id' | 'before'> & {
    readonly limit?: number | undefined;
  },
): Promise<readonly CatalogImage[]> {
  const images = await listProjectImages(db, { ...query, limit: query.limit ?? MAX_CATALOG_IMAGES, isPublished: true });
  const projects = new Map<string, ProjectRecord | undefined>();
  for (const { projectId } of images) {
    if (!projects.has(projectId)) projects.set(projectId, await findProject(db, { id: projectId }));
  }
  return images.flatMap(image => {
    const project = projects.get(image.projectId);
    return project === undefined ? [] : [{ image, project }];
  });
}

/** Repositories with something published, by name. */
export async function listCatalogRepositories(
  db: Db,
  query: { readonly registry?: string | undefined; readonly repository?: string | undefined } = {},
): Promise<readonly CatalogRepository[]> {
  const images = await listCatalogImages(db, query);
  const groups = Map.groupBy(images, ({ image }) => `${image.registry ?? ''}/${image.repository ?? ''}`);
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      if (first === undefined) return [];
      return [
        {
          registry: first.image.registry ?? '',
          repository: first.image.repository ?? '',
          project: first.project,
          images: group.map(({ image }) => image),
        },
      ];
    });
}
