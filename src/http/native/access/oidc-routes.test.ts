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
  const settings = await configure({});
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
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'x-request-id': 'request-1' };
  const lost = await app.inject({ url: `/api/v1/oidc/callback${back.search}`, headers: browser });
  expect(lost.statusCode).toBe(302);
  expect(lost.headers).toMatchObject({ location: '/sign-in?error=UNAUTHENTICATED&request=request-1' });
  expect(lost.headers['cache-control']).toBe('no-store');
  const linking = await app.inject({
    url: '/api/v1/oidc/callback?code=x',
    headers: { ...browser, 'x-test': 'system' },
  });
  expect(linking.headers.location).toBe('/account?error=UNAUTHENTICATED&request=request-1');
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

  // Somebody whom the provider knows, and the server does not.
  await configure({ createsAccounts: false });
  provider.user = { subject: 'subject-2', claims: { preferred_username: 'joe' } };
  const again = await app.inject('/api/v1/oidc/start');
  const stranger = await browse(new URL(String(again.headers.location)), CALLBACK);
  const refused = await app.inject({
    url: `/api/v1/oidc/callback${stranger.search}`,
    headers: { ...browser, cookie: `__Host-plimsoll-oidc=${again.cookies[0]?.value}` },
  });
  expect(refused.headers.location).toBe('/sign-in?error=FORBIDDEN&request=request-1');
  expect(refused.cookies.some(({ name }) => name === '__Host-plimsoll-session')).toBe(false);
  await configure({ issuer: 'http://127.0.0.1:9' });
  const away = await app.inject({ url: '/api/v1/oidc/start', headers: browser });
  expect(away.headers.location).toBe('/sign-in?error=SIGN_IN_PROVIDER_FAILED&request=request-1');

  const headers = { 'x-test': 'system' };
  expect((await app.inject({ method: 'DELETE', url: '/api/v1/settings/oidc', headers })).statusCode).toBe(204);
  expect((await app.inject('/api/v1/oidc/start')).statusCode).toBe(404);
});

async function configure(change: object) {
  return await app.inject({
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
      ...change,
    },
  });
}
