/** How builds and their configuration look in the API. */
import { z } from 'zod';
import type { ConfiguredBuilds } from '#build/configure-build.ts';
import { tagOf } from '#build/queue-build.ts';
import { BUILD_CAUSES, BUILD_STATES, type BuildRecord } from '#store/build.ts';
import type { BuilderRecord } from '#store/build-lease.ts';

const count = z.number().int();
const limits = {
  timeMs: count.describe('From start to end'),
  memoryBytes: count,
  diskBytes: count,
  processes: count,
  outputBytes: count.describe('Of the log'),
};

const source = {
  url: z.string().max(2000).describe('`https://host/path`, `ssh://git@host/path` or `git@host:path`'),
  ref: z.string().max(500).describe('A branch, tag or commit; empty: the repository’s own branch'),
  wantsSubmodules: z.boolean(),
  wantsLfs: z.boolean(),
};

/** A configuration to be saved or tried. */
export const configurationBody = z.strictObject({
  isEnabled: z.boolean().default(true),
  source: z.strictObject({
    ...source,
    ref: source.ref.default(''),
    wantsSubmodules: z.boolean().default(false),
    wantsLfs: z.boolean().default(false),
    caPem: z
      .string()
      .max(200_000)
      .optional()
      .describe('Certificates (PEM) to trust besides the system’s; those there are stay while the host stays'),
  }),
  login: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('keep') }),
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({
        kind: z.literal('token'),
        username: z.string().max(200).optional(),
        token: z.string().max(10_000),
      }),
      z.strictObject({ kind: z.literal('ssh-key'), privateKey: z.string().max(40_000) }),
    ])
    .default({ kind: 'keep' })
    .describe('`keep` leaves the one that there is; it is never shown again'),
  dockerfile: z.string().max(500).optional(),
  context: z.string().max(500).optional().describe('Folder that the build sees; `.` for all of the repository'),
  imageName: z.string().max(100).optional().describe('Last part of the repository’s name in the project’s space'),
  platforms: z.array(z.string().max(100)).max(8).optional().describe('Empty: that of the builder'),
  labels: z.record(z.string().max(200), z.string().max(4000)).optional(),
  hostKeys: z
    .array(z.string().max(20_000))
    .max(20)
    .nullable()
    .optional()
    .describe('Lines of known_hosts; `null` trusts whatever key the host shows next'),
  arguments: z
    .record(z.string().max(128), z.string().max(10_000).nullable())
    .optional()
    .describe('Build arguments; `null` keeps the value that there is. Values are never shown again'),
  pullSecret: z
    .string()
    .max(256 * 1024)
    .nullable()
    .optional()
    .describe('config.json with log-ins for base images; `null` forgets it'),
  autoRebuild: z.boolean().optional().describe('Build again by itself when that makes a published image better'),
  autoPublish: z.boolean().optional().describe('Publish what passes its checks'),
  rebuildDelaySeconds: count.min(0).max(86_400).optional().describe('Causes that come within this time make one build'),
  limits: z.strictObject(limits).partial().optional(),
});

/** A configuration as it is shown: no secret is in it. */
export const configurationSchema = z
  .object({
    projectId: z.string(),
    isEnabled: z.boolean(),
    source: z.object({ ...source, hasOwnCertificates: z.boolean() }),
    login: z.object({
      kind: z.enum(['none', 'token', 'ssh-key']),
      username: z.string().nullable(),
      keyKind: z.string().nullable(),
      fingerprint: z.string().nullable().describe('Of the SSH key'),
      publicKey: z.string().nullable().describe('What belongs to the Git host'),
      savedAt: z.string().nullable(),
    }),
    dockerfile: z.string(),
    context: z.string(),
    imageName: z.string(),
    platforms: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    hostKeys: z.array(z.string()).describe('Lines of known_hosts that are trusted'),
    argumentNames: z.array(z.string()),
    pullHosts: z.array(z.string()).describe('Registries that there is a log-in for'),
    autoRebuild: z.boolean(),
    autoPublish: z.boolean(),
    rebuildDelaySeconds: count,
    limits: z.object(limits),
    warnings: z.array(z.string()),
    updatedAt: z.string(),
  })
  .meta({ id: 'BuildConfiguration' });

const change = z.object({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() });

