/** Answers of Nexus's REST API, version 1. */
import { z } from 'zod';

/** `GET /repositories`. */
export const repositoriesAnswer = z.array(z.object({ name: z.string(), format: z.string(), type: z.string() }));

const asset = z.object({
  path: z.string().nullish(),
  lastModified: z.string().nullish(),
  blobCreated: z.string().nullish(),
  checksum: z.object({ sha256: z.string().nullish() }).nullish(),
});

const component = z.object({ name: z.string(), version: z.string().nullish(), assets: z.array(asset).nullish() });

/** `GET /components` and `GET /search`: an image and a tag each. */
export const componentsPage = z.object({
  items: z.array(component),
  continuationToken: z.string().nullish(),
});

export type NexusComponent = z.infer<typeof component>;
