/**
 * What builders and the server say to each other: the same in the server's own process and over HTTP.
 *
 * A builder leases a build, reports while it works, and ends it. Who has not been heard of for as long as the lease loses it, and with it the
 * right to push; the build then goes to another.
 */
import { z } from 'zod';
import type { BuildRequest } from './build-request.ts';

/** Where the builders' API is. */
export const BUILDER_API = '/api/builder/v1';

const text = (max: number) => z.string().max(max);
const digest = z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest');

/** How long a builder is waited for, in milliseconds. */
export const LEASE_MS = 60_000;

/** Programs and their versions. */
const versionsSchema = z.record(text(50), text(100)).refine(value => Object.keys(value).length <= 20, 'too many');

/** Asks for a build; the answer may take `waitMs`. */
export const leaseQuestion = z.strictObject({ waitMs: z.number().int().min(0).max(60_000), versions: versionsSchema });

const lease = { leaseToken: z.uuid() };

/** A sign of life, with what happened since the last. */
export const reportSchema = z.strictObject({
  ...lease,
  state: z.enum(['cloning', 'building', 'pushing']).optional(),
  /** Whole lines, secrets masked. */
  log: text(512 * 1024),
});

/** What was built and pushed; see build-request.ts. */
const resultSchema = z.strictObject({
  commit: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'a commit'),
  digest,
  manifests: z
    .array(z.strictObject({ platform: text(100), digest }))
    .min(1)
    .max(32),
  baseImages: z.array(z.strictObject({ reference: text(1024), digest })).max(200),
  dockerfileSha256: z.string().regex(/^[0-9a-f]{64}$/, 'a hash'),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  hostKeys: z.array(text(20_000)).max(20),
});

/** Why a build came to nothing. */
const failureSchema = z.strictObject({
  code: text(100),
  message: text(10_000),
  step: z.enum(['clone', 'build', 'push']),
  line: z.number().int().min(1).optional(),
  instruction: text(1000).optional(),
  tail: z.array(text(40_000)).max(20),
});

/** How a builder ends a build: `returned`, because it stops, for another to begin anew. */
export const endSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('succeeded'), ...lease, result: resultSchema }),
  z.strictObject({ kind: z.literal('failed'), ...lease, failure: failureSchema }),
  z.strictObject({ kind: z.literal('returned'), ...lease }),
]);

/** One build with everything it needs. The request holds secrets: it is never logged. */
export const leasedBuildSchema = z.object({
  id: z.uuid(),
  leaseToken: z.uuid(),
  leaseMs: z.number().int().positive(),
  tag: text(200),
  project: text(500),
  attempt: z.number().int(),
  request: z.custom<BuildRequest>(value => typeof value === 'object' && value !== null),
});

/** What the server answers to a report: `stop` when the build was cancelled or is somebody else's now. */
export const answerSchema = z.object({ answer: z.enum(['go-on', 'stop']) });

export type BuildReport = z.infer<typeof reportSchema>;
export type BuildEnding = z.infer<typeof endSchema>;
export type LeasedBuild = z.infer<typeof leasedBuildSchema>;
export type ReportAnswer = z.infer<typeof answerSchema>['answer'];

/** The server as a builder sees it. Everything throws `SERVER_UNAVAILABLE` or `UNAUTHENTICATED` where it is far away. */
export interface BuilderPort {
  /** A build to begin, as soon as there is one; `undefined` when there was none for so long. */
  lease(
    question: z.infer<typeof leaseQuestion>,
    options: { readonly signal: AbortSignal },
  ): Promise<LeasedBuild | undefined>;
  report(buildId: string, report: BuildReport, options: { readonly signal: AbortSignal }): Promise<ReportAnswer>;
  end(buildId: string, ending: BuildEnding, options: { readonly signal: AbortSignal }): Promise<ReportAnswer>;
}
