/**
 * Errors as clients of the certification API expect them: RFC 7807 in outline, with `detail` as text or as messages by field.
 *
 * Clients print the body as it is, so `detail` is for people. 409 means one thing only, a duplicate: preflight goes on from there by asking
 * for the image that is there. Every other conflict is 400.
 */
import { createHash } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ERRORS, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { ProjectError } from '#project/situation.ts';
import { FIELD_PATHS } from './field-paths.ts';

/** Messages by field, nested as the fields are. */
export type Detail = string | { readonly [field: string]: Detail | readonly string[] };

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** For who shows none that is good. */
export const NO_KEY =
  'The API key is missing, unknown or has ended: send one as X-API-KEY; keys are made on the page "API keys" of your account';

/** A request that this API refuses with a status of its own. */
export class PyxisError extends Error {
  readonly status: number;
  readonly detail: Detail;

  constructor(status: number, detail: Detail) {
    super(typeof detail === 'string' ? detail : JSON.stringify(detail));
    this.status = status;
    this.detail = detail;
  }
}

/** Answers with an error, and logs what an operator must look at. */
export async function sendPyxisError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { status, detail } = toStatus(error, request.id);
  const traceId = toTraceId(request.id);
  if (status >= 500) request.log.error({ err: error, traceId }, 'request failed');
  const body = { detail, status, title: TITLES[status] ?? 'Error', trace_id: traceId, type: 'about:blank' };
  // A proxy in between may want to know the form; clients look at the status alone.
  await reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(body);
}

/** What is quoted to support: the request's id in the form that clients know. */
function toTraceId(requestId: string): string {
  const hex = requestId.replaceAll('-', '').toLowerCase();
  const isOwn = /^[0-9a-f]{32}$/.test(hex);
  return `0x${isOwn ? hex : createHash('sha256').update(requestId).digest('hex').slice(0, 32)}`;
}

function toStatus(error: unknown, requestId: string): { readonly status: number; readonly detail: Detail } {
  if (error instanceof PyxisError) return { status: error.status, detail: error.detail };
  const known = toKnown(error);
  const { family, status } = ERRORS[known.code];
  if (family === 'bug')
    return { status: 500, detail: `Unexpected failure; the log of the server has more under ${requestId}` };
  if (known.code === 'UNAUTHENTICATED') return { status: 401, detail: NO_KEY };
  return { status: statusOf(known, status), detail: detailOf(known) };
}

function statusOf(error: PlimsollError, status: number): number {
  if (error instanceof ProjectError) {
    if (error.situation === 'duplicate') return 409;
    if (error.situation === 'rate_limited') return 429;
    return status === 401 || status === 403 || status === 404 ? status : 400;
  }
  return status === 409 || status === 412 || status === 422 ? 400 : status;
}

function detailOf(error: PlimsollError): Detail {
  if (!(error instanceof ProjectError) || error.problems.length === 0) return error.message;
  const detail: Record<string, unknown> = {};
  for (const { field, message } of error.problems) {
    const path = FIELD_PATHS[field] ?? field;
    const names = path.split('.');
    let at = detail;
    for (const name of names.slice(0, -1)) {
      at[name] ??= {};
      at = at[name] as Record<string, unknown>;
    }
    const last = names.at(-1) ?? '';
    at[last] = [...((at[last] as readonly string[] | undefined) ?? []), message];
  }
  return detail as Detail;
}

function toKnown(error: unknown): PlimsollError {
  const { statusCode, code = '' } = error as Partial<FastifyError>;
  if (error instanceof PlimsollError) return error;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new PlimsollError('LIMIT_EXCEEDED', 'The body is too large');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new PlimsollError('REQUEST_INVALID', `Cannot take the request: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return toPlimsollError(error);
}
