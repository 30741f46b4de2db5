/** Keys and fetchers of images and what is in them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.ts';
import type { paths } from '../api/schema.d.ts';

type ImagesParameters = NonNullable<paths['/api/v1/images']['get']['parameters']['query']>;
type FindingsParameters = NonNullable<paths['/api/v1/images/{digest}/findings']['get']['parameters']['query']>;
type PackagesParameters = NonNullable<paths['/api/v1/images/{digest}/packages']['get']['parameters']['query']>;

export type ImagesQuery = ImagesParameters;
export type FindingsQuery = FindingsParameters;
/** A page of images. */
export function imagesQuery(query: ImagesParameters) {
  return queryOptions({
    queryKey: ['images', 'list', query],
    queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/images', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** A manifest or index. */
export function manifestQuery(digest: string) {
  return queryOptions({
    queryKey: ['images', 'manifest', digest],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/manifests/{digest}', { params: { path: { digest } }, signal })),
  });
}

/** Where an image is; empty for what is only listed by an index. */
export function placesQuery(digest: string) {
  return queryOptions({
    queryKey: ['images', 'places', digest],
    queryFn: async ({ signal }) => {
      const params = { query: { q: digest, limit: 1 } };
      return (await bodyOf(api.GET('/api/v1/images', { params, signal }))).items[0]?.places ?? [];
    },
  });
}

/** A page of the findings of an image. */
export function findingsQuery(digest: string, query: FindingsParameters) {
  return queryOptions({
    queryKey: ['images', 'findings', digest, query],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/images/{digest}/findings', { params: { path: { digest }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

const MAX_WAIVED = 100;

/** How many findings of an image are set aside: counted up to a hundred, and in words. */
export function waivedFindingsQuery(digest: string) {
  return queryOptions({
    ...findingsQuery(digest, { waived: 'only', limit: MAX_WAIVED }),
    select: ({ items, nextCursor }) => ({
      count: items.length,
      text: nextCursor === null ? String(items.length) : `over ${items.length}`,
    }),
  });
}

/** By which policy an image is checked. */
export type PolicyName = NonNullable<
  NonNullable<paths['/api/v1/images/{digest}/checks']['get']['parameters']['query']>['policy']
>;

/** The checks of certification on an image; by the policy that fits it best when none is chosen. */
export function checksQuery(digest: string, policy: PolicyName | undefined) {
  return queryOptions({
    queryKey: ['images', 'checks', digest, policy],
    queryFn: async ({ signal }) => {
      const params = { path: { digest }, query: policy === undefined ? {} : { policy } };
      return await bodyOf(api.GET('/api/v1/images/{digest}/checks', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** What to upgrade, the most helpful first. */
export function upgradesQuery(digest: string) {
  return queryOptions({
    queryKey: ['images', 'upgrades', digest],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/api/v1/images/{digest}/upgrades', { params: { path: { digest } }, signal }))).items,
  });
}

/** What the report cannot say; null when there is none. */
export function coverageQuery(digest: string) {
  return queryOptions({
    queryKey: ['images', 'coverage', digest],
    queryFn: async ({ signal }) => {
      const { data } = await api.GET('/api/v1/images/{digest}/coverage', { params: { path: { digest } }, signal });
      return data ?? null;
    },
  });
}

/** The layers, lowest first. */
export function layersQuery(digest: string) {
  return queryOptions({
    queryKey: ['images', 'layers', digest],
    queryFn: async ({ signal }) =>
      (await bodyOf(api.GET('/api/v1/images/{digest}/layers', { params: { path: { digest } }, signal }))).items,
  });
}

/** A page of the packages of an image. */
export function imagePackagesQuery(digest: string, query: PackagesParameters) {
  return queryOptions({
    queryKey: ['images', 'packages', digest, query],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/images/{digest}/packages', { params: { path: { digest }, query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** What is different in `other`. */
export function comparisonQuery(digest: string, other: string) {
  return queryOptions({
    queryKey: ['images', 'comparison', digest, other],
    queryFn: async ({ signal }) => {
      const params = { path: { digest }, query: { with: other } };
      return await bodyOf(api.GET('/api/v1/images/{digest}/compare', { params, signal }));
    },
  });
}

/** Formats of reports and of SBOMs, with what they are called. */
export const DOWNLOADS = {
  sbom: [
    ['cyclonedx-json', 'CycloneDX 1.6, JSON'],
    ['spdx-json', 'SPDX 2.3, JSON'],
    ['json', 'Inventory, JSON'],
    ['purl-list', 'List of package URLs'],
    ['table', 'Table of text'],
  ],
  report: [
    ['html', 'Page to print (HTML)'],
    ['json', 'JSON'],
    ['sarif', 'SARIF'],
    ['markdown', 'Markdown'],
    ['table', 'Table of text'],
    ['junit', 'JUnit'],
    ['cyclonedx-json', 'CycloneDX with findings'],
    ['spdx-json', 'SPDX with findings'],
  ],
} as const satisfies Record<string, readonly (readonly [string, string])[]>;

/** Where a report or SBOM is downloaded from. */
export function downloadPath(digest: string, kind: keyof typeof DOWNLOADS, format: string): string {
  return `/api/v1/images/${digest}/${kind}?format=${format}`;
}
