/** What is particular to the GitHub Container Registry. */
import { z } from 'zod';
import type { Capabilities } from '../connector.ts';

export const ghcrSettings = z.strictObject({
  /** The organisation or user whose packages are listed; without, those of the token's own user. */
  owner: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^[a-z0-9][a-z0-9_-]{0,99}$/, 'expected the name of an organisation or user, such as acme')
    .optional(),
});

export const GHCR = {
  type: 'ghcr',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: true,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: true,
  } satisfies Capabilities,
} as const;

/**
 * Where the API is. GitHub Enterprise Server has its registry at `containers.HOST` and its API at `HOST/api/v3/`; anything else is taken
 * for the host of such a server as well.
 */
export function apiBaseOf(registry: URL): URL {
  if (registry.hostname === 'ghcr.io') return new URL('https://api.github.com/');
  return new URL(`${registry.protocol}//${registry.host.replace(/^containers\./, '')}/api/v3/`);
}
