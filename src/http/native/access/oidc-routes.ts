/**
 * `/api/v1/oidc`: signing in at an OpenID provider; `/api/v1/settings/oidc`: which one.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AccessContext } from '#access/caller.ts';
import { configureOidc, type OidcSettings, readOidc, removeOidc } from '#access/oidc/settings.ts';
import { finishOidc, type StartOptions, startOidc } from '#access/oidc/sign-in.ts';
import { PlimsollError } from '#base/errors.ts';
import { callerOf } from '../../authentication.ts';
import { toProblem } from '../../problem.ts';
import { isSecure, nameOf, originOf, type Site, sendSessionCookie } from '../../session-cookie.ts';
import { problems, typed } from '../native-route.ts';
import { nameInput, roleSchema } from './schema.ts';
import { signInOriginOf } from './session-routes.ts';

const CALLBACK = '/api/v1/oidc/callback';
const COOKIE = 'plimsoll-oidc';

const input = z.object({
  issuer: z.string().min(1).max(500).describe('https:// address of the provider, without query'),
  clientId: z.string().min(1).max(500),
  displayName: nameInput.describe('On the button'),
  scopes: z.array(z.string().min(1).max(200)).max(20).default(['profile', 'email']).describe('Besides openid'),
  groupsClaim: z.string().min(1).max(200).default('groups').describe('The claim that lists groups'),
  groupRoles: z
    .array(
      z.object({
        group: z.string().min(1).max(300),
        role: roleSchema,
        namespaceId: z.uuid().optional().describe('Missing: everywhere, the server itself included'),
      }),
    )
    .max(500)
    .default([])
    .describe('What membership of groups gives; brought up to date at each sign-in'),
  createsAccounts: z
    .boolean()
    .default(false)
    .describe('Whether somebody whom the provider knows and we do not gets an account'),
});

const settingsSchema = input
  .extend({ hasClientSecret: z.boolean(), callbackUrl: z.string().describe('To be registered at the provider') })
  .meta({ id: 'OidcSettings' });

/** Where somebody sees what went wrong: who has a session was linking an identity to the account. */
const SIGN_IN_PAGE = '/sign-in';
const ACCOUNT_PAGE = '/account';

const admin = { config: { access: { server: 'admin' as const } } };
const anonymous = { config: { access: 'anonymous' as const } };

