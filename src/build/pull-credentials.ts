/** The log-ins for base images as a registry client asks for them. */
import { inlineCredentials } from '#image/registry/auth-file.ts';
import { type CredentialStore, canonicalHost, noCredentials } from '#image/registry/credential-store.ts';
import { credentialKeysFor, normalCredentialKey } from '#image/registry/credentials.ts';
import { secretsIn } from '#project/pull-secret.ts';

/** Reads a config.json as `readBuildPullSecret` keeps it. */
export function pullCredentials(text: string | undefined): {
  readonly credentials: CredentialStore;
  /** Texts that no message may repeat. */
  readonly secrets: readonly string[];
} {
  if (text === undefined) return { credentials: noCredentials, secrets: [] };
  const { auths } = JSON.parse(text) as { readonly auths: Readonly<Record<string, unknown>> };
  const entries = new Map(Object.entries(auths).map(([key, entry]) => [normalCredentialKey(key), entry]));
  return {
    secrets: secretsIn(text),
    credentials: {
      async find({ registry, repository }) {
        const keys = credentialKeysFor({ registry: canonicalHost(registry), repository });
        const key = keys.find(one => entries.has(one));
        return key === undefined
          ? undefined
          : inlineCredentials(entries.get(key), key, 'the pull secret for base images');
      },
    },
  };
}
