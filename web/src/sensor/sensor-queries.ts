/** Keys and fetchers of sensors and their tokens. */
import { queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';

export function sensorsQuery(withRetired: boolean) {
  return queryOptions({
    queryKey: ['sensors', 'list', { withRetired }],
    queryFn: async ({ signal }) =>
      await bodyOf(
        api.GET('/api/v1/sensors', { params: { query: withRetired ? { retired: 'true' as never } : {} }, signal }),
      ),
  });
}

export function sensorQuery(sensorId: string) {
  return queryOptions({
    queryKey: ['sensors', 'one', sensorId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/sensors/{sensorId}', { params: { path: { sensorId } }, signal })),
  });
}

/** Tokens that no sensor has used yet. */
export const sensorTokensQuery = queryOptions({
  queryKey: ['sensors', 'tokens'],
  queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/sensor-tokens', { signal })),
});

/** Where all that the server knows of a sensor is downloaded from. */
export function diagnosticsPath(sensorId: string): string {
  return `/api/v1/sensors/${sensorId}/diagnostics`;
}
