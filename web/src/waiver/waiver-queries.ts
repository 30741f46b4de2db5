/** Keys and fetchers of waivers: weaknesses that somebody accepts. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import type { NewWaiver, Waiver } from '../api/model.ts';
import type { paths } from '../api/schema.d.ts';

export type WaiversQuery = NonNullable<paths['/api/v1/waivers']['get']['parameters']['query']>;

/** What is counted or listed otherwise when a waiver is made, changed or ended: first words of query keys. */
export const STALE_BY_WAIVER = [
  'waivers',
  'images',
  'repositories',
  'registries',
  'overview',
  'vulnerabilities',
] as const;

/** A page of waivers, newest first. */
export function waiversQuery(query: WaiversQuery) {
  return queryOptions({
    queryKey: ['waivers', 'list', query],
    queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/waivers', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** Makes a waiver. */
export async function createWaiver(waiver: NewWaiver): Promise<Waiver> {
  return await bodyOf(api.POST('/api/v1/waivers', { body: waiver }));
}

/** Changes why one holds, or until when; null: until somebody ends it. */
export async function changeWaiver(
  { id, revision }: Pick<Waiver, 'id' | 'revision'>,
  change: { readonly reason: string; readonly expiresOn: string | null },
): Promise<Waiver> {
  return await bodyOf(
    api.PATCH('/api/v1/waivers/{waiverId}', {
      params: { path: { waiverId: id } },
      headers: { 'if-match': `"r${revision}"` },
      body: change,
    }),
  );
}

/** Ends one; it stays readable. */
export async function endWaiver(waiverId: string): Promise<void> {
  await api.DELETE('/api/v1/waivers/{waiverId}', { params: { path: { waiverId } } });
}

/** Where the waivers that hold are downloaded from, as the file that `plimsoll scan` takes. */
export function documentPath({
  namespace,
  registry,
  repository,
}: {
  readonly namespace: string;
  readonly registry: string;
  readonly repository: string;
}): string {
  const query = new URLSearchParams({
    namespace,
    ...(registry === '' ? {} : { registry }),
    ...(registry === '' || repository === '' ? {} : { repository }),
  });
  return `/api/v1/waivers/document?${query}`;
}
