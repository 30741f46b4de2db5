/**
 * The exchange with an OpenID provider: authorization code with PKCE, state and nonce.
 *
 * Source: OpenID Connect Core 1.0, RFC 7636, RFC 9700 (best current practice).
 */
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  fetchUserInfo,
  None,
} from 'openid-client';
import { PlimsollError } from '#base/errors.ts';
import { printable, withoutSecrets } from '#base/text.ts';
import { isLoopback, type OidcClient } from './settings.ts';

/** What must come back as it was sent. */
export interface Challenge {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
}

/** Who the provider says somebody is. */
export interface Claims {
  readonly subject: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const TIMEOUT_SECONDS = 10;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Where the browser goes to sign in. @throws {PlimsollError} `SIGN_IN_PROVIDER_FAILED`. */
export async function authorizationUrl(client: OidcClient, challenge: Challenge, signal: AbortSignal): Promise<URL> {
  const config = await discover(client, signal);
  return buildAuthorizationUrl(config, {
    redirect_uri: challenge.redirectUri,
    scope: [...new Set(['openid', ...client.scopes])].join(' '),
    code_challenge: await calculatePKCECodeChallenge(challenge.codeVerifier),
    code_challenge_method: 'S256',
    state: challenge.state,
    nonce: challenge.nonce,
  });
}

/**
 * Who has come back from the provider with `query`, by its ID token; the groups may be at its user info instead.
 * @throws {PlimsollError} `UNAUTHENTICATED` when the provider refused, `SIGN_IN_PROVIDER_FAILED`.
 */
export async function redeem(
  client: OidcClient,
  challenge: Challenge,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Claims> {
  const config = await discover(client, signal);
  const url = new URL(challenge.redirectUri);
  url.search = query.toString();
  return await speaking(client, async () => {
    const tokens = await authorizationCodeGrant(config, url, {
      expectedState: challenge.state,
      expectedNonce: challenge.nonce,
      pkceCodeVerifier: challenge.codeVerifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('there is no ID token');
    const isComplete =
      claims[client.groupsClaim] !== undefined || config.serverMetadata().userinfo_endpoint === undefined;
    const more = isComplete ? {} : await fetchUserInfo(config, tokens.access_token, claims.sub);
    return { subject: claims.sub, values: { ...more, ...claims } };
  });
}

async function discover(client: OidcClient, signal: AbortSignal): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = client;
  const server = new URL(issuer);
  const fetchBounded: CustomFetch = async (url, { signal: timeout, ...options }) => {
    const signals = timeout === undefined ? [signal] : [signal, timeout];
    return await bounded(await fetch(url, { ...(options as RequestInit), signal: AbortSignal.any(signals) }));
  };
  const options = {
    timeout: TIMEOUT_SECONDS,
    [customFetch]: fetchBounded,
    // Settings let plain HTTP through for this machine alone.
    execute: isLoopback(server) ? [allowInsecureRequests] : [],
  };
  return await speaking(client, async () => {
    const found = await discovery(server, clientId, undefined, authentication(clientSecret, undefined), options);
    const methods = found.serverMetadata().token_endpoint_auth_methods_supported;
    if (clientSecret === undefined || methods === undefined || methods.includes('client_secret_basic')) return found;
    return await discovery(server, clientId, undefined, authentication(clientSecret, methods), options);
  });
}

/** Basic is what a provider has when it does not say (OpenID Connect Discovery, 3). */
function authentication(clientSecret: string | undefined, methods: readonly string[] | undefined) {
  if (clientSecret === undefined) return None();
  return methods?.includes('client_secret_post') === true
    ? ClientSecretPost(clientSecret)
    : ClientSecretBasic(clientSecret);
}

async function bounded(response: Response): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const { status, statusText, headers, url } = response;
  const isEmpty = status === 204 || status === 205 || status === 304;
  const copy = new Response(isEmpty ? null : Buffer.concat(chunks), { status, statusText, headers });
  Object.defineProperty(copy, 'url', { value: url });
  return copy;
}

/** Runs an exchange, and says what went wrong in words of ours. Codes and tokens never get into a message. */
async function speaking<T>({ issuer }: OidcClient, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause;
    if (cause instanceof AuthorizationResponseError) {
      const why =
        cause.error === 'access_denied' ? 'the sign-in was refused or given up there' : printable(cause.error, 60);
      throw new PlimsollError('UNAUTHENTICATED', `Cannot sign in at ${withoutSecrets(issuer)}: ${why}`, { cause });
    }
    const why = cause instanceof Error ? printable(cause.message, 200) : 'it failed';
    throw new PlimsollError(
      'SIGN_IN_PROVIDER_FAILED',
      `Cannot sign in at ${withoutSecrets(issuer)}: ${why}; check the issuer, the client and its secret`,
      { cause },
    );
  }
}
