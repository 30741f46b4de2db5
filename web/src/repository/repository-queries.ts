/** Keys and fetchers of repositories and their tags. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';

/** Repositories of all registries, of one, or of a namespace, by name. */
export function repositoriesQuery({
  search,
  namespace,
  registry,
  cursor,
}: {
  readonly search: string;
  readonly namespace: string | undefined;
  readonly registry: string | undefined;
  readonly cursor: string | undefined;
}) {
  return queryOptions({
    queryKey: ['repositories', 'everywhere', { search, namespace, registry, cursor }],
    queryFn: async ({ signal }) => {
      const query = {
        ...(search === '' ? {} : { q: search }),
        ...(namespace === undefined ? {} : { namespace }),
        ...(registry === undefined ? {} : { registry }),
        ...(cursor === undefined ? {} : { cursor }),
      };
      return await bodyOf(api.GET('/api/v1/repositories', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** The tags of a repository, by name. */
export function tagsQuery(registryId: string, repository: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ['repositories', 'tags', registryId, repository, { cursor }],
    queryFn: async ({ signal }) => {
      const params = { path: { registryId }, query: { repository, ...(cursor === undefined ? {} : { cursor }) } };
      return await bodyOf(api.GET('/api/v1/registries/{registryId}/tags', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** What a tag named, latest first. */
export function tagHistoryQuery(registryId: string, repository: string, tag: string) {
  return queryOptions({
    queryKey: ['repositories', 'history', registryId, repository, tag],
    queryFn: async ({ signal }) => {
      const params = { path: { registryId, tag }, query: { repository } };
      return (await bodyOf(api.GET('/api/v1/registries/{registryId}/tags/{tag}/history', { params, signal }))).items;
    },
  });
}

/** Asks for a scan of what a tag names now. */
export async function scanTag({
  registryId,
  repository,
  tag,
}: {
  readonly registryId: string;
  readonly repository: string;
  readonly tag: string;
}) {
  const params = { path: { registryId } };
  return await bodyOf(
    api.POST('/api/v1/registries/{registryId}/images/scan', { params, body: { repository, tag, isDeep: false } }),
  );
}
