/** Errors in Quay's dialect. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toProblem } from '../problem.ts';

/** Quay's name for what a status means. */
const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'invalid_token',
  403: 'insufficient_scope',
  404: 'not_found',
  409: 'tag_immutable',
  422: 'invalid_request',
  500: 'invalid_response',
  502: 'downstream_issue',
  503: 'external_service_timeout',
};

/** Quay answers 400 to what is malformed, and 520 when something behind it fails. */
const STATUSES: Readonly<Record<number, number>> = { 422: 400, 502: 520, 503: 520 };

/** Answers an error as Quay does. */
export async function sendQuayError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const problem = toProblem(error, request.id);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  const status = STATUSES[problem.status] ?? problem.status;
  const type = TYPES[problem.status] ?? 'invalid_request';
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="plimsoll"');
  const body = {
    detail: problem.detail,
    error_message: problem.detail,
    error_type: type,
    title: type,
    type: `${request.protocol}://${request.host}/api/v1/error/${type}`,
    status,
  };
  await reply.code(status).type('application/json').serializer(JSON.stringify).send(body);
}
