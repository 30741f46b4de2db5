/** Keys and fetchers of runs. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import type { RunImage } from '../api/model.ts';

/** Runs of a namespace, of a registry or of a job, latest first. */
export function runsQuery({
  namespace,
  registry,
  schedule,
  cursor,
}: {
  readonly namespace?: string | undefined;
  readonly registry?: string;
  readonly schedule?: string;
  readonly cursor?: string | undefined;
}) {
  return queryOptions({
    queryKey: ['runs', 'list', { namespace, registry, schedule, cursor }],
    queryFn: async ({ signal }) => {
      const query = {
        ...(namespace === undefined ? {} : { namespace }),
        ...(registry === undefined ? {} : { registry }),
        ...(schedule === undefined ? {} : { schedule }),
        ...(cursor === undefined ? {} : { cursor }),
      };
      return await bodyOf(api.GET('/api/v1/runs', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

export function runQuery(runId: string) {
  return queryOptions({
    queryKey: ['runs', 'one', runId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/runs/{runId}', { params: { path: { runId } }, signal })),
  });
}

/** A page of the images of a run. */
export function runImagesQuery(
  runId: string,
  { state, cursor }: { readonly state: RunImage['state'] | undefined; readonly cursor: string | undefined },
) {
  return queryOptions({
    queryKey: ['runs', 'images', runId, { state, cursor }],
    queryFn: async ({ signal }) => {
      const query = { ...(state === undefined ? {} : { state }), ...(cursor === undefined ? {} : { cursor }) };
      return await bodyOf(api.GET('/api/v1/runs/{runId}/images', { params: { path: { runId }, query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** What happened in a run, oldest first; the first 500 events. */
export function runEventsQuery(runId: string) {
  return queryOptions({
    queryKey: ['runs', 'events', runId],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/api/v1/events', { params: { query: { run: runId, limit: 500 } }, signal }))).items,
  });
}
