/** Keys and fetchers of registries and their products. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ApiProblem, api, bodyOf } from '../api/client.ts';

/** A page of registries, by name; of one namespace, or of all that one sees. */
export function registriesQuery({
  namespace,
  cursor,
}: {
  readonly namespace?: string | undefined;
  readonly cursor?: string | undefined;
}) {
  return queryOptions({
    queryKey: ['registries', 'list', { namespace, cursor }],
    queryFn: async ({ signal }) => {
      const query = {
        ...(namespace === undefined ? {} : { namespace }),
        ...(cursor === undefined ? {} : { cursor }),
      };
      return await bodyOf(api.GET('/api/v1/registries', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** One registry with its totals. */
export function registryQuery(registryId: string) {
  return queryOptions({
    queryKey: ['registries', 'one', registryId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/registries/{registryId}', { params: { path: { registryId } }, signal })),
  });
}

/** The address where a registry tells of pushes; null when it has none. */
export function pushHookQuery(registryId: string) {
  return queryOptions({
    queryKey: ['registries', 'hook', registryId],
    queryFn: async ({ signal }) => {
      try {
        return await bodyOf(
          api.GET('/api/v1/registries/{registryId}/hook', { params: { path: { registryId } }, signal }),
        );
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 404) return null;
        throw error;
      }
    },
  });
}

/** The products that registries are of; they change with the server alone. */
export const productsQuery = queryOptions({
  queryKey: ['products'],
  queryFn: async ({ signal }) => (await bodyOf(api.GET('/api/v1/registry-products', { signal }))).items,
  staleTime: Number.POSITIVE_INFINITY,
});
