/** Reading registries for a project: with its pull secret, and with an eye on rate limits. */

import { RegistryClient } from '#image/registry/client.ts';
import { noCredentials } from '#image/registry/credential-store.ts';
import type { RateLimit } from '#image/registry/rate-limit.ts';
import type { RegistryReference } from '#oci/reference.ts';
import { findSealedPullSecret, type ProjectRecord } from '#store/project.ts';
import { pullSecretPurpose } from './manage-project.ts';
import type { ProjectContext } from './project-context.ts';
import { credentialsOf, fits } from './pull-secret.ts';

/** A client for one image. Closing it ends all that is under way. */
export interface RegistryReader extends AsyncDisposable {
  readonly client: RegistryClient;
  /** Whether the project has a pull secret, and whether that speaks for the image. */
  readonly secret: 'none' | 'elsewhere' | 'fits';
  /** The limit of pulls as the registry told it last; a paid account at Docker Hub is told none. */
  readonly limit: () => RateLimit | undefined;
}

/** Opens a client that shows the project's pull secret to the registry of `reference`, where it is for that. */
export async function openRegistryReader(
  context: ProjectContext,
  project: ProjectRecord,
  reference: Pick<RegistryReference, 'registry' | 'repository'>,
): Promise<RegistryReader> {
  const { store, sealer, world } = context;
  const sealed = await findSealedPullSecret(store.db, project.id);
  const opened = sealed === undefined ? undefined : credentialsOf(sealer.open(sealed, pullSecretPurpose(project.id)));
  const isFitting = project.pullSecret !== undefined && fits(project.pullSecret.entry, reference);
  let limit: RateLimit | undefined;
  const client = new RegistryClient({
    credentials: opened?.store ?? noCredentials,
    secrets: opened?.secrets ?? [],
    tlsVerify: true,
    env: world.env,
    advice: 'settings',
    allowsPrivate: world.allowsPrivateAddresses,
    userAgent: world.userAgent,
    serviceOrigins: world.serviceOrigins,
    // A job waits for another day in the queue, not here.
    patience: { attempts: 3, maxRetryAfterMs: 5000 },
    onRateLimit: seen => {
      limit = seen;
    },
  });
  return {
    client,
    secret: opened === undefined ? 'none' : isFitting ? 'fits' : 'elsewhere',
    limit: () => limit,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
