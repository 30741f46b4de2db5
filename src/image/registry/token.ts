/**
 * Getting an access token from the place that a Bearer challenge names.
 *
 * Source: distribution's "Token Authentication Specification" (GET) and "OAuth2 Token Authentication" (POST). Tokens live 60
 * seconds when nothing is said. `issued_at` is not read: the clocks of two machines differ by more than a token lives.
 */
import { z } from 'zod';
import { type FailureContext, isWebPage, MAX_ERROR_BYTES, toAnswerFailure, webPage } from './answer-failure.ts';
import { AttemptError } from './attempt.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credential-store.ts';
import { follow } from './follow.ts';
import { readAll } from './read-body.ts';
import type { Answer, SendOptions, Transport } from './transport.ts';

/** Where tokens are had, and what for. */
export interface TokenTarget {
  readonly realm: URL;
  readonly service: string;
  /** Each as `repository:library/alpine:pull`. */
  readonly scopes: readonly string[];
}

/** A token and how long it may be used. */
export interface Token {
  readonly value: string;
  readonly lifeMs: number;
  /** A new identity token, where the old one is thereby spent. */
  readonly identityToken?: string;
}

/** Name under which we ask, as token servers log it. */
const CLIENT_ID = 'plimsoll';
const DEFAULT_LIFE_SECONDS = 60;
const MAX_LIFE_SECONDS = 24 * 3600;
const MAX_TOKEN_BYTES = 64 * 1024;
const MAX_SCOPES = 20;

const answerSchema = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  expires_in: z.coerce.number().nullish().catch(null),
  refresh_token: z.string().nullish(),
});

/**
 * What a Bearer challenge asks for. A challenge without scope means `scopes`: the right to what was asked for.
 * @throws {AttemptError} `REGISTRY_INVALID` when its realm is missing, no URL, or not https although the registry is.
 */
export function toTokenTarget(
  challenge: Challenge,
  registry: URL,
  defaultScopes: readonly string[],
  task: string,
): TokenTarget {
  const realm = URL.parse(challenge.parameters['realm'] ?? '', registry.href);
  const refuse = (why: string) => new AttemptError('REGISTRY_INVALID', `${task}: ${registry.host} ${why}`);
  if (realm === null || challenge.parameters['realm'] === undefined)
    throw refuse('asks for a token and does not say where from');
  if (realm.protocol !== 'https:' && !(realm.protocol === 'http:' && registry.protocol === 'http:')) {
    throw refuse(`sends us for a token to ${realm.host} without https, which is refused`);
  }
  realm.username = '';
  realm.password = '';
  realm.hash = '';
  const scopes = (challenge.parameters['scope'] ?? '').split(' ').filter(scope => scope !== '');
  return {
    realm,
    service: challenge.parameters['service'] ?? '',
    scopes: scopes.length === 0 ? defaultScopes : scopes.slice(0, MAX_SCOPES),
  };
}

/** The scope for reading a repository. */
export function pullScope(repository: string): string {
  return `repository:${repository}:pull`;
}

/**
 * Asks for a token: by GET, with the password if there is one; by POST with an identity token, and with a password where GET is not
 * known. @throws {AttemptError} `REGISTRY_DENIED`, `REGISTRY_UNAVAILABLE`, `RATE_LIMITED`, `REGISTRY_INVALID`.
 */
export async function requestToken(
  target: TokenTarget,
  credentials: Credentials | undefined,
  transport: Transport,
  options: SendOptions & { readonly context: FailureContext },
): Promise<Token> {
  let answer: Answer;
  if (credentials?.kind === 'identity-token') {
    answer = await post(target, { grant_type: 'refresh_token', refresh_token: credentials.token }, transport, options);
  } else {
    const login = credentials?.kind === 'password' ? credentials : undefined;
    answer = await get(target, login, transport, options);
    if (login !== undefined && (answer.status === 404 || answer.status === 405)) {
      answer.body.destroy();
      const { username, password } = login;
      answer = await post(target, { grant_type: 'password', username, password }, transport, options);
    }
  }
  return readToken(answer, transport, options);
}

/** The value of an `Authorization` header for a user name and password (RFC 7617, in UTF-8). */
export function basicAuthorization(login: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`, 'utf8').toString('base64')}`;
}

function get(
  target: TokenTarget,
  login: { readonly username: string; readonly password: string } | undefined,
  transport: Transport,
  options: SendOptions,
): Promise<Answer> {
  const url = new URL(target.realm);
  if (target.service !== '') url.searchParams.set('service', target.service);
  for (const scope of target.scopes) url.searchParams.append('scope', scope);
  if (login !== undefined) url.searchParams.set('account', login.username);
  url.searchParams.set('client_id', CLIENT_ID);
  const authorization = login === undefined ? undefined : basicAuthorization(login);
  return follow({ method: 'GET', url, headers: { accept: 'application/json' } }, authorization, transport, options);
}

/** Redirects of a POST are not followed: the form holds the secret. */
function post(
  target: TokenTarget,
  grant: Readonly<Record<string, string>>,
  transport: Transport,
  options: SendOptions,
): Promise<Answer> {
  const form = new URLSearchParams({
    ...grant,
    ...(target.service === '' ? {} : { service: target.service }),
    scope: target.scopes.join(' '),
    client_id: CLIENT_ID,
  });
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  return transport.send({ method: 'POST', url: target.realm, headers, body: form.toString() }, options);
}

async function readToken(
  answer: Answer,
  transport: Transport,
  options: SendOptions & { readonly context: FailureContext },
): Promise<Token> {
  const { task, context } = options;
  const limitBytes = answer.status === 200 ? MAX_TOKEN_BYTES : MAX_ERROR_BYTES;
  const text = Buffer.from(await readAll(answer, transport, { ...options, limitBytes })).toString('utf8');
  // OAuth2 says 400 for what is 401 elsewhere (RFC 6749, 5.2).
  if (answer.status === 400 && text.includes('invalid_grant')) {
    throw toAnswerFailure({ ...answer, status: 401 }, text, context);
  }
  if (answer.status !== 200 && answer.status !== 201) throw toAnswerFailure(answer, text, context);
  if (isWebPage(answer, text)) throw webPage(answer, task);
  const refuse = (why: string) => new AttemptError('REGISTRY_INVALID', `${task}: ${answer.url.host} ${why}`);
  const result = answerSchema.safeParse(parseJson(text));
  if (!result.success) throw refuse('answers the request for a token with something that is none');
  const { token, access_token, expires_in, refresh_token } = result.data;
  const value = token || access_token;
  if (!value) throw refuse('grants no token, although it answers the request for one');
  if (!/^[\x21-\x7e]+$/.test(value)) throw refuse('grants a token that cannot be sent in a header');
  const life = expires_in !== null && expires_in !== undefined && expires_in > 0 ? expires_in : DEFAULT_LIFE_SECONDS;
  return {
    value,
    lifeMs: Math.min(life, MAX_LIFE_SECONDS) * 1000,
    ...(refresh_token ? { identityToken: refresh_token } : {}),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
