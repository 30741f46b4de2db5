/** Concurrent changes: a resource's revision is its ETag, and a change may say which one it is based on. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlimsollError } from '#base/errors.ts';

/** Tells the revision of what is answered; what is read has its content in the ETag besides. */
export function sendRevision(reply: FastifyReply, revision: number): void {
  reply.header('etag', `"r${revision}"`);
}

/**
 * The revision that a change is based on, from `If-Match`; `undefined` when it does not care.
 * @throws {PlimsollError} `VERSION_CONFLICT` when the header names none of ours.
 */
export function expectedRevision(request: FastifyRequest): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return undefined;
  const [, digits] = /^(?:W\/)?"r(\d{1,9})(?:\.[\w-]{22})?"$/.exec(header) ?? [];
  if (digits === undefined) {
    throw new PlimsollError('VERSION_CONFLICT', 'Cannot change it: If-Match has no revision of it; read it again');
  }
  return Number(digits);
}
