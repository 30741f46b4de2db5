/**
 * Google's service accounts: the key file, and the access tokens that it brings for an hour at a time.
 *
 * Source: Google, "Using OAuth 2.0 for Server to Server Applications": a JWT signed with RS256 is exchanged for an access token.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Credentials } from '#image/registry/credential-store.ts';
import type { ApiAuthorization, ApiClient } from './api-client.ts';
import type { Connection } from './connection.ts';
import type { RegistryCredentials } from './credentials.ts';
import { KeptToken } from './kept-token.ts';
import { SETTINGS_SOURCE } from './pull-credentials.ts';

/** A service account as its key file describes it. */
export interface ServiceAccount {
  readonly email: string;
  readonly projectId: string | undefined;
  readonly keyId: string | undefined;
  readonly key: KeyObject;
}

/** Whatever a key file says, tokens are had there and nowhere else. */
const GOOGLE_TOKEN_HOST = 'oauth2.googleapis.com';
const TOKEN_URL = `https://${GOOGLE_TOKEN_HOST}/token`;
/** Reading is all we do; what the account may read its roles say. */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform.read-only';
const JWT_SECONDS = 3600;

const keyFileSchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(3).max(320),
  private_key: z.string().min(1),
  private_key_id: z.string().max(200).optional(),
  project_id: z.string().max(200).optional(),
});
const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().optional() });

/** Reads a key file. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`, without repeating anything of it. */
export function parseServiceAccount(keyFile: string): ServiceAccount {
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use the key file of the service account: ${why}`);
  let document: unknown;
  try {
    document = JSON.parse(keyFile);
  } catch {
    throw refuse('it is no JSON; paste the file as Google Cloud gave it');
  }
  const result = keyFileSchema.safeParse(document);
  if (!result.success) {
    const field = result.error.issues[0]?.path.join('.') ?? '';
    throw refuse(`it has no usable "${printable(field, 60)}"; a key of type "service_account" is needed`);
  }
  const { client_email: email, private_key, private_key_id: keyId, project_id: projectId } = result.data;
  try {
    const key = createPrivateKey(private_key);
    if (key.asymmetricKeyType !== 'rsa') throw new Error('not RSA');
    return { email, projectId, keyId, key };
  } catch {
    throw refuse('its private key is not an RSA key in PEM form');
  }
}

/** The assertion that is exchanged for a token: a JWT signed with RS256, good for an hour. RFC 7515, RFC 7523. */
function signAssertion(account: ServiceAccount, nowMs: number): string {
  const issuedAt = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(account.keyId === undefined ? {} : { kid: account.keyId }) };
  const claims = {
    iss: account.email,
    scope: SCOPE,
    aud: TOKEN_URL,
    iat: issuedAt,
    exp: issuedAt + JWT_SECONDS,
  };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), account.key).toString('base64url')}`;
}

/** Who asks Google's APIs: the service account by its tokens, or a token at hand; `undefined` for a visitor. */
export function googleAuthorization(connection: Connection): ApiAuthorization | undefined {
  const { credentials } = connection.options;
  if (credentials.kind === 'token') {
    const headers = { authorization: `Bearer ${credentials.token}` };
    return { headers: () => Promise.resolve(headers), secrets: () => [credentials.token] };
  }
  if (credentials.kind !== 'google-service-account') return undefined;
  const account = parseServiceAccount(credentials.keyFile);
  const api: ApiClient = connection.api({ base: new URL(`https://${GOOGLE_TOKEN_HOST}/`) });
  const kept = new KeptToken(
    async call => {
      const assertion = signAssertion(account, connection.now());
      const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
      const task = `Cannot log in service account ${printable(account.email, 100)} at Google`;
      const request = { path: 'token', form, schema: tokenAnswer, task, isLogin: true, secrets: [assertion] };
      try {
        const { body } = await api.ask(request, connection.until(call));
        return { value: body.access_token, lifeMs: (body.expires_in ?? JWT_SECONDS) * 1000 };
      } catch (error) {
        // Google answers 400 with `invalid_grant` for deleted accounts and keys, and for clocks that are wrong.
        if (!(error instanceof PlimsollError) || error.code !== 'REGISTRY_INVALID') throw error;
        const hint = 'the key or the account may have been deleted, or the clock of this machine is wrong';
        throw new PlimsollError('REGISTRY_DENIED', `${error.message}; ${hint}`);
      }
    },
    () => connection.now(),
  );
  return {
    headers: async call => ({ authorization: `Bearer ${await kept.get(call)}` }),
    renew: () => {
      kept.forget();
      return true;
    },
    secrets: () => kept.secrets(),
  };
}

/** What to pull with. A key file is shown as it is: the registry makes tokens of it by itself. */
export function googlePullCredentials(credentials: RegistryCredentials): Credentials | undefined {
  const as = (username: string, password: string) =>
    ({ kind: 'password', username, password, source: SETTINGS_SOURCE }) as const;
  if (credentials.kind === 'google-service-account') return as('_json_key', credentials.keyFile);
  if (credentials.kind === 'token') return as('oauth2accesstoken', credentials.token);
  return undefined;
}

/** A project as it stands in paths of images: the domain of `example.com:project` becomes a part of its own. */
export function projectPath(projectId: string): string {
  return projectId.replace(':', '/');
}

/** The ID of a project, with the domain of an old one in front. */
export const projectId = z
  .string()
  .regex(
    /^(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    'expected the ID of a project, such as "my-project-1"; its name or number is something else',
  );
