/** Answers of Artifactory's REST API. */
import { z } from 'zod';

/** `GET api/repositories?packageType=docker`. */
export const repositoriesAnswer = z.array(z.object({ key: z.string(), type: z.string() }));

/** `GET api/repositories/{key}` of a virtual repository: its members. */
export const virtualAnswer = z.object({ repositories: z.array(z.string()).nullish() });

const item = z.object({
  path: z.string(),
  created: z.string().nullish(),
  modified: z.string().nullish(),
  sha256: z.string().nullish(),
});

/** `POST api/search/aql`. The totals in `range` are of the page, so they are of no use. */
export const aqlAnswer = z.object({ results: z.array(item) });

export type AqlItem = z.infer<typeof item>;
