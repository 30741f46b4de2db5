/**
 * A real OpenID provider on this machine, whose users sign in without being asked.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** Somebody at the provider. */
export interface ProviderUser {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A provider that listens. */
export interface ProviderServer extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who signs in next; `undefined` gives up there. */
  user: ProviderUser | undefined;
  /** Whether claims are in the ID token, or at the user info alone. */
  hasClaimsInToken: boolean;
}

/** Starts a provider with one client that may come back to `redirectUri`. */
export async function startProvider(redirectUri: string): Promise<ProviderServer> {
  let handle = (_request: IncomingMessage, response: ServerResponse): void => void response.end();
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const clientSecret = randomBytes(16).toString('hex');
  const users = new Map<string, ProviderUser>();
  const running: ProviderServer = {
    issuer,
    clientId: 'plimsoll',
    clientSecret,
    user: undefined,
    hasClaimsInToken: false,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  const provider: Provider = new Provider(issuer, {
    clients: [{ client_id: 'plimsoll', client_secret: clientSecret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'test' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'email', 'groups'],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
    get conformIdTokenClaims() {
      return !running.hasClaimsInToken;
    },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...users.get(accountId)?.claims }),
    }),
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    async loadExistingGrant({ oidc }: { oidc: { client: { clientId: string }; session: { accountId: string } } }) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid profile email groups');
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  handle = (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return void callback(request, response);
    const { user } = running;
    if (user !== undefined) users.set(user.subject, user);
    const result = user === undefined ? { error: 'access_denied' } : { login: { accountId: user.subject } };
    provider.interactionFinished(request, response, result).catch(() => response.writeHead(500).end());
  };
  return running;
}

/** Goes with a browser of its own from `url` to where the provider sends it back: below `redirectUri`. */
export async function browse(url: URL, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = url;
  for (let hops = 0; hops < 20; hops += 1) {
    if (at.href.startsWith(redirectUri)) return at;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } });
    const body = await answer.text();
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`The provider answered ${answer.status}: ${body.slice(0, 500)}`);
    at = new URL(location, at);
  }
  throw new Error('The provider sends the browser in circles');
}
