/**
 * What a request shows to say who asks. Only read here; whether it is right is another question.
 *
 * Source: RFC 6750 (Bearer), RFC 7617 (Basic).
 */

/** Credentials of a request. */
export type Credentials =
  | { readonly kind: 'session'; readonly token: string }
  | { readonly kind: 'api-key'; readonly key: string }
  | { readonly kind: 'password'; readonly name: string; readonly password: string };

/** Where they may be. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  /** Of the header `X-API-KEY`. */
  readonly apiKey?: string | undefined;
  /** Of the cookie. */
  readonly session?: string | undefined;
}

/** What every API key begins with: scanners for leaked secrets know it by that, and so do we among other bearer tokens. */
export const API_KEY_PREFIX = 'plk_';

const MAX_LENGTH = 2048;

/**
 * The credentials that a request shows; `undefined` when it shows none of ours. Headers win over the cookie: who sends one means it.
 */
export function readCredentials({ authorization, apiKey, session }: CredentialHeaders): Credentials | undefined {
  if (apiKey !== undefined) return isKey(apiKey) ? { kind: 'api-key', key: apiKey } : undefined;
  if (authorization !== undefined) return readAuthorization(authorization);
  if (session !== undefined && session !== '' && session.length <= MAX_LENGTH)
    return { kind: 'session', token: session };
  return undefined;
}

function readAuthorization(header: string): Credentials | undefined {
  if (header.length > MAX_LENGTH) return undefined;
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +([A-Za-z0-9._~+/=-]+) *$/.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return isKey(value) ? { kind: 'api-key', key: value } : undefined;
    case 'basic': {
      const text = Buffer.from(value, 'base64').toString('utf8');
      const colon = text.indexOf(':');
      if (colon === -1) return undefined;
      const password = text.slice(colon + 1);
      // A key says itself whose it is, so that any user name will do.
      if (isKey(password)) return { kind: 'api-key', key: password };
      return { kind: 'password', name: text.slice(0, colon), password };
    }
    default:
      return undefined;
  }
}

function isKey(text: string): boolean {
  return text.startsWith(API_KEY_PREFIX) && text.length <= 200;
}
