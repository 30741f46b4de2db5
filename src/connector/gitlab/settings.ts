/** What is particular to GitLab. */
import { z } from 'zod';
import type { Capabilities } from '../connector.ts';

export const gitlabSettings = z.strictObject({
  /** Where GitLab itself is, when the registry does not tell: `https://gitlab.example`, with a path where it has one. */
  gitlabUrl: z.url({ protocol: /^https?$/, error: 'expected a URL such as https://gitlab.example' }).optional(),
  /** The group whose repositories are listed, with all its subgroups: `team/backend`; without, all projects that the token is a member of. */
  group: z
    .string()
    .trim()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,20}$/,
      'expected the path of a group, such as team/backend',
    )
    .max(255)
    .optional(),
});

export const GITLAB = {
  type: 'gitlab',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: true,
  } satisfies Capabilities,
} as const;
