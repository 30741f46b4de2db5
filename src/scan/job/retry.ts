/**
 * What to do after a task failed: again, later, or never. Pure.
 */
import { ERRORS, type ErrorCode } from '#base/errors.ts';
import { LONGEST_WAIT_MS } from '#store/due.ts';

/** Attempts after the first, by kind of trouble: something passing; what one more look settles, as refused credentials with a new token; anything else. */
export const MAX_FAILURES = { transient: 5, 'once-more': 1, permanent: 0 } as const;
/** Leases that may run out before the task is given up. */
export const MAX_EXPIRIES = 3;

const FIRST_DELAY_MS = 5000;
const MAX_DELAY_MS = 10 * 60_000;
const RATE_LIMIT_DELAY_MS = 60_000;

export type FailureClass = keyof typeof MAX_FAILURES | 'rate-limit';

/** What comes next. `cool-down`: nothing is asked of the registry until then, and the failure does not count. */
export type RetryPlan =
  | { readonly kind: 'retry'; readonly at: Date; readonly coolsDownRegistry: boolean }
  | { readonly kind: 'cool-down'; readonly until: Date }
  | { readonly kind: 'give-up' };

/** The kind of trouble behind a code of docs/errors.md. A code that we do not know, from a newer sensor, is tried once more. */
export function classifyFailure(code: string): FailureClass {
  if (code === 'RATE_LIMITED' || code === 'TOO_MANY_REQUESTS') return 'rate-limit';
  const row = Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;
  if (row === undefined || row.family === 'bug' || row.family === 'access') return 'once-more';
  // Bytes that got lost on the way come whole the second time; an image that lies about its layers does so for ever.
  if (code === 'DIGEST_MISMATCH') return 'once-more';
  return row.family === 'remote' ? 'transient' : 'permanent';
}

/** Plans the next attempt. `failures` counts those before this one; `fraction` from 0 to below 1 is the caller's chance. */
export function planRetry({
  code,
  failures,
  retryAt,
  now,
  fraction,
}: {
  readonly code: string;
  readonly failures: number;
  readonly retryAt: Date | undefined;
  readonly now: Date;
  readonly fraction: number;
}): RetryPlan {
  const kind = classifyFailure(code);
  // A registry may tell us to come back next week: it is asked again before that.
  const asked = retryAt === undefined ? 0 : Math.min(Math.max(retryAt.getTime() - now.getTime(), 0), LONGEST_WAIT_MS);
  if (kind === 'rate-limit') {
    return { kind: 'cool-down', until: new Date(now.getTime() + (asked > 0 ? asked : RATE_LIMIT_DELAY_MS)) };
  }
  if (failures >= MAX_FAILURES[kind]) return { kind: 'give-up' };
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** failures, MAX_DELAY_MS) * (1 + fraction / 4);
  return {
    kind: 'retry',
    at: new Date(now.getTime() + Math.max(Math.floor(delayMs), asked)),
    coolsDownRegistry: asked > 0,
  };
}

/** What of a rate limit is left for people who pull: at least this share, and this many. */
const RESERVE_SHARE = 0.1;
const RESERVE_MIN = 2;
/** A window may slide: some of it is free again before it is over. */
const MAX_RESERVE_WAIT_MS = 60 * 60_000;

/** Until when tasks wait because only the reserve of a rate limit is left; `undefined` when more is. */
export function endOfReserve(
  {
    limit,
    remaining,
    windowSeconds = 3600,
    at,
  }: {
    readonly limit?: number | undefined;
    readonly remaining?: number | undefined;
    readonly windowSeconds?: number | undefined;
    readonly at: string;
  },
  now: Date,
): Date | undefined {
  if (limit === undefined || remaining === undefined) return undefined;
  // A limit of a handful of requests has no room for a reserve.
  const reserve = limit <= RESERVE_MIN * 2 ? 0 : Math.max(Math.floor(limit * RESERVE_SHARE), RESERVE_MIN);
  if (remaining > reserve) return undefined;
  const until = Math.min(Date.parse(at), now.getTime()) + Math.min(windowSeconds * 1000, MAX_RESERVE_WAIT_MS);
  return until > now.getTime() ? new Date(until) : undefined;
}
