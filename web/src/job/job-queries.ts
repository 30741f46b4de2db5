/** Keys and fetchers of scan jobs and of what they would do. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import type { ScheduleSettings } from '../api/model.ts';
import type { Preview } from './preview.ts';

/** A page of the jobs of a registry, by name. */
export function jobsQuery(registryId: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ['schedules', 'list', registryId, { cursor }],
    queryFn: async ({ signal }) => {
      const query = { registry: registryId, ...(cursor === undefined ? {} : { cursor }) };
      return await bodyOf(api.GET('/api/v1/schedules', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

export function jobQuery(scheduleId: string) {
  return queryOptions({
    queryKey: ['schedules', 'one', scheduleId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/schedules/{scheduleId}', { params: { path: { scheduleId } }, signal })),
  });
}

/** What settings would do. The registry is asked, so the answer is kept for a while. */
export function previewQuery(registryId: string, settings: ScheduleSettings) {
  return queryOptions({
    queryKey: ['preview', registryId, settings],
    queryFn: async ({ signal }) => {
      const call = api.POST('/api/v1/registries/{registryId}/schedules/preview', {
        params: { path: { registryId } },
        // The name decides nothing, and may still be missing.
        body: { ...settings, name: settings.name.trim() === '' ? 'preview' : settings.name },
        signal,
      });
      return (await bodyOf(call)) as unknown as Preview;
    },
    staleTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
}

/** The repositories of a registry that are known, at most 500. */
export function knownRepositoriesQuery(registryId: string) {
  return queryOptions({
    queryKey: ['repositories', 'names', registryId],
    queryFn: async ({ signal }) => {
      const params = { path: { registryId }, query: { limit: 500 } };
      return await bodyOf(api.GET('/api/v1/registries/{registryId}/repositories', { params, signal }));
    },
  });
}