/** Adds the routes. */
export function oidcRoutes(context: AccessContext, site: Site) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/oidc/start',
      {
        ...anonymous,
        schema: {
          tags: ['session'],
          summary: 'Go to the OpenID provider to sign in',
          security: [],
          querystring: z.object({ returnTo: z.string().max(2000).optional().describe('A path of ours to end at') }),
          response: { 302: z.null(), ...problems },
        },
      },
      async (request, reply) =>
        await tellBrowser(request, reply, async () => {
          const url = await start(request, reply, { returnTo: request.query.returnTo });
          return await reply.redirect(url, 302);
        }),
    );
    app.get(
      CALLBACK,
      {
        ...anonymous,
        schema: {
          tags: ['session'],
          summary: 'Come back from the OpenID provider',
          description:
            'A browser that fails is sent to a page of ours with `?error=`, the code of the problem; other clients get the problem.',
          security: [],
          response: { 302: z.null(), ...problems },
        },
      },
      async (request, reply) =>
        await tellBrowser(request, reply, async () => {
          const state = request.cookies[nameOf(request, site, COOKIE)];
          const { secure, path } = cookieOptions(request);
          reply.clearCookie(nameOf(request, site, COOKIE), { secure, path });
          const query = new URLSearchParams(request.url.split('?')[1] ?? '');
          const signal = request.server.stopping;
          const result = await finishOidc(context, { query, state, signal }, signInOriginOf(request));
          if (result.signedIn !== undefined) sendSessionCookie(request, reply, site, result.signedIn.session);
          reply.header('cache-control', 'no-store');
          return await reply.redirect(result.returnTo, 302);
        }),
    );
    app.post(
      '/api/v1/oidc/link',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['session'],
          summary: 'Link my account to my identity at the OpenID provider',
          description: 'The browser must go to the address in the answer next.',
          body: z.object({ returnTo: z.string().max(2000).optional() }),
          response: { 200: z.object({ url: z.string() }), ...problems },
        },
      },
      async (request, reply) => ({
        url: await start(request, reply, { returnTo: request.body.returnTo, linkFor: callerOf(request) }),
      }),
    );
    app.get(
      '/api/v1/settings/oidc',
      {
        ...admin,
        schema: {
          tags: ['settings'],
          summary: 'Read which OpenID provider people sign in at',
          response: { 200: settingsSchema, ...problems },
        },
      },
      async request => {
        const settings = await readOidc(context, callerOf(request));
        if (settings === undefined)
          throw new PlimsollError('NOT_FOUND', 'Cannot find the OpenID provider: none is configured');
        return present(request, settings);
      },
    );
    app.put(
      '/api/v1/settings/oidc',
      {
        ...admin,
        schema: {
          tags: ['settings'],
          summary: 'Set which OpenID provider people sign in at',
          body: input.extend({
            clientSecret: z
              .string()
              .min(1)
              .max(1000)
              .nullable()
              .optional()
              .describe('Never shown again. Missing: as before; null: the client has none'),
          }),
          response: { 200: settingsSchema, ...problems },
        },
      },
      async request => present(request, await configureOidc(context, callerOf(request), request.body)),
    );
    app.delete(
      '/api/v1/settings/oidc',
      {
        ...admin,
        schema: {
          tags: ['settings'],
          summary: 'Let nobody sign in at the OpenID provider any more',
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await removeOidc(context, callerOf(request));
        return await reply.code(204).send(null);
      },
    );
  };

  async function start(
    request: FastifyRequest,
    reply: FastifyReply,
    options: Pick<StartOptions, 'returnTo' | 'linkFor'>,
  ): Promise<string> {
    const redirectUri = callbackOf(request);
    const { url, state, expiresAt } = await startOidc(context, {
      ...options,
      redirectUri,
      signal: request.server.stopping,
    });
    reply.setCookie(nameOf(request, site, COOKIE), state, { ...cookieOptions(request), expires: expiresAt });
    reply.header('cache-control', 'no-store');
    return url.href;
  }

  function present(request: FastifyRequest, settings: OidcSettings): z.infer<typeof settingsSchema> {
    const { scopes, groupRoles, ...rest } = settings;
    return { ...rest, scopes: [...scopes], groupRoles: [...groupRoles], callbackUrl: callbackOf(request) };
  }

  function callbackOf(request: FastifyRequest): string {
    return `${originOf(request, site)}${CALLBACK}`;
  }

  /** Lax: the browser comes back from another site. */
  function cookieOptions(request: FastifyRequest) {
    return { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure(request, site) } as const;
  }
}

/**
 * Runs what a browser is sent to, and sends it to a page of ours when that fails: nobody should end at a problem document. Only the code goes
 * along, for which the page has a sentence: text from an address could be anybody's.
 */
async function tellBrowser(
  request: FastifyRequest,
  reply: FastifyReply,
  visit: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await visit();
  } catch (error) {
    if (!/\btext\/html\b/.test(request.headers.accept ?? '')) throw error;
    const { code, status } = toProblem(error, request.id);
    if (status >= 500) request.log.error({ err: error, code }, 'sign-in at the provider failed');
    else request.log.info({ code, reason: (error as Error).message }, 'sign-in at the provider refused');
    const page = request.principal === undefined ? SIGN_IN_PAGE : ACCOUNT_PAGE;
    reply.header('cache-control', 'no-store');
    return await reply.redirect(`${page}?${new URLSearchParams({ error: code, request: request.id })}`, 302);
  }
}
