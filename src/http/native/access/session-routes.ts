/**
 * `/api/v1/setup` and `/api/v1/session`: the first account, signing in, who one is, signing out.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { getAccount } from '#access/account.ts';
import type { AccessContext } from '#access/caller.ts';
import { getNamespace } from '#access/namespace.ts';
import { findOidc } from '#access/oidc/settings.ts';
import type { Principal } from '#access/principal.ts';
import { csrfTokenOf } from '#access/session.ts';
import { completeSetup, needsSetup } from '#access/setup.ts';
import { beginSession, changeOwnPassword, type SignedIn, signIn, signOut } from '#access/sign-in.ts';
import { PlimsollError } from '#base/errors.ts';
import { currentEventPosition } from '#store/event.ts';
import { callerOf, headerOf } from '../../authentication.ts';
import { signedIn } from '../../route-access.ts';
import {
  clearSessionCookie,
  readSessionCookie,
  requireSameOrigin,
  type Site,
  sendSessionCookie,
} from '../../session-cookie.ts';
import { problems, typed } from '../native-route.ts';
import { nameInput, passwordInput, roleSchema } from './schema.ts';

const sessionSchema = z
  .object({
    account: z.object({
      id: z.uuid(),
      name: z.string(),
      displayName: z.string(),
      email: z.string().nullable(),
      hasPassword: z.boolean(),
    }),
    by: z.enum(['session', 'api-key', 'password', 'system']),
    everywhere: roleSchema.nullable().describe('The role in all namespaces and for the server itself'),
    namespaces: z
      .array(z.object({ id: z.uuid(), name: z.string(), displayName: z.string(), role: roleSchema }))
      .describe('Roles in single namespaces'),
    csrfToken: z.string().nullable().describe('To be sent as X-CSRF-Token with each change; null for API keys'),
    eventPosition: z
      .string()
      .describe('`from` of a stream of events that misses nothing of what is read after this answer'),
  })
  .meta({ id: 'Session' });

const anonymous = { config: { access: 'anonymous' as const } };

/** Adds the routes. */
export function sessionRoutes(context: AccessContext, site: Site) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/setup',
      {
        ...anonymous,
        schema: {
          tags: ['session'],
          summary: 'Tell whether the server must be set up, and how one can sign in',
          security: [],
          response: {
            200: z.object({
              isNeeded: z.boolean().describe('There is no account yet'),
              oidc: z
                .object({ displayName: z.string() })
                .nullable()
                .describe('The OpenID provider, if one is configured; sign in at /api/v1/oidc/start'),
            }),
            ...problems,
          },
        },
      },
      async () => {
        const oidc = await findOidc(context.store.db);
        return {
          isNeeded: await needsSetup(context),
          oidc: oidc === undefined ? null : { displayName: oidc.displayName },
        };
      },
    );
    app.post(
      '/api/v1/setup',
      {
        ...anonymous,
        schema: {
          tags: ['session'],
          summary: 'Make the first account, with the token that the server printed',
          description: 'Works once. The account runs the server, and is signed in by this.',
          security: [],
          body: z.object({
            token: z.string().min(1).max(200),
            name: nameInput,
            displayName: nameInput.optional(),
            password: passwordInput,
          }),
          response: { 201: sessionSchema, ...problems },
        },
      },
      async (request, reply) => {
        requireSameOrigin(request, site);
        const { token, ...admin } = request.body;
        const principal = await completeSetup(context, token, admin);
        const signed = await beginSession(context, principal, signInOriginOf(request), 'setup');
        return await reply.code(201).send(await startBrowser(request, reply, signed));
      },
    );
    app.post(
      '/api/v1/session',
      {
        ...anonymous,
        schema: {
          tags: ['session'],
          summary: 'Sign in with name and password',
          security: [],
          body: z.object({ name: nameInput, password: passwordInput }),
          response: { 201: sessionSchema, ...problems },
        },
      },
      async (request, reply) => {
        requireSameOrigin(request, site);
        const signed = await signIn(context, request.body, signInOriginOf(request));
        return await reply.code(201).send(await startBrowser(request, reply, signed));
      },
    );
    app.get(
      '/api/v1/session',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['session'],
          summary: 'Tell who I am, and what I may',
          response: { 200: sessionSchema, ...problems },
        },
      },
      async (request, reply) => {
        reply.header('cache-control', 'no-store');
        const principal = signedIn(request);
        const token = principal.by === 'session' ? readSessionCookie(request, site) : undefined;
        return await describe(principal, token === undefined ? null : csrfTokenOf(token));
      },
    );
    app.delete(
      '/api/v1/session',
      {
        config: { access: 'signed-in' },
        schema: { tags: ['session'], summary: 'Sign out', response: { 204: z.null(), ...problems } },
      },
      async (request, reply) => {
        await signOut(context, callerOf(request), requireSession(request));
        clearSessionCookie(request, reply, site);
        return await reply.code(204).send(null);
      },
    );
    app.put(
      '/api/v1/session/password',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['session'],
          summary: 'Change my password',
          description: 'Ends all my other sessions.',
          body: z.object({ present: passwordInput, next: passwordInput }),
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        const sessionToken = requireSession(request);
        await changeOwnPassword(context, callerOf(request), { ...request.body, sessionToken });
        return await reply.code(204).send(null);
      },
    );
  };

  async function startBrowser(request: FastifyRequest, reply: FastifyReply, { principal, session }: SignedIn) {
    sendSessionCookie(request, reply, site, session);
    reply.header('cache-control', 'no-store');
    return await describe(principal, session.csrfToken);
  }

  function requireSession(request: FastifyRequest): string {
    const token = signedIn(request).by === 'session' ? readSessionCookie(request, site) : undefined;
    if (token !== undefined) return token;
    throw new PlimsollError('FORBIDDEN', 'Cannot do this with an API key: it is for whoever signed in with a password');
  }

  async function describe(principal: Principal, csrfToken: string | null): Promise<z.infer<typeof sessionSchema>> {
    const { accountId, by, everywhere, namespaces } = principal;
    if (accountId === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot tell who this is: there is no account');
    const { id, name, displayName, email, passwordHash } = await getAccount(context, { principal }, accountId);
    const eventPosition = await currentEventPosition(context.store.db);
    const places = await Promise.all([...namespaces.keys()].map(place => getNamespace(context, { principal }, place)));
    return {
      account: { id, name, displayName, email: email ?? null, hasPassword: passwordHash !== undefined },
      by,
      everywhere: everywhere ?? null,
      namespaces: places.flatMap(place => {
        const role = namespaces.get(place.id);
        return role === undefined ? [] : [{ id: place.id, name: place.name, displayName: place.displayName, role }];
      }),
      csrfToken,
      eventPosition,
    };
  }
}

/** Where a sign-in comes from. */
export function signInOriginOf(request: FastifyRequest) {
  return { remoteAddress: request.ip, requestId: request.id, userAgent: headerOf(request, 'user-agent') };
}
