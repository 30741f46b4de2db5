/**
 * What a failed step of a test means, and what to do about it.
 */
import type { ErrorCode, PlimsollError } from '#base/errors.ts';
import { describeRateLimit, type RateLimit } from '#image/registry/rate-limit.ts';
import type { Connection } from '../connection.ts';
import type { ProbeStepName } from '../connector.ts';
import { jwtExpiresAtMs } from '../jwt.ts';
import { secretsIn } from '../pull-credentials.ts';
import { failed, type Outcome, warning } from './step.ts';

/** What is known when a step fails. */
export interface FailureScene {
  readonly step: ProbeStepName;
  readonly connection: Connection;
  readonly timeoutMs: number;
  /** The last limit that the registry told of. */
  readonly limit: RateLimit | undefined;
}

/** The outcome for `error`. Its text is the error's own, which holds no secret. */
export function explainFailure(error: PlimsollError, scene: FailureScene): Outcome {
  const { step, connection, timeoutMs } = scene;
  const { code, message } = error;
  if (code === 'REGISTRY_DENIED') return denied(message, scene);
  if (code === 'CATALOG_UNSUPPORTED') {
    return warning(message, 'Name the repositories to scan; everything else works without a catalogue', code);
  }
  if (code === 'TIMED_OUT') {
    const detail = message.startsWith('Gave up') ? `no answer within ${timeoutMs / 1000} s` : message;
    return failed(code, detail, 'Check firewalls and proxies on the way, and how busy the registry is');
  }
  return failed(code, message, REMEDIES[code] ?? remedyAt(step, connection));
}

const REMEDIES: Readonly<Partial<Record<ErrorCode, string>>> = {
  RATE_LIMITED: 'Wait until the limit is renewed; credentials, or those of an account with a higher limit, raise it',
  REGISTRY_SETTINGS_INVALID: 'Change the settings of the registry',
  LIMIT_EXCEEDED: 'Name the repositories and tags to scan instead of listing all',
  CANCELLED: 'Try again',
};

function remedyAt(step: ProbeStepName, { place }: Connection): string {
  if (step === 'ping') {
    return 'Check the address: host, port, and the path in front of /v2/ where there is one; the address of a web page is often another';
  }
  if (step === 'tags' || step === 'manifest') return 'Check the name of the repository, without the host';
  return `Look into the log of ${place.host}, or ask its operator`;
}

function denied(message: string, { step, connection }: FailureScene): Outcome {
  const { credentials } = connection.options;
  const { host } = connection.place;
  const endedAt = expiryOf(connection);
  if (endedAt !== undefined) {
    const day = new Date(endedAt).toISOString().replace(/\.\d+Z$/, 'Z');
    return failed('REGISTRY_DENIED', `the token in the settings expired at ${day}`, RENEW);
  }
  if (/expired/i.test(message)) return failed('REGISTRY_DENIED', message, RENEW);
  if (credentials.kind === 'none') {
    return failed('REGISTRY_DENIED', message, 'Add credentials to the settings of the registry');
  }
  const isRight = step === 'catalogue' || step === 'tags' || step === 'manifest';
  const remedy = isRight
    ? 'Give the account the rights that the help of this registry names, or use another account'
    : `Check user name and password or token, for example by "docker login ${host}"; many registries want an access token in place of the password`;
  return failed('REGISTRY_DENIED', message, remedy);
}

const RENEW = 'Create a new token, put it into the settings, and note when it ends';

/** When the credentials ended, if they are tokens that say so and have. */
function expiryOf(connection: Connection): number | undefined {
  const nowMs = connection.now();
  return secretsIn(connection.options.credentials)
    .map(jwtExpiresAtMs)
    .find(endsAt => endsAt !== undefined && endsAt < nowMs);
}

/** The limit in words: `; rate limit 100 per 6 hours, 97 left`. Empty when there is none. */
export function limitInWords(limit: RateLimit | undefined): string {
  return limit === undefined ? '' : `; rate limit ${describeRateLimit(limit)}`;
}
