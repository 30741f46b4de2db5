/**
 * Trying again: which failures are worth it, how long to wait, and when to stop.
 *
 * Source: RFC 9110, 10.2.3 (Retry-After); the OCI distribution-spec on 429 and 5xx. Back-off doubles, with jitter, so that many
 * scanners that were turned away together do not come back together.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';

/** How often and how patiently to try. Times are in milliseconds. */
export interface Patience {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  /** The wait before the second attempt; it doubles from there. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** When the registry asks for a longer pause than this, its answer is reported instead of waited for. */
  readonly maxRetryAfterMs: number;
  readonly connectTimeoutMs: number;
  /** From a request sent to its first byte of answer. */
  readonly headersTimeoutMs: number;
  /** Between two bytes of an answer. */
  readonly idleTimeoutMs: number;
}

/** For a person or a CI job that waits. */
export const DEFAULT_PATIENCE: Patience = {
  attempts: 5,
  baseDelayMs: 500,
  maxDelayMs: 15_000,
  maxRetryAfterMs: 60_000,
  connectTimeoutMs: 15_000,
  headersTimeoutMs: 60_000,
  idleTimeoutMs: 60_000,
};

/** What `onRetry` is told. */
export interface RetryNotice {
  /** Host of the registry, as in the reference. */
  readonly registry: string;
  /** The attempt that failed: 1 for the first. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: PlimsollError;
}

/** How an attempt went wrong, beyond what its message says. */
export interface FailureFacts {
  /** Whether another attempt may fare better. */
  readonly isTransient?: boolean;
  /** How long the registry asked to wait. */
  readonly retryAfterMs?: number | undefined;
  /** Whether no HTTP exchange began: the place may be right and the scheme wrong. */
  readonly isBeforeHttp?: boolean;
  readonly cause?: unknown;
}

/** The failure of one attempt: an ordinary error for the caller, with what decides on another attempt. */
export class AttemptError extends PlimsollError {
  readonly isTransient: boolean;
  readonly retryAfterMs: number | undefined;
  readonly isBeforeHttp: boolean;

  constructor(code: ErrorCode, message: string, facts: FailureFacts = {}) {
    super(code, message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.isTransient = facts.isTransient ?? false;
    this.retryAfterMs = facts.retryAfterMs;
    this.isBeforeHttp = facts.isBeforeHttp ?? false;
  }
}

/** Runs `attempt` until it succeeds, fails for good, or has failed `patience.attempts` times; the last error is thrown. */
export async function retrying<T>(
  attempt: () => Promise<T>,
  options: {
    readonly patience: Patience;
    readonly signal: AbortSignal;
    /** Attempts that the caller has already lost. */
    readonly failed?: number;
    readonly onRetry?: ((attempt: number, delayMs: number, error: PlimsollError) => void) | undefined;
  },
): Promise<T> {
  const { patience, signal, onRetry } = options;
  for (let number = 1 + (options.failed ?? 0); ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      throwIfAborted(signal);
      await pauseBeforeNext(error, number, { patience, signal, onRetry });
    }
  }
}

/** Waits as `error` and `number`, the attempts made, demand; throws `error` when there is to be no other attempt. */
export async function pauseBeforeNext(
  error: unknown,
  number: number,
  options: {
    readonly patience: Patience;
    readonly signal: AbortSignal;
    readonly onRetry?: ((attempt: number, delayMs: number, error: PlimsollError) => void) | undefined;
  },
): Promise<void> {
  const { patience, signal, onRetry } = options;
  if (!(error instanceof AttemptError) || !error.isTransient || number >= patience.attempts) throw error;
  const asked = error.retryAfterMs ?? 0;
  if (asked > patience.maxRetryAfterMs) throw error;
  const delayMs = Math.max(asked, backoffMs(number, patience));
  onRetry?.(number, delayMs, error);
  try {
    await sleep(delayMs, undefined, { signal });
  } catch {
    throw toPlimsollError(signal.reason);
  }
}

/** @throws {PlimsollError} `CANCELLED`, or `TIMED_OUT` when it was a deadline that aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw toPlimsollError(signal.reason);
}

/** The wait after `number` failed attempts: doubling, bounded, between half and all of it by chance. */
export function backoffMs(number: number, patience: Patience, random: () => number = Math.random): number {
  const full = Math.min(patience.maxDelayMs, patience.baseDelayMs * 2 ** Math.min(number - 1, 30));
  return Math.round(full * (0.5 + random() / 2));
}

/**
 * Milliseconds to wait by a `Retry-After` header: seconds, or an HTTP date; `undefined` when it is missing or unreadable.
 *
 * Docker Hub's API puts Unix time into `X-Retry-After`; a number that large is read as such.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,15}(?:\.\d{1,9})?$/.test(text)) {
    const seconds = Number(text);
    return Math.max(0, Math.ceil(seconds > 1_000_000_000 ? seconds * 1000 - nowMs : seconds * 1000));
  }
  // A date of RFC 9110 begins with a day's name; anything else that Date.parse would take is not meant as one.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
