/**
 * What Docker Hub's API answers, as far as it is used. Source: docs.docker.com, "Docker Hub API reference".
 */
import { z } from 'zod';
import { isDigest } from '#oci/digest.ts';
import { apiDate } from '../api-date.ts';

export const loginAnswer = z.object({ access_token: z.string().min(1) });

export const namespacesAnswer = z.object({ namespaces: z.array(z.string()) });

export const repositoriesPage = z.object({
  next: z.string().nullish(),
  results: z.array(z.object({ name: z.string(), namespace: z.string() })),
});

export const tagAnswer = z
  .object({
    name: z.string(),
    digest: z.string().nullish().catch(null),
    full_size: z.number().int().nonnegative().nullish().catch(null),
    last_updated: apiDate,
    tag_last_pushed: apiDate,
    media_type: z.string().nullish().catch(null),
  })
  .transform(({ name, digest, full_size, last_updated, tag_last_pushed, media_type }) => {
    const pushedAt = tag_last_pushed ?? last_updated;
    return {
      /** What the listing is ordered by. */
      updatedAt: last_updated ?? tag_last_pushed,
      tag: {
        name,
        ...(digest && isDigest(digest) ? { digest } : {}),
        ...(pushedAt === undefined ? {} : { pushedAt }),
        ...(full_size ? { sizeBytes: full_size } : {}),
        ...(media_type ? { mediaType: media_type } : {}),
      },
    };
  });

export const tagsPage = z.object({ next: z.string().nullish(), results: z.array(tagAnswer) });
