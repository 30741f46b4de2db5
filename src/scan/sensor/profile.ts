/**
 * What a sensor may do: set for each at the server, picked up with the next heartbeat; the report of the sensor says which version holds.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { parsePlatform } from '#oci/platform.ts';
import { blackoutSchema } from '../schedule/blackout.ts';

const GIGABYTE = 1_000_000_000;
const GIBIBYTE = 1024 ** 3;

/** Whether `text` is `os/architecture[/variant]`. */
function isPlatform(text: string): boolean {
  try {
    parsePlatform(text);
    return true;
  } catch {
    return false;
  }
}

/** The settings; what is missing has its default, so that profiles of older versions hold. */
export const sensorProfile = z.strictObject({
  /** Tasks at a time. */
  concurrency: z.number().int().min(1).max(20).default(4),
  /** Most bytes that facts of layers take on the sensor's disk; the least recently used go first. */
  cacheMaxBytes: z
    .number()
    .int()
    .min(0)
    .default(2 * GIBIBYTE),
  /** Bytes of layers per second, all images together; missing: as fast as it goes. */
  bandwidthBytesPerSecond: z
    .number()
    .int()
    .min(16 * 1024)
    .optional(),
  /** Share of the machine's cores that reading layers may take, as threads; 0: as many as useful. */
  cpuPercent: z.number().int().min(0).max(100).default(0),
  /** Hours in which registries are left alone. */
  blackout: blackoutSchema.optional(),
  /** Platforms to list where a job names none; `all` for every one. */
  platforms: z
    .array(
      z
        .string()
        .max(64)
        .refine(text => text === 'all' || isPlatform(text), 'os/architecture[/variant], or all'),
    )
    .max(64)
    .default(['linux/amd64']),
  /** Largest image: stored bytes of its layers together. What they inflate to is bounded by the time-out, and by oci/inflate.ts. */
  maxImageBytes: z
    .number()
    .int()
    .min(1)
    .default(10 * GIBIBYTE),
  imageTimeoutMs: z
    .number()
    .int()
    .min(1000)
    .max(6 * 60 * 60 * 1000)
    .default(15 * 60 * 1000),
  /** No image is begun while less is free where the cache and temporary files are. */
  diskFloorBytes: z
    .number()
    .int()
    .min(0)
    .default(20 * GIGABYTE),
  /** What must be free where the sensor keeps its own state. */
  stateFloorBytes: z.number().int().min(0).default(GIGABYTE),
});

/** A profile, read. */
export type SensorProfile = z.output<typeof sensorProfile>;

/** A profile as people write it: what they do not say has its default. */
export type SensorProfileInput = z.input<typeof sensorProfile>;

/** The profile of a sensor about which nobody said anything. */
export const DEFAULT_PROFILE: SensorProfile = sensorProfile.parse({});

/** Reads a profile. @throws {PlimsollError} `REQUEST_INVALID` that names the first field that cannot be used. */
export function parseProfile(value: unknown): SensorProfile {
  const result = sensorProfile.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new PlimsollError(
    'REQUEST_INVALID',
    `Cannot use the profile of a sensor: ${field === '' ? '' : `field "${field}": `}${issue?.message ?? 'it is malformed'}`,
  );
}
