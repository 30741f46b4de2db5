/**
 * What a sensor and the server say to each other: tasks, and what comes back of them.
 *
 * A sensor only ever asks. It leases tasks, tells how they go, and gives back what it read; each lease has a token, and what comes with an
 * old one is dropped. The same port is served in the server's own process and over HTTPS.
 */
import { z } from 'zod';
import { registryCredentials } from '#connector/credentials.ts';
import { REGISTRY_TYPES } from '#connector/registry-type.ts';

const digest = z.string().regex(/^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/);
const time = z.iso.datetime();
const name = z.string().min(1).max(512);

/** How to reach a registry: everything a sensor needs, secrets too. Sent only to a sensor that works on it, and never logged. */
export const registryAccess = z.object({
  id: z.uuid(),
  name: z.string(),
  type: z.enum(REGISTRY_TYPES),
  url: z.string(),
  tls: z
    .object({
      insecureHttp: z.boolean().optional(),
      allowsCredentialsOverHttp: z.boolean().optional(),
      skipVerify: z.boolean().optional(),
      caPem: z.string().optional(),
    })
    .optional(),
  proxy: z.string().optional(),
  product: z.record(z.string(), z.unknown()),
  credentials: registryCredentials,
  maxConcurrency: z.number().int().min(1).max(64),
});
export type RegistryAccess = z.infer<typeof registryAccess>;

/** Lists the repositories of a registry. */
const catalogueWork = z.object({ kind: z.literal('catalogue') });

/** Lists the tags of one repository, and reads the manifests that the server does not know. */
const listWork = z.object({
  kind: z.literal('list'),
  repository: name,
  /** Patterns of tags, as in schedule/pattern.ts; empty: all. */
  tags: z.array(z.string()).max(1000),
  patternMode: z.enum(['wildcard', 'extended']),
  /** Tags pushed before this are of no interest. */
  since: time.optional(),
  /** `os/architecture[/variant]`; `all` for every one. */
  platforms: z.array(z.string()).max(64),
  /**
   * Whether the date of the config is wanted where the registry has none. The sensor tells it of images that it reads; of those that the
   * server has, the server has the config.
   */
  wantsBuiltAt: z.boolean(),
});

/** Reads one image. */
const scanWork = z.object({
  kind: z.literal('scan'),
  repository: name,
  digest,
  /** A tag it had, for messages and for registries that do not serve digests of everything. */
  tag: z.string().optional(),
  /** Read again what is known already. */
  isDeep: z.boolean(),
});

/** Tests the connection; `repository` to look into. */
const probeWork = z.object({ kind: z.literal('probe'), repository: name.optional() });

/** Any work. */
export const work = z.discriminatedUnion('kind', [catalogueWork, listWork, scanWork, probeWork]);
export type Work = z.infer<typeof work>;

/** A task as it is leased. */
export const leasedTask = z.object({
  id: z.uuid(),
  leaseToken: z.uuid(),
  leaseUntil: time,
  attempt: z.number().int(),
  registry: registryAccess,
  work,
});
export type LeasedTask = z.infer<typeof leasedTask>;

/** A repository, as a page of a catalogue tells it. */
export const listedRepository = z.object({ name, note: z.string().max(500).optional() });
export type ListedRepository = z.infer<typeof listedRepository>;

/** A tag that matched, with the digest that it names now. */
export const listedTag = z.object({
  name: z.string().min(1).max(256),
  digest,
  mediaType: z.string().max(256).optional(),
  pushedAt: time.optional(),
  pushedAtSource: z.enum(['registry', 'config', 'first-seen', 'unknown']),
});
export type ListedTag = z.infer<typeof listedTag>;

/** A manifest or index, its bytes in base64; of an image also its config. The server checks both against their digests. */
export const foundManifest = z.object({
  digest,
  mediaType: z.string().max(256),
  document: z.base64(),
  config: z.base64().optional(),
  /** Why it cannot be scanned, when the sensor could not read it whole. */
  problem: z.string().max(500).optional(),
});
export type FoundManifest = z.infer<typeof foundManifest>;

/** How much of a registry's rate limit is left, as its last answer said. */
export const seenRateLimit = z.object({
  /** Requests, or pulls, per window. */
  limit: z.number().int().min(0).optional(),
  remaining: z.number().int().min(0).optional(),
  windowSeconds: z.number().int().min(0).optional(),
  /** When the registry said so. */
  at: time,
});
export type SeenRateLimit = z.infer<typeof seenRateLimit>;

/** How far a task is. */
export const taskProgress = z.object({
  bytesPulled: z.number().int().min(0),
  bytesTotal: z.number().int().min(0).optional(),
  /** Manifests and blobs asked for, as rate limits count them. */
  pulls: z.number().int().min(0),
  detail: z.string().max(200).optional(),
  /** Missing where the registry tells of none. The server keeps a reserve of it for people, and holds back further tasks. */
  rateLimit: seenRateLimit.optional(),
});
export type TaskProgress = z.infer<typeof taskProgress>;

