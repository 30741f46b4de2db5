/** Keys and fetchers of certification projects, their images, results and requests. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import type { paths } from '../api/schema.d.ts';

type ProjectsParameters = NonNullable<paths['/api/v1/projects']['get']['parameters']['query']>;

/** A page of projects, by name. */
export function projectsQuery(query: ProjectsParameters) {
  return queryOptions({
    queryKey: ['projects', 'list', query],
    queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/projects', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** One project. */
export function projectQuery(projectId: string) {
  return queryOptions({
    queryKey: ['projects', 'one', projectId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/projects/{projectId}', { params: { path: { projectId } }, signal })),
  });
}

/** What it still misses. */
export function checklistQuery(projectId: string) {
  return queryOptions({
    queryKey: ['projects', 'checklist', projectId],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/api/v1/projects/{projectId}/checklist', { params: { path: { projectId } }, signal })))
        .items,
  });
}

/** A page of its images, newest first. */
export function projectImagesQuery(projectId: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ['projects', 'images', projectId, { cursor }],
    queryFn: async ({ signal }) => {
      const params = { path: { projectId }, query: cursor === undefined ? {} : { cursor } };
      return await bodyOf(api.GET('/api/v1/projects/{projectId}/images', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** One image, and what stands against publishing it. */
export function projectImageQuery(imageId: string) {
  return queryOptions({
    queryKey: ['projects', 'image', imageId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/project-images/{imageId}', { params: { path: { imageId } }, signal })),
  });
}

/** The latest test results of an image, newest first. */
export function testResultsQuery(imageId: string) {
  return queryOptions({
    queryKey: ['projects', 'results', imageId],
    queryFn: async ({ signal }) => {
      const params = { path: { imageId }, query: { limit: 20 } };
      return (await bodyOf(api.GET('/api/v1/project-images/{imageId}/test-results', { params, signal }))).items;
    },
  });
}

/** A page of what was asked for, newest first. */
export function requestsQuery(
  projectId: string,
  query: { readonly cursor?: string | undefined; readonly limit?: number | undefined },
) {
  const { cursor, limit } = query;
  return queryOptions({
    queryKey: ['projects', 'requests', projectId, query],
    queryFn: async ({ signal }) => {
      const params = {
        path: { projectId },
        query: { ...(cursor === undefined ? {} : { cursor }), ...(limit === undefined ? {} : { limit }) },
      };
      return await bodyOf(api.GET('/api/v1/projects/{projectId}/requests', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** The registry key, masked: the whole of it is asked for by `showRegistryKey`. Of a family of its own: no event is about it. */
export function registryKeyQuery(projectId: string) {
  return queryOptions({
    queryKey: ['project-keys', projectId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/projects/{projectId}/registry-key', { params: { path: { projectId } }, signal })),
  });
}

/** The whole key; that it was shown is written down. Not kept in the cache. */
export async function showRegistryKey(projectId: string): Promise<string> {
  const params = { path: { projectId }, query: { reveal: 'true' as const } };
  return (await bodyOf(api.GET('/api/v1/projects/{projectId}/registry-key', { params }))).text;
}
