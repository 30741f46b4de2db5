/** Signing in at a real OpenID provider, as a browser does. */
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SYSTEM } from '#access/principal.ts';
import { browse, type ProviderServer, startProvider } from '#access/testing/provider-server.ts';
import type { Store } from '#store/database.ts';
import { createSealer } from '#store/seal.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { createAuthenticate } from '../../authentication.ts';
import { buildServer } from '../../server.ts';
import { accessRoutes } from './routes.ts';

const SITE = { publicUrl: 'https://plimsoll.example' };
const CALLBACK = 'https://plimsoll.example/api/v1/oidc/callback';
let store: Store;
let app: FastifyInstance;
let provider: ProviderServer;

beforeAll(async () => {
  store = await openEmbedded();
  const context = {
    store,
    sealer: createSealer('a secret of at least 32 characters for tests'),
    now: () => new Date(),
  };
  const authenticate = createAuthenticate(context, SITE);
  app = await buildServer({
    apis: [accessRoutes(context, SITE)],
    authenticate: async request => (request.headers['x-test'] === 'system' ? SYSTEM : await authenticate(request)),
    version: '0.0.0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  provider = await startProvider(CALLBACK);
  provider.user = { subject: 'subject-1', claims: { preferred_username: 'jane', groups: ['ops'] } };
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
  await app.close();
  await store[Symbol.asyncDispose]();
});

test('whoever runs the server sets the provider, and people sign in at it and come back to where they were', async () => {
  const settings = await app.inject({
    method: 'PUT',
    url: '/api/v1/settings/oidc',
    headers: { 'x-test': 'system' },
    payload: {
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      displayName: 'The provider',
      scopes: ['profile', 'groups'],
      groupRoles: [{ group: 'ops', role: 'viewer' }],
      createsAccounts: true,
    },
  });
  expect(settings.json()).toMatchObject({ hasClientSecret: true, callbackUrl: CALLBACK });
  expect(settings.body).not.toContain(provider.clientSecret);
  expect((await app.inject('/api/v1/setup')).json().oidc).toEqual({ displayName: 'The provider' });

  const start = await app.inject('/api/v1/oidc/start?returnTo=/images%3Fx%3D1');
  expect(start.statusCode).toBe(302);
  const [attempt] = start.cookies;
  expect(attempt).toMatchObject({ name: '__Host-plimsoll-oidc', httpOnly: true, secure: true, sameSite: 'Lax' });
  const back = await browse(new URL(String(start.headers.location)), CALLBACK);

  const foreign = await app.inject({ url: `/api/v1/oidc/callback${back.search}` });
  expect(foreign.statusCode).toBe(401);
  const end = await app.inject({
    url: `/api/v1/oidc/callback${back.search}`,
    headers: { cookie: `__Host-plimsoll-oidc=${attempt?.value}` },
  });
  expect(end.statusCode).toBe(302);
  expect(end.headers.location).toBe('/images?x=1');
  const session = end.cookies.find(({ name }) => name === '__Host-plimsoll-session');
  const who = await app.inject({
    url: '/api/v1/session',
    headers: { cookie: `__Host-plimsoll-session=${session?.value}` },
  });
  expect(who.json()).toMatchObject({ account: { name: 'jane', hasPassword: false }, everywhere: 'viewer' });

  const headers = { 'x-test': 'system' };
  expect((await app.inject({ method: 'DELETE', url: '/api/v1/settings/oidc', headers })).statusCode).toBe(204);
  expect((await app.inject('/api/v1/oidc/start')).statusCode).toBe(404);
});
