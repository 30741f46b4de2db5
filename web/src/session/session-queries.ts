/** Who uses this window, and how one signs in. */
import { queryOptions } from '@tanstack/react-query';
import { ApiProblem, api, bodyOf, setCsrfToken } from '../api/client.ts';
import type { Session } from '../api/model.ts';

/** Who I am and what I may; `null` when nobody has signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      const session = await bodyOf(api.GET('/api/v1/session', { signal }));
      setCsrfToken(session.csrfToken ?? undefined);
      return session;
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** Whether the server has accounts yet, and where else one may sign in. */
export const setupQuery = queryOptions({
  queryKey: ['setup'],
  queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/setup', { signal })),
});

/** The namespaces that I see, all of them: few enough for a menu. */
export const namespacesQuery = queryOptions({
  queryKey: ['namespaces', 'all'],
  queryFn: async ({ signal }) => {
    const page = await bodyOf(api.GET('/api/v1/namespaces', { params: { query: { limit: 500 } }, signal }));
    return page.items;
  },
});
