/**
 * Finds out who asks: an API key in a header, or the session of a browser. A browser sends its cookie whoever made it ask, so that what
 * changes something needs the session's CSRF token besides.
 */
import type { FastifyRequest } from 'fastify';
import { authenticate } from '#access/authenticate.ts';
import type { AccessContext, Caller } from '#access/caller.ts';
import { readCredentials } from '#access/credentials.ts';
import { isCsrfToken } from '#access/session.ts';
import { PlimsollError } from '#base/errors.ts';
import { type Authenticate, signedIn } from './route-access.ts';
import { readSessionCookie, requireSameOrigin, type Site } from './session-cookie.ts';

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who asks, for every route of our own API. */
export function createAuthenticate(context: AccessContext, site: Site): Authenticate {
  return async request => {
    const credentials = readCredentials({
      authorization: request.headers.authorization,
      // Harbor has a header of its own for the key of a scanner.
      apiKey: headerOf(request, 'x-api-key') ?? headerOf(request, 'x-scanneradapter-api-key'),
      session: readSessionCookie(request, site),
    });
    const isBySession = credentials?.kind === 'session';
    // Whoever signs in has no session yet, or one that does not matter any more.
    if (isBySession && !SAFE.has(request.method) && isForEverybody(request)) return undefined;
    const principal = await authenticate(context, credentials, { remoteAddress: request.ip });
    if (isBySession && principal !== undefined && !SAFE.has(request.method)) {
      requireSameOrigin(request, site);
      if (!isCsrfToken(headerOf(request, 'x-csrf-token'), credentials.token)) {
        throw new PlimsollError(
          'FORBIDDEN',
          'Cannot change anything by cookie alone: send the csrfToken of GET /api/v1/session as X-CSRF-Token',
        );
      }
    }
    return principal;
  };
}

/** Who asks, for use cases of access. @throws {PlimsollError} `UNAUTHENTICATED` when nobody has signed in. */
export function callerOf(request: FastifyRequest): Caller {
  return { principal: signedIn(request), requestId: request.id, remoteAddress: request.ip };
}

/** A header that is there once. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? undefined : value;
}

function isForEverybody(request: FastifyRequest): boolean {
  return (request.routeOptions.config.access ?? 'anonymous') === 'anonymous';
}
