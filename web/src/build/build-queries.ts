/** Keys and fetchers of builds and how they are made. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';

/** How the image of a project is built; null before anybody said it. */
export function buildConfigurationQuery(projectId: string) {
  return queryOptions({
    queryKey: ['builds', 'configuration', projectId],
    queryFn: async ({ signal }) => {
      const params = { path: { projectId } };
      const body = await bodyOf(api.GET('/api/v1/projects/{projectId}/build-configuration', { params, signal }));
      return body.configuration;
    },
  });
}

/** A page of builds, newest first. */
export function buildsQuery(projectId: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ['builds', 'list', projectId, { cursor }],
    queryFn: async ({ signal }) => {
      const params = { path: { projectId }, query: cursor === undefined ? {} : { cursor } };
      return await bodyOf(api.GET('/api/v1/projects/{projectId}/builds', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** One build. */
export function buildQuery(buildId: string) {
  return queryOptions({
    queryKey: ['builds', 'one', buildId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/builds/{buildId}', { params: { path: { buildId } }, signal })),
  });
}
