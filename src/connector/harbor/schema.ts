/** Answers of Harbor's API, version 2.0. */
import { z } from 'zod';

/** `GET /repositories`: names with their project in front. */
export const repositoriesPage = z.array(z.object({ name: z.string() }));

/** `GET /projects`: those with a `registry_id` are proxy caches. */
export const projectsPage = z.array(z.object({ name: z.string(), registry_id: z.number().nullish().catch(undefined) }));

const tag = z.object({ name: z.string(), push_time: z.string().nullish() });

/** One artifact with its tags. */
export const artifact = z.object({
  digest: z.string(),
  manifest_media_type: z.string().nullish(),
  size: z.number().nullish(),
  push_time: z.string().nullish(),
  tags: z.array(tag).nullish(),
});

/** `GET …/artifacts`. */
export const artifactsPage = z.array(artifact);

/** `GET /systeminfo`, as everybody may ask it. */
export const systemInfo = z.object({ auth_mode: z.string() });

export type HarborArtifact = z.infer<typeof artifact>;
