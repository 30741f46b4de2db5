/** Keys and fetchers of the public catalogue. Published and taken back is told by events to those who are signed in. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import type { paths } from '../api/schema.d.ts';

type RepositoriesParameters = NonNullable<paths['/api/v1/catalog/repositories']['get']['parameters']['query']>;
type ImagesParameters = NonNullable<paths['/api/v1/catalog/images']['get']['parameters']['query']>;
type FindingsParameters = NonNullable<
  paths['/api/v1/catalog/images/{imageId}/vulnerabilities']['get']['parameters']['query']
>;

/** A page of repositories, by name. */
export function catalogueRepositoriesQuery(query: RepositoriesParameters) {
  return queryOptions({
    queryKey: ['catalogue', 'repositories', query],
    queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/catalog/repositories', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** One repository; `null` when nothing is published in it. */
export function catalogueRepositoryQuery(registry: string, repository: string) {
  return queryOptions({
    queryKey: ['catalogue', 'repository', registry, repository],
    queryFn: async ({ signal }) => {
      const params = { query: { registry, repository, limit: 1 } };
      return (await bodyOf(api.GET('/api/v1/catalog/repositories', { params, signal }))).items[0] ?? null;
    },
  });
}

/** A page of published images, newest first. */
export function catalogueImagesQuery(query: ImagesParameters) {
  return queryOptions({
    queryKey: ['catalogue', 'images', query],
    queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/catalog/images', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** A published image. */
export function catalogueImageQuery(imageId: string) {
  return queryOptions({
    queryKey: ['catalogue', 'image', imageId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/catalog/images/{imageId}', { params: { path: { imageId } }, signal })),
  });
}

/** A page of what is wrong in a published image, the worst first. */
export function catalogueFindingsQuery(imageId: string, query: FindingsParameters) {
  return queryOptions({
    queryKey: ['catalogue', 'findings', imageId, query],
    queryFn: async ({ signal }) => {
      const params = { path: { imageId }, query };
      return await bodyOf(api.GET('/api/v1/catalog/images/{imageId}/vulnerabilities', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** Formats of SBOMs, with what they are called. */
export const SBOM_FORMATS = [
  ['cyclonedx-json', 'CycloneDX 1.6, JSON'],
  ['spdx-json', 'SPDX 2.3, JSON'],
  ['purl-list', 'List of package URLs'],
] as const;

/** Where the SBOM of a published image is downloaded from. */
export function sbomPath(imageId: string, format: string): string {
  return `/api/v1/catalog/images/${encodeURIComponent(imageId)}/sbom?format=${format}`;
}
