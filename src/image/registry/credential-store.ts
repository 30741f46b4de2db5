/**
 * The port behind registry credentials: who may have some, and what they look like.
 */
import type { WaitOptions } from '../content.ts';

/** What to show a registry. */
export type Credentials = CredentialFacts &
  (
    | { readonly kind: 'password'; readonly username: string; readonly password: string }
    /** An OAuth2 refresh token: exchanged for access tokens, never sent to the registry itself. */
    | { readonly kind: 'identity-token'; readonly token: string }
    /** A ready access token, sent as it is. */
    | { readonly kind: 'registry-token'; readonly token: string }
  );

interface CredentialFacts {
  /** Where they are from, for messages: a file's path, or a helper's name and file. */
  readonly source: string;
  /** When to look them up again, in milliseconds since 1970: for those that a cloud gives out for some hours. */
  readonly expiresAtMs?: number;
}

/** What credentials are wanted for: host and optional port, and the path in the registry. */
export interface CredentialScope {
  readonly registry: string;
  readonly repository: string;
}

/** A place to look up credentials. */
export interface CredentialStore {
  /** The credentials for a repository; `undefined` when there are none. @throws {PlimsollError} `CREDENTIALS_INVALID`. */
  find(scope: CredentialScope, options: WaitOptions): Promise<Credentials | undefined>;
}

/** No credentials for anyone: every pull is anonymous. */
export const noCredentials: CredentialStore = { find: () => Promise.resolve(undefined) };

/** The same credentials for every repository of one registry, and none elsewhere. */
export function fixedCredentials(registry: string, credentials: Credentials): CredentialStore {
  return {
    find: scope => Promise.resolve(canonicalHost(scope.registry) === canonicalHost(registry) ? credentials : undefined),
  };
}

/** A registry's host with the names of Docker Hub made one: files call it `index.docker.io`, its API `registry-1.docker.io`. */
export function canonicalHost(host: string): string {
  const name = host.toLowerCase();
  return name === 'index.docker.io' || name === 'registry-1.docker.io' ? 'docker.io' : name;
}
