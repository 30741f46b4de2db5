/** What becomes of a task that failed, as a table. */
import { expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from '#base/errors.ts';
import { classifyFailure, endOfReserve, MAX_FAILURES, planRetry } from './retry.ts';

const now = new Date('2026-11-21T12:00:00Z');
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);

const cases = [
  { code: 'TIMED_OUT', failures: 0, want: { kind: 'retry', at: after(5) }, why: 'five seconds first' },
  { code: 'TIMED_OUT', failures: 3, want: { kind: 'retry', at: after(40) }, why: 'twice as long each time' },
  { code: 'REGISTRY_UNAVAILABLE', failures: 5, want: { kind: 'give-up' }, why: 'five times is enough' },
  { code: 'REGISTRY_DENIED', failures: 0, want: { kind: 'retry', at: after(5) }, why: 'a token may have run out' },
  { code: 'REGISTRY_DENIED', failures: 1, want: { kind: 'give-up' }, why: 'a new token was refused as well' },
  { code: 'DIGEST_MISMATCH', failures: 0, want: { kind: 'retry', at: after(5) }, why: 'bytes may get lost' },
  { code: 'DIGEST_MISMATCH', failures: 1, want: { kind: 'give-up' }, why: 'the image is wrong, and will be' },
  { code: 'MANIFEST_UNKNOWN', failures: 0, want: { kind: 'give-up' }, why: 'it is not there' },
  { code: 'LIMIT_EXCEEDED', failures: 0, want: { kind: 'give-up' }, why: 'it will not get smaller' },
  { code: 'NOVEL_TROUBLE', failures: 0, want: { kind: 'retry', at: after(5) }, why: 'a newer sensor knows more codes' },
  { code: 'RATE_LIMITED', failures: 9, want: { kind: 'cool-down', until: after(60) }, why: 'never counts' },
  {
    code: 'RATE_LIMITED',
    failures: 0,
    retryAfter: 600,
    want: { kind: 'cool-down', until: after(600) },
    why: 'the registry knows best',
  },
  {
    code: 'RATE_LIMITED',
    failures: 0,
    retryAfter: 30 * 24 * 3600,
    want: { kind: 'cool-down', until: after(24 * 3600) },
    why: 'but not for weeks',
  },
  {
    code: 'REGISTRY_UNAVAILABLE',
    failures: 0,
    retryAfter: 120,
    want: { kind: 'retry', at: after(120), coolsDownRegistry: true },
    why: 'Retry-After of a 503 is for the whole registry',
  },
] as const;

test.each(cases)('$code after $failures failures: $why', row => {
  const retryAt = 'retryAfter' in row ? after(row.retryAfter) : undefined;
  expect(planRetry({ code: row.code, failures: row.failures, retryAt, now, fraction: 0 })).toMatchObject(row.want);
});

test('jitter only ever adds, and delays have an end', () => {
  const plan = planRetry({ code: 'TIMED_OUT', failures: 4, retryAt: undefined, now, fraction: 0.99 });
  expect(plan).toMatchObject({ kind: 'retry' });
  const waited = plan.kind === 'retry' ? plan.at.getTime() - now.getTime() : 0;
  expect(waited).toBeGreaterThanOrEqual(80_000);
  expect(waited).toBeLessThanOrEqual(100_000);
});

test('every code of the table has a class', () => {
  const classes = (Object.keys(ERRORS) as ErrorCode[]).map(classifyFailure);
  expect(classes.every(one => one === 'rate-limit' || Object.hasOwn(MAX_FAILURES, one))).toBe(true);
});

const limits = [
  { limit: 100, remaining: 11, windowSeconds: 600, waits: undefined, why: 'more than a tenth is left' },
  { limit: 100, remaining: 10, windowSeconds: 600, waits: 600, why: 'the last tenth is for people' },
  { limit: 100, remaining: 0, windowSeconds: 21_600, waits: 3600, why: 'a window slides: look again after an hour' },
  { limit: 4, remaining: 1, windowSeconds: 60, waits: undefined, why: 'too few to keep any back' },
  { limit: undefined, remaining: 0, windowSeconds: 60, waits: undefined, why: 'of how many nobody says' },
] as const;

test.each(limits)('$remaining of $limit left: $why', ({ limit, remaining, windowSeconds, waits }) => {
  const until = endOfReserve({ limit, remaining, windowSeconds, at: now.toISOString() }, now);
  expect(until).toEqual(waits === undefined ? undefined : after(waits));
});
