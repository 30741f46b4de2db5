/** Keys and fetchers of what admins set: accounts, namespaces, keys, the OpenID provider, webhooks, the audit log. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ApiProblem, api, bodyOf } from '../api/client.ts';
import type { OidcSettings } from '../api/model.ts';

const page = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

export function accountsQuery(cursor: string | undefined) {
  return queryOptions({
    queryKey: ['accounts', { cursor }],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/accounts', { params: { query: page(cursor) }, signal })),
    placeholderData: keepPreviousData,
  });
}

export function namespaceListQuery(cursor: string | undefined) {
  return queryOptions({
    queryKey: ['namespaces', 'list', { cursor }],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/namespaces', { params: { query: page(cursor) }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** Who has a role in a namespace; with `undefined` everywhere. */
export function membersQuery(namespaceId: string | undefined) {
  return queryOptions({
    queryKey: ['members', namespaceId ?? 'everywhere'],
    queryFn: async ({ signal }) => {
      const query = { limit: 500 };
      if (namespaceId === undefined) return await bodyOf(api.GET('/api/v1/members', { params: { query }, signal }));
      return await bodyOf(
        api.GET('/api/v1/namespaces/{namespaceId}/members', { params: { path: { namespaceId }, query }, signal }),
      );
    },
  });
}

/** My own keys, or with `all` everybody's. */
export function apiKeysQuery({
  account,
  cursor,
}: {
  readonly account?: 'all' | undefined;
  readonly cursor: string | undefined;
}) {
  return queryOptions({
    queryKey: ['api-keys', { account, cursor }],
    queryFn: async ({ signal }) => {
      const query = { ...page(cursor), ...(account === undefined ? {} : { account }) };
      return await bodyOf(api.GET('/api/v1/api-keys', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

/** The OpenID provider; `null` when none is configured. */
export const oidcQuery = queryOptions({
  queryKey: ['oidc'],
  queryFn: async ({ signal }): Promise<OidcSettings | null> => {
    try {
      return await bodyOf(api.GET('/api/v1/settings/oidc', { signal }));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return null;
      throw error;
    }
  },
});

export const webhooksQuery = queryOptions({
  queryKey: ['webhooks', 'list'],
  queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/webhooks', { signal })),
});

export function webhookQuery(webhookId: string) {
  return queryOptions({
    queryKey: ['webhooks', 'one', webhookId],
    queryFn: async ({ signal }) =>
      await bodyOf(api.GET('/api/v1/webhooks/{webhookId}', { params: { path: { webhookId } }, signal })),
  });
}

export function deliveriesQuery(webhookId: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ['webhooks', 'deliveries', webhookId, { cursor }],
    queryFn: async ({ signal }) =>
      await bodyOf(
        api.GET('/api/v1/webhooks/{webhookId}/deliveries', {
          params: { path: { webhookId }, query: page(cursor) },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

/** Changes, newest first. */
export function auditQuery({
  cursor,
  action,
  namespace,
}: {
  readonly cursor: string | undefined;
  readonly action: string;
  readonly namespace: string;
}) {
  return queryOptions({
    queryKey: ['audit', { cursor, action, namespace }],
    queryFn: async ({ signal }) => {
      const query = {
        ...page(cursor),
        ...(action === '' ? {} : { action }),
        ...(namespace === '' ? {} : { namespace }),
      };
      return await bodyOf(api.GET('/api/v1/audit-entries', { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}
