/**
 * What to pull with, from the credentials of the settings, and when not to show it.
 */
import { PlimsollError } from '#base/errors.ts';
import type { CredentialStore, Credentials } from '#image/registry/credential-store.ts';
import type { TlsSettings } from './connector.ts';

/** What messages call credentials that came with the settings. */
export const SETTINGS_SOURCE = 'the settings of the registry';

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
