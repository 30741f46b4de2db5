/** What is particular to Harbor. */
import { z } from 'zod';
import type { Capabilities } from '../connector.ts';

export const harborSettings = z.strictObject({});

/**
 * Artifacts come newest first, but a tag that is put on an older artifact has a date of its own: so a listing since a date cannot stop early,
 * nor can Harbor's filter by the date of the artifact be used.
 */
export const HARBOR_CAPABILITIES: Capabilities = {
  catalog: true,
  pushedDate: true,
  newestFirst: false,
  dateFilter: false,
  pullTimeSideEffect: true,
  rateLimitHeaders: false,
};

export const HARBOR = { type: 'harbor', capabilities: HARBOR_CAPABILITIES } as const;
