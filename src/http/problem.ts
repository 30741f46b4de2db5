/**
 * Errors of our own APIs: problem documents (RFC 9457) from the one table of codes.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ERRORS, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { ProjectError } from '#project/situation.ts';
import { ViolationError } from '#scan/job/violation-error.ts';
import { tellAway } from '#store/away.ts';
import { foreignCursor } from './cursor.ts';
import { tellIssue } from './violation-words.ts';

/** Media type of problem documents. */
export const PROBLEM_TYPE = 'application/problem+json';

/** A problem document. */
export const problemSchema = z
  .object({
    type: z.string().describe('A page that explains the code'),
    title: z.string().describe('What the code means'),
    status: z.number().int(),
    code: z.string().describe('Stable; branch on this'),
    detail: z.string().describe('One sentence: what was tried, on what, what was found'),
    requestId: z.string().describe('To find it in the log of the server'),
    violations: z
      .array(
        z.object({
          field: z.string(),
          code: z.string().optional(),
          message: z.string(),
          remedy: z.string().optional(),
        }),
      )
      .optional()
      .describe('Every field that is wrong'),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** One thing wrong with a request. */
export type Violation = NonNullable<Problem['violations']>[number];

/** An error with every field that is wrong. */
class RequestError extends PlimsollError {
  readonly violations: readonly Violation[];

  constructor(message: string, violations: readonly Violation[]) {
    super('REQUEST_INVALID', message);
    this.name = 'RequestError';
    this.violations = violations;
  }
}

/** The document for an error. Of a bug only the request's id is told; the log has the rest. */
export function toProblem(error: unknown, requestId: string): Problem {
  const known = toKnown(error);
  const { status, meaning, family } = ERRORS[known.code];
  const hasViolations = known instanceof RequestError || known instanceof ViolationError;
  const violations = hasViolations ? known.violations : known instanceof ProjectError ? violationsOf(known) : undefined;
  return {
    type: `/api/errors/${known.code}`,
    title: meaning,
    status,
    code: known.code,
    detail: family === 'bug' ? `Unexpected failure; the log of the server has more under ${requestId}` : known.message,
    requestId,
    ...(violations === undefined ? {} : { violations: violations.map(one => ({ ...one })) }),
  };
}

/** The situation of a project, with each field that is wrong. */
function violationsOf({ situation, problems, message }: ProjectError) {
  if (problems.length === 0) return [{ field: '', code: situation, message }];
  return problems.map(({ field, message: text }) => ({ field, code: situation, message: text }));
}

/** Answers with the problem document of an error, and logs what an operator must look at. */
export async function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const problem = toProblem(tellForeignCursor(error, request), request.id);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'request failed');
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="plimsoll"');
  // Past the serializers of routes: an error may come where another schema was promised.
  await reply.code(problem.status).type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem);
}

/**
 * What the database cannot read in a value, by SQLSTATE: https://www.postgresql.org/docs/15/errcodes-appendix.html, class 22. Values that
 * have no limits of their own come from requests alone: text with a NUL character, dates before the calendar.
 */
const UNREADABLE: Readonly<Record<string, string>> = {
  '22021': 'a text has a NUL character in it',
  '22P05': 'a text has a NUL character in it',
  '22008': 'a date is outside of the calendar',
};

/** A cursor says a position in another list, or none: only the database knows which values it can compare with. */
function tellForeignCursor(error: unknown, { query }: FastifyRequest): unknown {
  const isGoingOn = typeof query === 'object' && query !== null && 'cursor' in query && query.cursor !== undefined;
  if (!isGoingOn || !sqlStateOf(error).startsWith('22')) return error;
  return foreignCursor(error);
}

function sqlStateOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** An error of ours for what Fastify, its plug-ins and the schemas throw. */
function toKnown(error: unknown): PlimsollError {
  if (error instanceof PlimsollError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const violations = error.validation.map(issue => ({
      field: issue.instancePath.replace(/^\//, '').replaceAll('/', '.'),
      message: tellIssue(issue) ?? issue.message ?? 'is not valid',
      ...(typeof issue.params?.['code'] === 'string' ? { code: issue.params['code'] } : {}),
    }));
    const [first] = violations;
    const [issue] = error.validation;
    const where = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'request');
    if (first === undefined || issue === undefined)
      return new RequestError('Cannot take the request: it is not valid', violations);
    const place = first.field === '' ? where : `${where} field "${first.field}"`;
    const joint = tellIssue(issue) === undefined ? ': ' : ' ';
    return new RequestError(`Cannot take the request: ${place}${joint}${first.message}`, violations);
  }
  const { statusCode, code = '', message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new PlimsollError('LIMIT_EXCEEDED', 'Cannot take the request: its body is too large');
  if (statusCode === 429)
    return new PlimsollError('TOO_MANY_REQUESTS', message ?? 'Too many requests', { cause: error });
  if (statusCode === 404)
    return new PlimsollError('NOT_FOUND', 'Cannot find it: there is no such path', { cause: error });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new PlimsollError('REQUEST_INVALID', `Cannot take the request: ${message ?? 'it is malformed'}`, {
      cause: error,
    });
  }
  const unreadable = UNREADABLE[sqlStateOf(error)];
  if (unreadable !== undefined)
    return new PlimsollError('REQUEST_INVALID', `Cannot take the request: ${unreadable}`, { cause: error });
  return toPlimsollError(tellAway(error));
}

function retryAfterOf(error: unknown): number | undefined {
  const seconds = error instanceof Error && 'retryAfterSeconds' in error ? error.retryAfterSeconds : undefined;
  return typeof seconds === 'number' ? Math.max(1, Math.ceil(seconds)) : undefined;
}
