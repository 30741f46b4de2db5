/** Answers of Quay's API, version 1. */
import { z } from 'zod';

/** `GET /repository`; `next_page` is opaque. */
export const repositoriesPage = z.object({
  repositories: z.array(
    z.object({ namespace: z.string(), name: z.string(), kind: z.string().nullish(), state: z.string().nullish() }),
  ),
  next_page: z.string().nullish(),
});

/** `GET /user/`: who the token is of. */
export const userAnswer = z.object({
  username: z.string(),
  organizations: z.array(z.object({ name: z.string() })).nullish(),
});

const tag = z.object({
  name: z.string(),
  manifest_digest: z.string().nullish(),
  size: z.number().nullish(),
  /** Unix seconds: when the tag came to point where it does. */
  start_ts: z.number().nullish(),
  /** The same as RFC 1123 has it. */
  last_modified: z.string().nullish(),
});

/** `GET /repository/{name}/tag/`. */
export const tagsPage = z.object({ tags: z.array(tag), has_additional: z.boolean().nullish() });

export type QuayTag = z.infer<typeof tag>;
