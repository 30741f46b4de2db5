/** Builds and their configuration as a server answers them. What is not looked at here stays in them, for `--format json`. */
import { z } from 'zod';

/** States in which nothing happens to a build any more. */
const OVER: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

const change = z.object({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() });

export const buildSchema = z.looseObject({
  id: z.string(),
  projectId: z.string(),
  tag: z.string(),
  version: z.string(),
  /** `queued`, `cloning`, `building`, `pushing`, `scanning`, `succeeded`, `failed` or `cancelled`. */
  state: z.string(),
  cause: z.string(),
  causes: z.array(z.object({ kind: z.string(), detail: z.string() })),
  requestedBy: z.string(),
  source: z.object({ url: z.string(), ref: z.string(), dockerfile: z.string() }).nullable(),
  builder: z.string().nullable(),
  /** `ospid-…/NAME`, in the hosted registry. */
  repository: z.string().nullable(),
  commit: z.string().nullable(),
  digest: z.string().nullable(),
  manifests: z.array(z.object({ platform: z.string(), digest: z.string() })),
  baseImages: z.array(z.object({ reference: z.string(), digest: z.string() })),
  failure: z
    .looseObject({
      code: z.string(),
      message: z.string(),
      step: z.string(),
      line: z.number().nullable(),
      tail: z.array(z.string()),
    })
    .nullable(),
  images: z.array(
    z.object({
      id: z.string(),
      digest: z.string(),
      isCertified: z.boolean(),
      grade: z.string().nullable(),
      isPublished: z.boolean(),
    }),
  ),
  changes: z
    .object({
      since: z.string(),
      packages: z.array(change),
      packageCount: z.number(),
      findingsGone: z.array(z.string()),
      findingsNew: z.array(z.string()),
    })
    .nullable(),
  notPublished: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});

/** A build. */
export type Build = z.output<typeof buildSchema>;

/** Whether nothing happens to a build in this state any more. */
export function isOver(state: string): boolean {
  return OVER.has(state);
}

/** Whether a build ended as it should: succeeded, with images that are all certified. One without is of no architecture that can be. */
export function isGood({ state, images }: Pick<Build, 'state' | 'images'>): boolean {
  return state === 'succeeded' && images.length > 0 && images.every(({ isCertified }) => isCertified);
}

export const configurationSchema = z.looseObject({
  isEnabled: z.boolean(),
  source: z.object({
    url: z.string(),
    ref: z.string(),
    wantsSubmodules: z.boolean(),
    wantsLfs: z.boolean(),
    hasOwnCertificates: z.boolean(),
  }),
  login: z.object({
    kind: z.enum(['none', 'token', 'ssh-key']),
    username: z.string().nullable(),
    keyKind: z.string().nullable(),
    fingerprint: z.string().nullable(),
    publicKey: z.string().nullable(),
    savedAt: z.string().nullable(),
  }),
  dockerfile: z.string(),
  context: z.string(),
  imageName: z.string(),
  platforms: z.array(z.string()),
  labels: z.record(z.string(), z.string()),
  /** Lines of known_hosts. */
  hostKeys: z.array(z.string()),
  argumentNames: z.array(z.string()),
  pullHosts: z.array(z.string()),
  autoRebuild: z.boolean(),
  autoPublish: z.boolean(),
  rebuildDelaySeconds: z.number(),
  limits: z.record(z.string(), z.number()),
  warnings: z.array(z.string()),
});

/** How a project is built. */
export type BuildConfiguration = z.output<typeof configurationSchema>;

export const sourceReportSchema = z.looseObject({
  commit: z.string(),
  ref: z.string(),
  hasDockerfile: z.boolean(),
  froms: z.array(z.string()),
  stages: z.array(z.string()),
  hostKeyFingerprints: z.array(z.string()),
  warnings: z.array(z.string()),
});

/** What a look at a source found. */
export type SourceReport = z.output<typeof sourceReportSchema>;
