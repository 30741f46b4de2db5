/** Projects and their images as a server answers them. What is not looked at here stays in them, for `--format json`. */
import { z } from 'zod';

export const projectSchema = z.looseObject({
  id: z.string(),
  pid: z.string(),
  name: z.string(),
  status: z.string(),
  containerType: z.string(),
  osContentType: z.string().nullable(),
  distributionMethod: z.string(),
  registry: z.string().nullable(),
  repository: z.string().nullable(),
  isPrivileged: z.boolean(),
  autoPublish: z.boolean(),
  isHosted: z.boolean(),
  /** `HOST/ospid-…`; null: its images are not pushed to the server. */
  pushTo: z.string().nullable(),
  certificationStatus: z.string(),
  pullSecret: z.object({ entry: z.string(), account: z.string().nullable(), dropped: z.array(z.string()) }).nullable(),
});

/** A project. */
export type Project = z.output<typeof projectSchema>;

export const checklistSchema = z.object({
  items: z.array(z.object({ item: z.string(), state: z.string(), message: z.string() })),
});

/** What a project has and misses, in the order in which things are done. */
export type Checklist = z.output<typeof checklistSchema>['items'];

export const imageSchema = z.looseObject({
  id: z.string(),
  digest: z.string(),
  /** Of the index that it belongs to. */
  listDigest: z.string().nullable(),
  architecture: z.string(),
  isCertified: z.boolean(),
  /** Null until the server's own checks have run. */
  isVerifiedCertified: z.boolean().nullable(),
  registry: z.string().nullable(),
  repository: z.string().nullable(),
  tags: z.array(z.object({ name: z.string(), addedAt: z.string() })),
  scan: z.object({ state: z.string(), message: z.string().nullable() }),
  grade: z.string().nullable(),
  publishedAt: z.string().nullable(),
});

/** An image of a project. */
export type ProjectImage = z.output<typeof imageSchema>;

export const registryKeySchema = z.looseObject({
  /** The key, or its beginning. */
  text: z.string(),
  isMasked: z.boolean(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
