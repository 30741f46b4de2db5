/**
 * What GitLab's API answers, as far as it is used. Source: docs.gitlab.com, "Container registry API" and "Projects API".
 */
import { z } from 'zod';
import { isDigest } from '#oci/digest.ts';
import { apiDate } from '../api-date.ts';

export const projectsPage = z.array(
  z.object({ id: z.number().int(), path_with_namespace: z.string(), archived: z.boolean().nullish() }),
);

export const repositoriesPage = z.array(
  z.object({ id: z.number().int(), project_id: z.number().int(), path: z.string() }),
);

export const tagNamesPage = z.array(z.object({ name: z.string() }));

export const tagAnswer = z
  .object({
    name: z.string(),
    digest: z.string().nullish().catch(null),
    created_at: apiDate,
    total_size: z.number().int().nonnegative().nullish().catch(null),
  })
  .transform(({ name, digest, created_at, total_size }) => ({
    name,
    ...(digest && isDigest(digest) ? { digest } : {}),
    ...(created_at === undefined ? {} : { pushedAt: created_at, pushedAtSource: 'config' as const }),
    ...(total_size ? { sizeBytes: total_size } : {}),
  }));
