/**
 * The port of sensors as it goes over HTTPS: paths, headers, limits, and the documents that are not in the contract itself.
 *
 * A lease is named by the task in the path and its token in a header. Facts of layers are sent as they are kept, inventories as gzip.
 */
import { z } from 'zod';
import { foundManifest, leasedTask, listedRepository, listedTag, taskOutcome } from '../task/contract.ts';
import { sensorLabels } from './labels.ts';
import { sensorProfile } from './profile.ts';

/** Where the port is, below the address of the server. */
export const SENSOR_API = '/api/sensor/v1';

/** The header with the token of a lease. */
export const LEASE_HEADER = 'plimsoll-lease';

/** Most bytes of a body. */
export const WIRE_LIMITS = {
  /** Heartbeats, questions, outcomes, tags and repositories. */
  document: 8 * 1024 * 1024,
  /** A page of manifests has at most 4 MiB, but one manifest with its config alone may be larger: 16 MiB each, in base64. */
  manifests: 48 * 1024 * 1024,
  facts: 512 * 1024 * 1024,
  /** An inventory, as it is sent and inflated; longer texts V8 cannot hold. */
  inventory: 500 * 1024 * 1024,
} as const;

/** Longest wait of one request for a lease, in milliseconds: proxies cut what is silent for a minute. */
export const MAX_LEASE_WAIT_MS = 50_000;

export const registerRequest = z.object({
  token: z.string().max(200),
  secret: z.string().max(200),
  name: z.string().trim().min(1).max(200).optional(),
  labels: sensorLabels.optional(),
  profile: sensorProfile.optional(),
});

export const registerAnswer = z.object({ id: z.uuid(), name: z.string() });

export const leaseRequest = z.object({
  count: z.number().int().min(1).max(20),
  waitMs: z.number().int().min(0).max(MAX_LEASE_WAIT_MS),
});

export const leasedTasks = z.object({ tasks: z.array(leasedTask).max(64) });
export const repositoryPage = z.object({ repositories: z.array(listedRepository).max(500) });
export const digestPage = z.object({ digests: z.array(z.string().max(200)).max(1000) });
export const unknownDigests = z.object({ unknown: z.array(z.string().max(200)).max(1000) });
export const manifestPage = z.object({ manifests: z.array(foundManifest).max(500) });
export const tagPage = z.object({ tags: z.array(listedTag).max(500) });
export const leaseVerdict = z.object({ answer: z.enum(['go-on', 'stop']) });
export const endRequest = z.object({ outcome: taskOutcome });
