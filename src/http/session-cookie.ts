/**
 * The cookie of a browser's session, and what tells our own pages from others that make the browser send it.
 *
 * Source: RFC 6265bis (`__Host-`, SameSite), the Fetch Metadata specification, OWASP Cross-Site Request Forgery Prevention Cheat Sheet.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PlimsollError } from '#base/errors.ts';

/** How the server is reached from outside. */
export interface Site {
  /** As browsers name it; missing: whatever they ask for. */
  readonly publicUrl?: string | undefined;
}

const NAME = 'plimsoll-session';
const LAX = { httpOnly: true, sameSite: 'lax', path: '/' } as const;

/** The token of the session that a request belongs to. */
export function readSessionCookie(request: FastifyRequest, site: Site): string | undefined {
  return request.cookies[nameOf(request, site, NAME)];
}

/** Gives the browser its session. */
export function sendSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  site: Site,
  { token, expiresAt }: { readonly token: string; readonly expiresAt: Date },
): void {
  const secure = isSecure(request, site);
  reply.setCookie(nameOf(request, site, NAME), token, { ...LAX, secure, expires: expiresAt });
}

/** Takes it away. */
export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply, site: Site): void {
  reply.clearCookie(nameOf(request, site, NAME), { ...LAX, secure: isSecure(request, site) });
}

/** What a cookie is called: over HTTPS in a form that other hosts of the domain cannot set. */
export function nameOf(request: FastifyRequest, site: Site, name: string): string {
  return isSecure(request, site) ? `__Host-${name}` : name;
}

/** Whether browsers reach us over HTTPS. */
export function isSecure(request: FastifyRequest, { publicUrl }: Site): boolean {
  return publicUrl === undefined ? request.protocol === 'https' : publicUrl.startsWith('https:');
}

/** Our origin as the browser sees it. */
export function originOf(request: FastifyRequest, { publicUrl }: Site): string {
  return publicUrl === undefined ? `${request.protocol}://${request.host}` : new URL(publicUrl).origin;
}

/**
 * Lets pass what no page of another site made the browser send. Clients that are no browsers send neither header.
 * @throws {PlimsollError} `FORBIDDEN`.
 */
export function requireSameOrigin(request: FastifyRequest, site: Site): void {
  const { 'sec-fetch-site': fetchSite, origin } = request.headers;
  const isForeign =
    fetchSite === undefined
      ? origin !== undefined && !isOwnOrigin(origin, request, site)
      : fetchSite !== 'same-origin' && fetchSite !== 'none';
  if (isForeign) {
    throw new PlimsollError(
      'FORBIDDEN',
      'Cannot take this from a page of another site; behind a proxy, set PLIMSOLL_PUBLIC_URL to the address that users see',
    );
  }
}

/** Hosts are compared alone where nothing was set: a proxy in front may speak HTTPS when we do not. */
function isOwnOrigin(origin: string, request: FastifyRequest, site: Site): boolean {
  if (site.publicUrl !== undefined) return origin === originOf(request, site);
  const theirs = URL.parse(origin);
  return theirs !== null && theirs.host === URL.parse(`${theirs.protocol}//${request.host}`)?.host;
}
