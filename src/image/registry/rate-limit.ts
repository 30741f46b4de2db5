/**
 * What a registry says about how much one may still ask of it.
 *
 * Source: Docker Hub's "Pull usage and limits" (`ratelimit-limit: 100;w=21600`) and the RateLimit header drafts of the IETF; the
 * `x-` forms are those of GitHub, GitLab and Docker Hub's API.
 */
import type { Answer } from './transport.ts';

/** A registry's rate limit as of its last answer. What it did not say is missing. */
export interface RateLimit {
  /** Host of the registry, as in the reference. */
  readonly registry: string;
  /** Requests, or pulls, per window. */
  readonly limit?: number;
  readonly remaining?: number;
  /** Length of the window in seconds. */
  readonly windowSeconds?: number;
  /** Whether it is the limit of a product's own API, which lists, and not of pulling. */
  readonly isApi?: boolean;
}

/** The limit that an answer's headers tell of; `undefined` when they tell of none, which usually means that there is none. */
export function readRateLimit(answer: Pick<Answer, 'header'>, registry: string): RateLimit | undefined {
  const limit = readQuantity(answer.header('ratelimit-limit') ?? answer.header('x-ratelimit-limit'));
  const remaining = readQuantity(answer.header('ratelimit-remaining') ?? answer.header('x-ratelimit-remaining'));
  if (limit === undefined && remaining === undefined) return undefined;
  const windowSeconds = limit?.windowSeconds ?? remaining?.windowSeconds;
  return {
    registry,
    ...(limit === undefined ? {} : { limit: limit.count }),
    ...(remaining === undefined ? {} : { remaining: remaining.count }),
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
  };
}

/** The limit in words: `100 per 6 hours, 0 left`. */
export function describeRateLimit({ limit, remaining, windowSeconds }: RateLimit): string {
  const window = describeDuration((windowSeconds ?? 0) * 1000).replace(/^1 /, '');
  const per = windowSeconds === undefined ? '' : ` per ${window}`;
  const whole = limit === undefined ? '' : `${limit}${per}`;
  const left = remaining === undefined ? '' : `${remaining} left`;
  return [whole, left].filter(text => text !== '').join(', ');
}

/** A span of time in the largest unit that keeps it readable: `45 s`, `6 hours`, `90 minutes`. */
export function describeDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds % 3600 === 0) return seconds === 3600 ? '1 hour' : `${seconds / 3600} hours`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** `100;w=21600`, `100, 100;w=60` or `100`: the first number, and the window of the first policy that has one. */
function readQuantity(header: string | undefined): { count: number; windowSeconds?: number } | undefined {
  const [, digits] = /^\s*(\d{1,12})/.exec(header ?? '') ?? [];
  if (digits === undefined) return undefined;
  const [, window] = /;\s*w=(\d{1,9})/.exec(header ?? '') ?? [];
  return { count: Number(digits), ...(window === undefined ? {} : { windowSeconds: Number(window) }) };
}
