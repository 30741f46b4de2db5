/**
 * What GitHub's API answers, as far as it is used. Source: docs.github.com, "REST API endpoints for packages" and "… for users".
 */
import { z } from 'zod';
import { isDigest } from '#oci/digest.ts';
import { apiDate } from '../api-date.ts';

export const accountAnswer = z.object({ login: z.string().min(1), type: z.string().catch('User') });

export const packagesPage = z.array(
  z.object({
    name: z.string(),
    owner: z.object({ login: z.string() }).nullish(),
    repository: z.object({ archived: z.boolean().nullish() }).nullish(),
  }),
);

export const versionsPage = z.array(
  z
    .object({
      /** The digest; versions that are no images have other names. */
      name: z.string(),
      created_at: apiDate,
      updated_at: apiDate,
      metadata: z.object({ container: z.object({ tags: z.array(z.string()) }).nullish() }).nullish(),
    })
    .transform(({ name, created_at, updated_at, metadata }) => {
      const pushedAt = updated_at ?? created_at;
      return {
        tags: metadata?.container?.tags ?? [],
        /** The later of the two dates, by which the listing is ordered as far as anyone knows. */
        changedAt: [created_at, updated_at]
          .filter(date => date !== undefined)
          .sort()
          .at(-1),
        facts: { ...(isDigest(name) ? { digest: name } : {}), ...(pushedAt === undefined ? {} : { pushedAt }) },
      };
    }),
);
