/**
 * Conditional reads: every answer of our own API that can be compared has an ETag, and `If-None-Match` spares sending again what the client
 * has. Source: RFC 9110, section 13.1.2.
 */
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const OWN_API = /^\/api\/v1(?:\/|$)/;
const MAX_CANDIDATES = 100;

/** Adds ETags to whatever is read below `/api/v1`, streams and secrets excepted: those must not be stored at all. */
export function addConditionalReads(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.routeOptions.config.answersSecret === true) reply.header('cache-control', 'no-store');
    if (!isComparable(request, reply) || typeof payload !== 'string') return payload;
    const etag = etagOf(reply, payload);
    reply.header('etag', etag);
    // Asked for again each time: who may see what can change at any moment.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-cache');
    if (!isKnown(request.headers['if-none-match'], etag)) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return '';
  });
}

function isComparable({ method, routeOptions }: FastifyRequest, reply: FastifyReply): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    reply.statusCode === 200 &&
    OWN_API.test(routeOptions.url ?? '') &&
    reply.getHeader('cache-control') !== 'no-store'
  );
}

/** A revision alone does not tell of totals that change beside it; with the content it does. */
function etagOf(reply: FastifyReply, payload: string): string {
  const content = hash('sha256', payload, 'base64url').slice(0, 22);
  const [, revision] = /^"(r\d+)"$/.exec(String(reply.getHeader('etag') ?? '')) ?? [];
  return revision === undefined ? `W/"${content}"` : `"${revision}.${content}"`;
}

/** Weak comparison, as `If-None-Match` wants it. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  const plain = (text: string) => text.trim().replace(/^W\//, '');
  const candidates = header.split(',', MAX_CANDIDATES).map(plain);
  return candidates.includes('*') || candidates.includes(plain(etag));
}
