/**
 * What went wrong in reading an image, told to whoever owns the project: the situation, what to do, and whether to try again by itself.
 */
import { type ErrorCode, type PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { AttemptError } from '#image/registry/attempt.ts';
import { describeRateLimit, type RateLimit } from '#image/registry/rate-limit.ts';
import type { ProjectRecord } from '#store/project.ts';
import { expectedKey } from './pull-secret.ts';
import { HUB_ADVICE } from './requests.ts';
import { ProjectError, type Situation } from './situation.ts';

/** What was being read, and with what. */
export interface FailurePlace {
  readonly project: Pick<ProjectRecord, 'pullSecret'>;
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  readonly secret: 'none' | 'elsewhere' | 'fits';
  readonly limit: RateLimit | undefined;
  readonly now: Date;
  /** Attempts before this one. */
  readonly attempts: number;
}

/** A failure as the user is told it. */
export interface ExplainedFailure {
  readonly situation: Situation;
  readonly message: string;
  /** When it is tried again; missing: it is not. */
  readonly retryAt: Date | undefined;
}

const MINUTE = 60_000;
const MAX_WAIT_MS = 24 * 60 * MINUTE;
/** Beyond that many, nothing is tried again: some two days of a limit that resets every six hours. */
const MAX_RATE_LIMITED = 10;
const MAX_TRANSIENT = 3;
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  'REGISTRY_UNAVAILABLE',
  'TIMED_OUT',
  'STORE_UNAVAILABLE',
  'DATABASE_BUSY',
]);

/** Explains; never repeats a secret, since messages of the client hold none. */
export function explainFailure(error: unknown, place: FailurePlace): ExplainedFailure {
  const known = toPlimsollError(error);
  if (known instanceof ProjectError) return { situation: known.situation, message: known.message, retryAt: undefined };
  const told = (situation: Situation, message = known.message) => ({ situation, message, retryAt: undefined });
  switch (known.code) {
    case 'REGISTRY_DENIED':
      return explainDenied(known, place);
    case 'RATE_LIMITED':
      return explainLimit(known, place);
    case 'MANIFEST_UNKNOWN':
      return told(
        'not_found',
        `${known.message}; wanted was ${place.digest} of ${place.registry}/${place.repository}: has its tag been pushed again and the old image been removed?`,
      );
    case 'MANIFEST_UNSUPPORTED':
    case 'MANIFEST_INVALID':
      return told('unsupported_arch');
    default: {
      const isTransient = TRANSIENT.has(known.code) && place.attempts < MAX_TRANSIENT;
      const message =
        known.code === 'BUG' ? 'The scan failed unexpectedly; the log of the server has more' : known.message;
      const retryAt = isTransient ? new Date(place.now.getTime() + 2 ** place.attempts * MINUTE) : undefined;
      return { situation: 'registry_failed', message, retryAt };
    }
  }
}

function explainDenied({ message }: PlimsollError, place: FailurePlace): ExplainedFailure {
  const { project, registry, repository, secret } = place;
  const where = `${registry}/${repository}`;
  if (secret === 'none') {
    const hub = registry === 'docker.io' ? ` ${HUB_ADVICE};` : '';
    return {
      situation: 'auth_required',
      message: `${registry} wants credentials for "${printable(where)}", and the project has no pull secret;${hub} add one: podman login --authfile ./temp-authfile.json ${registry}, then save that file as the project's pull secret`,
      retryAt: undefined,
    };
  }
  const entry = project.pullSecret?.entry ?? '';
  if (secret === 'elsewhere') {
    return {
      situation: 'secret_no_match',
      message: `${registry} wants credentials for "${printable(where)}", and the pull secret of the project is for "${printable(entry)}"; expected is an entry ${expectedKey(place)}`,
      retryAt: undefined,
    };
  }
  const account = project.pullSecret?.account;
  return {
    situation: 'auth_failed',
    message: `${message}. Shown was the entry "${printable(entry)}" of the pull secret${account === undefined ? '' : `, account "${printable(account)}"`}; it may have expired, or may not pull this repository: save a new one`,
    retryAt: undefined,
  };
}

function explainLimit(
  error: PlimsollError,
  { registry, secret, limit, now, attempts }: FailurePlace,
): ExplainedFailure {
  const asked = error instanceof AttemptError ? error.retryAfterMs : undefined;
  const share =
    limit?.windowSeconds === undefined
      ? undefined
      : (limit.windowSeconds * 1000) / Math.max(1, (limit.limit ?? 100) / 10);
  const waitMs = Math.min(MAX_WAIT_MS, asked ?? share ?? 30 * MINUTE);
  const retryAt = attempts < MAX_RATE_LIMITED ? new Date(now.getTime() + waitMs) : undefined;
  const known = limit === undefined ? '' : ` (${describeRateLimit(limit)})`;
  const again = retryAt === undefined ? 'it is not tried again' : `it is tried again at ${retryAt.toISOString()}`;
  const advice =
    registry !== 'docker.io'
      ? ''
      : secret === 'fits'
        ? `; the account of the pull secret seems to be a free one: ${HUB_ADVICE}`
        : `; ${HUB_ADVICE}`;
  return {
    situation: 'rate_limited',
    message: `The limit of pulls of ${registry} is used up${known}; ${again}${advice}`,
    retryAt,
  };
}
