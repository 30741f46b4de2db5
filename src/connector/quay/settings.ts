/** What is particular to Red Hat Quay: namespaces, and that much depends on the token of its API. */
import { z } from 'zod';
import type { Capabilities } from '../connector.ts';

const namespace = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,254})$/, 'expected the name of an organisation or a user');

export const quaySettings = z.strictObject({
  /** Whose repositories to list; what the owner of the token belongs to when missing. */
  namespaces: z.array(namespace).min(1).max(100).optional(),
});

export const QUAY = {
  type: 'quay',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: true,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** Robots may pull, and not use the API: no dates then. */
export const ROBOT_CAPABILITIES: Capabilities = { ...QUAY.capabilities, pushedDate: false, newestFirst: false };
