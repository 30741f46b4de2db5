/**
 * Errors in the registry's own dialect: `{"errors":[{"code","message","detail"}]}`.
 *
 * Source: OCI distribution-spec 1.1, "Error Codes".
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { type DistributionCode, DistributionError, OffsetError } from '#hosting/distribution-error.ts';
import { rangeOf } from './headers.ts';

/** A refusal with the challenge that says how to log in. */
export class ChallengeError extends DistributionError {
  readonly challenge: string;

  constructor(message: string, challenge: string) {
    super('UNAUTHORIZED', message);
    this.name = 'ChallengeError';
    this.challenge = challenge;
  }
}

/** How long what a refused client still sends is taken. */
const LINGER_MS = 10_000;

/** Answers with an error. Of a bug only the request's id is told; the log has the rest. */
export async function sendOciError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { status, code, message, detail } = toAnswer(error, request.id);
  if (status >= 500) request.log.error({ err: error }, 'request failed');
  if (error instanceof ChallengeError) reply.header('www-authenticate', error.challenge);
  if (error instanceof OffsetError) reply.header('range', rangeOf(error.sizeBytes));
  if (error instanceof Error && 'retryAfterSeconds' in error) {
    reply.header('retry-after', String(Math.max(1, Math.ceil(Number(error.retryAfterSeconds)))));
  }
  leaveBody(request);
  // A client that sends nothing any more would keep the connection.
  if (status === 408) reply.header('connection', 'close');
  reply.code(status);
  const body = Buffer.from(
    JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] }),
  );
  reply.header('content-type', 'application/json');
  if (request.method === 'HEAD') {
    reply.header('content-length', body.length);
    await reply.send();
  } else await reply.send(body);
}

/**
 * What is left of a body that nobody reads any more: it is taken, so that the client comes to read the answer instead of finding the connection
 * reset while it still sends; but not for long.
 */
function leaveBody({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  raw.on('error', () => undefined);
  raw.resume();
  setTimeout(() => {
    if (!raw.complete) raw.destroy();
  }, LINGER_MS).unref();
}

interface Answer {
  readonly status: number;
  readonly code: DistributionCode | 'UNKNOWN';
  readonly message: string;
  readonly detail?: unknown;
}

/** Errors of ours that use cases let pass, in the protocol's words. */
const CODES: Partial<Record<PlimsollError['code'], { readonly code: DistributionCode; readonly status: number }>> = {
  UNAUTHENTICATED: { code: 'UNAUTHORIZED', status: 401 },
  FORBIDDEN: { code: 'DENIED', status: 403 },
  CONFLICT: { code: 'DENIED', status: 409 },
  DIGEST_INVALID: { code: 'DIGEST_INVALID', status: 400 },
  DIGEST_MISMATCH: { code: 'DIGEST_INVALID', status: 400 },
  MANIFEST_INVALID: { code: 'MANIFEST_INVALID', status: 400 },
  BLOB_UNKNOWN: { code: 'BLOB_UNKNOWN', status: 404 },
  MANIFEST_UNKNOWN: { code: 'MANIFEST_UNKNOWN', status: 404 },
  NOT_FOUND: { code: 'NAME_UNKNOWN', status: 404 },
  LIMIT_EXCEEDED: { code: 'SIZE_INVALID', status: 413 },
  TOO_MANY_REQUESTS: { code: 'TOOMANYREQUESTS', status: 429 },
  TIMED_OUT: { code: 'BLOB_UPLOAD_INVALID', status: 408 },
  REQUEST_INVALID: { code: 'UNSUPPORTED', status: 400 },
};

function toAnswer(error: unknown, requestId: string): Answer {
  if (error instanceof DistributionError) {
    return { status: error.status, code: error.distributionCode, message: error.message, detail: error.detail };
  }
  const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0;
  if (!(error instanceof PlimsollError) && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, code: 'UNSUPPORTED', message: (error as Error).message };
  }
  const known = toPlimsollError(error);
  const row = CODES[known.code];
  if (row !== undefined) return { ...row, message: known.message };
  const { status, family } = ERRORS[known.code];
  const hidden = `Unexpected failure; the log of the server has more under ${requestId}`;
  return { status, code: 'UNKNOWN', message: family === 'bug' ? hidden : known.message };
}
