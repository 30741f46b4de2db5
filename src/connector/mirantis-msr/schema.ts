/** Answers of the API of MSR 2.9 to 3.x, and of Docker Trusted Registry before them. */
import { z } from 'zod';

/** `GET /api/v0/repositories`. */
export const repositoriesPage = z.object({
  repositories: z.array(z.object({ namespace: z.string(), name: z.string() })).nullish(),
});

const tag = z.object({
  name: z.string(),
  digest: z.string().nullish(),
  updatedAt: z.string().nullish(),
  createdAt: z.string().nullish(),
});

/** `GET /api/v0/repositories/{namespace}/{name}/tags`. */
export const tagsPage = z.array(tag).nullable();
