/** The cache of what the server said. Nothing is polled: events tell what has changed (`live/`). */
import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './client.ts';

const MAX_RETRIES = 2;

/** Whether asking again may help: the server was not reached, or was not ready. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiProblem && (error.status === 0 || error.status === 502 || error.status === 503);
}

/** Makes the cache of one window. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, error) => count < MAX_RETRIES && isPassing(error),
        // Events say when something has changed; this is for what no event is sent of.
        staleTime: 30_000,
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}