/** The end of a task. */
export const taskOutcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('done'),
    progress: taskProgress,
    /** Of a listing: tags seen before filters, matched after. */
    tagsSeen: z.number().int().min(0).optional(),
    tagsMatched: z.number().int().min(0).optional(),
    /** Of a listing: tags left out because what they name cannot be read, the first hundred; the others were listed all the same. */
    problems: z
      .array(z.object({ tag: z.string().max(256), code: z.string().max(64), message: z.string().max(4000) }))
      .max(100)
      .optional(),
    /** Of a probe: its steps, as in connector.ts. */
    steps: z.array(z.unknown()).max(50).optional(),
  }),
  z.object({
    kind: z.literal('failed'),
    progress: taskProgress,
    /** As in docs/errors.md. */
    code: z.string().max(64),
    message: z.string().max(4000),
    /** When the registry said to come back, for a rate limit. */
    retryAt: time.optional(),
  }),
  /** Given back unfinished: the sensor is stopping, or has no room. */
  z.object({
    kind: z.literal('returned'),
    progress: taskProgress,
    reason: z.enum(['stopping', 'disk', 'blackout', 'cancelled']),
  }),
]);
export type TaskOutcome = z.infer<typeof taskOutcome>;

/** What a sensor tells of itself every 30 seconds. */
export const heartbeat = z.object({
  /** From 1 for the first that is taken of a process: leases that it does not name were those of a process that is no more. */
  sequence: z.number().int().min(0),
  version: z.string().max(64),
  host: z.string().max(256),
  /** Operating system and architecture: `linux/x64`. */
  platform: z.string().max(64),
  startedAt: time,
  /** The sensor's clock, to see how far it is off. */
  clock: time,
  analyserVersion: z.string().max(64),
  cacheBytes: z.number().int().min(0),
  cacheFreeBytes: z.number().int().min(0),
  /** Checks of the host: disk, clock, cache; a failed one degrades the sensor. */
  checks: z.array(z.object({ name: z.string().max(64), ok: z.boolean(), detail: z.string().max(500) })).max(20),
  profileVersion: z.number().int(),
  /** Registries that were worked on of late. */
  registries: z
    .array(
      z.object({
        id: z.uuid(),
        rateLimit: seenRateLimit.optional(),
        /** The last failure to reach it; missing since it answered again. */
        lastError: z.object({ code: z.string().max(64), message: z.string().max(4000), at: time }).optional(),
        /** What its operator says in `Warning` headers. */
        warnings: z.array(z.string().max(500)).max(10).optional(),
      }),
    )
    .max(200)
    .optional(),
  tasks: z.array(z.object({ id: z.uuid(), leaseToken: z.uuid(), progress: taskProgress })).max(64),
});
export type Heartbeat = z.infer<typeof heartbeat>;

/** What the server answers. */
export const heartbeatAnswer = z.object({
  /** Tasks to stop: cancelled, or leased by somebody else. */
  stop: z.array(z.uuid()),
  isDraining: z.boolean(),
  profile: z.unknown(),
  profileVersion: z.number().int(),
});
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswer>;

/** Names a lease: the task and its token. */
export interface Lease {
  readonly taskId: string;
  readonly leaseToken: string;
}

/** The end of a lease that somebody else has now, or that was cancelled: what was being done is of no use any more. */
export type LeaseAnswer = 'go-on' | 'stop';

/** What a sensor asks of the server. Every call fails with `SERVER_UNAVAILABLE` when it cannot be reached, and may be repeated. */
export interface SensorPort {
  heartbeat(report: Heartbeat, options: { readonly signal: AbortSignal }): Promise<HeartbeatAnswer>;
  /** Takes up to `count` tasks; waits up to `waitMs` for the first. */
  lease(
    count: number,
    options: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly LeasedTask[]>;
  /** A page of a catalogue. */
  reportRepositories(
    lease: Lease,
    page: readonly ListedRepository[],
    options: { readonly signal: AbortSignal },
  ): Promise<LeaseAnswer>;
  /**
   * Which of these the server does not have. An index counts as missing as well while it has not a manifest that the index lists for the
   * platforms of this task: then the sensor reads the index again, asks about those, and reports what is missing.
   */
  findUnknownManifests(
    lease: Lease,
    digests: readonly string[],
    options: { readonly signal: AbortSignal },
  ): Promise<readonly string[]>;
  /** Manifests that the server did not have. Children before their index. */
  reportManifests(
    lease: Lease,
    manifests: readonly FoundManifest[],
    options: { readonly signal: AbortSignal },
  ): Promise<LeaseAnswer>;
  /** A page of tags; all their manifests are known by now. */
  reportTags(lease: Lease, page: readonly ListedTag[], options: { readonly signal: AbortSignal }): Promise<LeaseAnswer>;
  /** The facts of a layer that somebody has read, as `layer-cache.ts` writes them; `undefined` when nobody has. */
  findLayerFacts(
    layerDigest: string,
    version: string,
    options: { readonly signal: AbortSignal },
  ): Promise<Uint8Array | undefined>;
  keepLayerFacts(
    layerDigest: string,
    version: string,
    facts: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /** The inventory of a scanned image, as `writeReported` writes it. */
  reportInventory(lease: Lease, inventory: string, options: { readonly signal: AbortSignal }): Promise<LeaseAnswer>;
  end(lease: Lease, outcome: TaskOutcome, options: { readonly signal: AbortSignal }): Promise<void>;
}
