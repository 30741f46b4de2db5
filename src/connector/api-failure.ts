/**
 * What an answer of a product's API that is not the one hoped for means, in one sentence.
 */
import { STATUS_CODES } from 'node:http';
import { printable } from '#base/text.ts';
import { isWebPage, webPage } from '#image/registry/answer-failure.ts';
import { AttemptError, parseRetryAfter } from '#image/registry/attempt.ts';
import { describeDuration, describeRateLimit, readRateLimit } from '#image/registry/rate-limit.ts';
import type { Answer } from '#image/registry/transport.ts';

/** What was asked of whom. */
export interface ApiFailureContext {
  /** Beginning of the sentence. */
  readonly task: string;
  /** What a 404 says is not there: `repository "team/app"`. */
  readonly missing: string | undefined;
  /** What to ask an administrator for when a 403 says no. */
  readonly right?: string | undefined;
  /** Whether credentials were shown. */
  readonly isLoggedIn: boolean;
  /** Texts that no message may repeat, whatever the API echoes. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
}

/** Where APIs put their words, best first. */
const WORDS = ['message', 'detail', 'error_description', 'error', 'errors', 'title', 'Message'] as const;
const MAX_DEPTH = 4;

/** The error for `answer`, whose body is `body`. Never holds a secret. */
export function toApiFailure(answer: Answer, body: string, context: ApiFailureContext): AttemptError {
  const { task, missing, right, isLoggedIn, secrets, nowMs } = context;
  const { status, url } = answer;
  const words = printable(redact(wordsOf(body), secrets), 200);
  const quote = words === '' ? '' : ` ("${words}")`;
  const spoken = `${status}${STATUS_CODES[status] === undefined ? '' : ` ${STATUS_CODES[status]}`}`;

  if (isRateLimited(answer)) return rateLimited(answer, { task, quote, nowMs });
  if (status === 401) {
    const why = isLoggedIn
      ? `refuses the credentials${quote}: they are wrong, or have expired; renew them in the settings of the registry`
      : `wants credentials, and there are none${quote}; add some in the settings of the registry`;
    return new AttemptError('REGISTRY_DENIED', `${task}: ${url.host} ${why}`);
  }
  if (status === 403) {
    const why = isLoggedIn ? 'accepts the credentials, but they may not do this' : 'does not let visitors do this';
    const need = right === undefined ? 'the help of this registry says which rights are needed' : `it takes ${right}`;
    return new AttemptError('REGISTRY_DENIED', `${task}: ${url.host} ${why}${quote}; ${need}`);
  }
  if (status === 408 || status >= 500) {
    const retryAfterMs = retryAfter(answer, nowMs);
    return new AttemptError('REGISTRY_UNAVAILABLE', `${task}: ${url.host} answers ${spoken}${quote}`, {
      isTransient: true,
      retryAfterMs,
    });
  }
  if (isWebPage(answer, body)) return webPage(answer, task);
  if (status === 404 && missing !== undefined) {
    return new AttemptError(
      'MANIFEST_UNKNOWN',
      `${task}: ${url.host} has no ${missing}, or the credentials may not see it${quote}`,
    );
  }
  return new AttemptError('REGISTRY_INVALID', `${task}: ${url.host} answers ${spoken}${quote}`);
}

/** `text` without any of `secrets`; texts under four characters are left, for they would be found everywhere. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret.length < 4 ? rest : rest.replaceAll(secret, '…')), text);
}

/** 429; and GitHub's 403 that says when to come back, or that nothing is left. */
function isRateLimited(answer: Answer): boolean {
  if (answer.status === 429) return true;
  if (answer.status !== 403) return false;
  return answer.header('retry-after') !== undefined || readRateLimit(answer, '')?.remaining === 0;
}

function rateLimited(answer: Answer, at: { task: string; quote: string; nowMs: number }): AttemptError {
  const { host } = answer.url;
  const limit = readRateLimit(answer, host);
  const retryAfterMs = retryAfter(answer, at.nowMs) ?? untilReset(answer, at.nowMs);
  const known = limit === undefined ? '' : ` (${describeRateLimit(limit)})`;
  const wait = retryAfterMs === undefined ? '' : `; it says to come back in ${describeDuration(retryAfterMs)}`;
  return new AttemptError(
    'RATE_LIMITED',
    `${at.task}: the rate limit of ${host} is used up${known}${at.quote}${wait}`,
    {
      isTransient: true,
      retryAfterMs,
    },
  );
}

function retryAfter(answer: Answer, nowMs: number): number | undefined {
  return parseRetryAfter(answer.header('retry-after') ?? answer.header('x-retry-after'), nowMs);
}

/** GitHub and GitLab give Unix time, the drafts of the IETF seconds; `parseRetryAfter` tells them apart. */
function untilReset(answer: Answer, nowMs: number): number | undefined {
  return parseRetryAfter(answer.header('x-ratelimit-reset') ?? answer.header('ratelimit-reset'), nowMs);
}

function wordsOf(body: string): string {
  try {
    return findWords(JSON.parse(body), 0);
  } catch {
    return '';
  }
}

function findWords(value: unknown, depth: number): string {
  if (typeof value === 'string') return value;
  if (depth > MAX_DEPTH || value === null || typeof value !== 'object') return '';
  if (Array.isArray(value)) return findWords(value[0], depth + 1);
  for (const name of WORDS) {
    const words = findWords((value as Record<string, unknown>)[name], depth + 1);
    if (words !== '') return words;
  }
  return '';
}
