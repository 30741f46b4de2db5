/** Keys and fetchers of the overview. */
import { queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';

/** Totals, what was found lately, and findings over time; of one namespace, or of all that one sees. */
export function overviewQuery(namespace: string | undefined) {
  return queryOptions({
    queryKey: ['overview', { namespace }],
    queryFn: async ({ signal }) => {
      const query = namespace === undefined ? {} : { namespace };
      return await bodyOf(api.GET('/api/v1/overview', { params: { query }, signal }));
    },
  });
}

/** By which advisories images are judged. */
export const databaseQuery = queryOptions({
  queryKey: ['database', 'status'],
  queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/vulnerability-database', { signal })),
});

/** Sensors that are not retired. */
export const overviewSensorsQuery = queryOptions({
  queryKey: ['sensors', 'overview'],
  queryFn: async ({ signal }) => (await bodyOf(api.GET('/api/v1/sensors', { signal }))).items,
});
