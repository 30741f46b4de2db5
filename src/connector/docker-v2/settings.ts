/** What is particular to plain registries: no settings of their own, and no dates. */
import { z } from 'zod';
import type { Capabilities } from '../connector.ts';

export const dockerV2Settings = z.strictObject({});

/** Plain registries know no dates: when an image was built is read from the image, later. */
export const DOCKER_V2 = {
  type: 'docker-v2',
  capabilities: {
    catalog: true,
    pushedDate: false,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;
