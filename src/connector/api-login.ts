/**
 * Log-ins of products' APIs that are the same with each request: a user name and password, or a token as it is.
 */
import { basicAuthorization } from '#image/registry/token.ts';
import type { ApiAuthorization } from './api-client.ts';
import type { RegistryCredentials } from './credentials.ts';

/** By Basic; nothing for a visitor. */
export function basicLogin(credentials: RegistryCredentials): ApiAuthorization | undefined {
  if (credentials.kind !== 'basic') return undefined;
  const authorization = basicAuthorization(credentials);
  return { headers: () => Promise.resolve({ authorization }), secrets: () => [credentials.password] };
}

/** A bearer token as it is; nothing without one. */
export function bearerLogin(token: string | undefined): ApiAuthorization | undefined {
  if (token === undefined) return undefined;
  return { headers: () => Promise.resolve({ authorization: `Bearer ${token}` }), secrets: () => [token] };
}