/** A build. */
export const buildSchema = z
  .object({
    id: z.uuid(),
    projectId: z.string(),
    tag: z.string(),
    version: z.string(),
    number: count,
    state: z.enum(BUILD_STATES),
    cause: z.enum(BUILD_CAUSES),
    causes: z.array(z.object({ kind: z.enum(BUILD_CAUSES), detail: z.string() })),
    requestedBy: z.string(),
    notBefore: z.string(),
    attempts: count,
    source: z.object({ url: z.string(), ref: z.string(), dockerfile: z.string() }).nullable(),
    builder: z.string().nullable(),
    repository: z.string().nullable(),
    commit: z.string().nullable(),
    digest: z.string().nullable(),
    manifests: z.array(z.object({ platform: z.string(), digest: z.string() })),
    baseImages: z.array(z.object({ reference: z.string(), digest: z.string() })),
    failure: z
      .object({
        code: z.string(),
        message: z.string(),
        step: z.enum(['clone', 'build', 'push', 'scan']),
        line: count.nullable().describe('Of the Dockerfile'),
        instruction: z.string().nullable(),
        tail: z.array(z.string()).describe('The last lines of output'),
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
        since: z.string().describe('The published build that it is compared with'),
        packages: z.array(change),
        packageCount: count,
        findingsGone: z.array(z.string()),
        findingsNew: z.array(z.string()),
      })
      .nullable(),
    notPublished: z.string().nullable().describe('Why it was not published, where that was wanted'),
    logBytes: count,
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
  })
  .meta({ id: 'Build' });

/** A builder. */
export const builderSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    isBuiltIn: z.boolean(),
    versions: z.record(z.string(), z.string()),
    createdAt: z.string(),
    lastSeenAt: z.string().nullable(),
  })
  .meta({ id: 'Builder' });

export function presentConfiguration({
  configuration: c,
  warnings,
}: ConfiguredBuilds): z.infer<typeof configurationSchema> {
  const { caPem, ...shown } = c.source;
  const { kind, username, keyKind, fingerprint, publicKey, savedAt } = c.login;
  return {
    projectId: c.projectId,
    isEnabled: c.isEnabled,
    source: { ...shown, hasOwnCertificates: caPem !== undefined },
    login: {
      kind,
      username: username ?? null,
      keyKind: keyKind ?? null,
      fingerprint: fingerprint ?? null,
      publicKey: publicKey ?? null,
      savedAt: savedAt ?? null,
    },
    dockerfile: c.dockerfile,
    context: c.context,
    imageName: c.imageName,
    platforms: [...c.platforms],
    labels: { ...c.labels },
    hostKeys: [...c.hostKeys],
    argumentNames: [...c.argumentNames],
    pullHosts: [...c.pullHosts],
    autoRebuild: c.autoRebuild,
    autoPublish: c.autoPublish,
    rebuildDelaySeconds: c.rebuildDelaySeconds,
    limits: { ...c.limits },
    warnings: [...warnings],
    updatedAt: c.updatedAt,
  };
}

export function presentBuild(build: BuildRecord): z.infer<typeof buildSchema> {
  const { recipe, result, failure, outcome } = build;
  const changes = outcome?.changes;
  return {
    id: build.id,
    projectId: build.projectId,
    tag: tagOf(build),
    version: build.version,
    number: build.number,
    state: build.state,
    cause: build.cause,
    causes: build.causes.map(one => ({ ...one })),
    requestedBy: build.requestedBy,
    notBefore: build.notBefore,
    attempts: build.attempts,
    source: recipe === undefined ? null : { url: recipe.url, ref: recipe.ref, dockerfile: recipe.dockerfile },
    builder: recipe?.builder ?? null,
    repository: recipe?.repository ?? null,
    commit: result?.commit ?? null,
    digest: result?.digest ?? null,
    manifests: (result?.manifests ?? []).map(one => ({ ...one })),
    baseImages: (result?.baseImages ?? []).map(one => ({ ...one })),
    failure:
      failure === undefined
        ? null
        : {
            ...failure,
            line: failure.line ?? null,
            instruction: failure.instruction ?? null,
            tail: [...failure.tail],
          },
    images: (outcome?.images ?? []).map(image => ({ ...image, grade: image.grade ?? null })),
    changes:
      changes === undefined
        ? null
        : {
            since: changes.tag,
            packages: changes.packages.map(({ name, before, after }) => ({
              name,
              before: before ?? null,
              after: after ?? null,
            })),
            packageCount: changes.packageCount,
            findingsGone: [...changes.findingsGone],
            findingsNew: [...changes.findingsNew],
          },
    notPublished: outcome?.notPublished ?? null,
    logBytes: build.logBytes,
    createdAt: build.createdAt,
    startedAt: build.startedAt ?? null,
    finishedAt: build.finishedAt ?? null,
  };
}

export function presentBuilder(builder: BuilderRecord): z.infer<typeof builderSchema> {
  return { ...builder, versions: { ...builder.versions }, lastSeenAt: builder.lastSeenAt ?? null };
}
