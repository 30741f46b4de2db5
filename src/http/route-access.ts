/**
 * Who may use a route. Every route says so; one that does not is refused when the server is put together.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Principal, type Role, requireRole, visibleNamespaces } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';

/**
 * `anonymous`: everybody. `signed-in`: whoever has an account; the handler checks the namespace with `requireRole`, or shows only what may
 * be seen. A role: whoever has it for the whole server. `sensor`: sensors, by their own secret. `own`: the routes check for themselves.
 */
export type RouteAccess = 'anonymous' | 'signed-in' | 'sensor' | 'own' | { readonly server: Role };

/** A route, and who may use it. */
export interface GuardedRoute {
  readonly method: string;
  /** With parameters as `:name`. */
  readonly url: string;
  readonly access: RouteAccess;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: RouteAccess;
  }
  interface FastifyInstance {
    /** Every route that says who may use it. */
    readonly guardedRoutes: readonly GuardedRoute[];
  }
  interface FastifyRequest {
    /** Who asks; undefined for anonymous requests. Set before any handler runs. */
    principal: Principal | undefined;
  }
}

/** Finds out who asks. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal | undefined>;

/** Pages and files that plug-ins of Fastify serve to everybody. */
const MADE_BY_PLUGINS = /^\/(?:api\/docs|assets)(?:\/|$)/;

/** Adds the checks to a server. */
export function guardRoutes(app: FastifyInstance, authenticate: Authenticate): void {
  const guarded: GuardedRoute[] = [];
  app.decorate('guardedRoutes', guarded);
  app.decorateRequest('principal', undefined);
  app.addHook('onRoute', route => {
    const access = route.config?.access;
    if (access !== undefined) {
      const methods = [route.method].flat().filter(method => method !== 'HEAD');
      guarded.push(...methods.map(method => ({ method, url: route.url, access })));
    }
    if (access === undefined && route.method !== 'HEAD' && !MADE_BY_PLUGINS.test(route.url)) {
      throw new PlimsollError('BUG', `Route ${String(route.method)} ${route.url} does not say who may use it`);
    }
  });
  app.addHook('onRequest', async request => {
    const access = request.routeOptions.config.access ?? 'anonymous';
    if (access === 'sensor' || access === 'own') return;
    request.principal = await authenticate(request);
    if (access === 'anonymous') return;
    const principal = signedIn(request);
    if (typeof access === 'object') requireRole(principal, access.server, undefined);
  });
}

/** Who asks. @throws {PlimsollError} `UNAUTHENTICATED` when nobody has signed in. */
export function signedIn({ principal, headers }: FastifyRequest): Principal {
  if (principal === undefined) {
    const hasShown = headers.authorization !== undefined || headers['x-api-key'] !== undefined;
    throw new PlimsollError(
      'UNAUTHENTICATED',
      hasShown
        ? 'Cannot do this: the API key that was sent is wrong, has expired or was revoked, or its account is disabled'
        : 'Cannot do this: sign in, or send an API key as "Authorization: Bearer"',
    );
  }
  return principal;
}

/**
 * The namespaces that a list is about: those that the one who asks may look into, or of them the one that is asked for. `undefined`: all;
 * empty: none, as for a namespace that one may not look into. @throws {PlimsollError} `UNAUTHENTICATED`.
 */
export function namespacesOf(request: FastifyRequest, wanted?: string): readonly string[] | undefined {
  const visible = visibleNamespaces(signedIn(request));
  if (wanted === undefined) return visible;
  return visible === undefined || visible.includes(wanted) ? [wanted] : [];
}

/** For the audit log: who, and by which request. */
export function actorOf(request: FastifyRequest) {
  const { principal } = request;
  return {
    name: principal?.name ?? 'anonymous',
    accountId: principal?.accountId,
    apiKeyId: principal?.apiKeyId,
    requestId: request.id,
    remoteAddress: request.ip,
  };
}
