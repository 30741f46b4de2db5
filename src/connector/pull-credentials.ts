/**
 * What to pull with, from the credentials of the settings, and when not to show it.
 */
import { PlimsollError } from '#base/errors.ts';
import type { CredentialStore, Credentials } from '#image/registry/credential-store.ts';
import type { TlsSettings } from './connector.ts';
import type { RegistryCredentials } from './credentials.ts';

/** What messages call credentials that came with the settings. */
export const SETTINGS_SOURCE = 'the settings of the registry';

/** The texts of credentials that no message may repeat; user names are not among them. */
export function secretsIn(credentials: RegistryCredentials): readonly string[] {
  switch (credentials.kind) {
    case 'none':
      return [];
    case 'basic':
      return [credentials.password];
    case 'token':
      return [credentials.token];
    case 'quay':
      return [credentials.apiToken, credentials.robot?.password].filter(text => text !== undefined);
    case 'aws':
      return [credentials.secretAccessKey, credentials.sessionToken].filter(text => text !== undefined);
    case 'azure-service-principal':
      return [credentials.clientSecret];
    case 'google-service-account':
      return [credentials.keyFile, ...privateKeyIn(credentials.keyFile)];
    default:
      return credentials satisfies never;
  }
}

/** The same credentials for everything; no credentials give an empty store. */
export function storeOf(credentials: Credentials | undefined): CredentialStore | undefined {
  return credentials === undefined ? undefined : { find: () => Promise.resolve(credentials) };
}

/** @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` when credentials would go over plain http and nobody has allowed it. */
export function refuseOverHttp(to: URL, tls: TlsSettings | undefined): void {
  if (to.protocol !== 'http:' || tls?.allowsCredentialsOverHttp === true) return;
  throw new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    `Refusing to send credentials to ${to.host} over plain http, where anyone on the way can read them: use https, or allow it in the settings of the registry`,
  );
}

function privateKeyIn(keyFile: string): readonly string[] {
  try {
    const { private_key: key } = JSON.parse(keyFile) as { private_key?: unknown };
    return typeof key === 'string' ? [key] : [];
  } catch {
    return [];
  }
}
