/**
 * Keys with which builders push: one for each lease, good for the space of the build's project alone and for as long as the lease is held.
 * When a builder is killed or a build cancelled, its key ends, so that nothing is pushed behind anybody's back.
 */
import { hashToken, makeToken } from '#access/secret-token.ts';
import { REGISTRY_KEY_PREFIX, type RegistryKey, type RegistryKeyAuthority } from '#hosting/registry-key.ts';
import { findPushKey, type PushKeyPlace } from '#store/build-lease.ts';
import type { ServerContext } from '#store/context.ts';

/** What each begins with; registry keys of projects are never told apart by more. */
const PREFIX = `${REGISTRY_KEY_PREFIX}build_`;
const ID_PREFIX = 'build:';

/** A new key and what is kept of it. */
export function makePushKey(): { readonly text: string; readonly hash: string } {
  const text = makeToken(PREFIX);
  return { text, hash: hashToken(text) };
}

/** The keys of projects and those of builds as one. */
export function buildKeyAuthority(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  projects: RegistryKeyAuthority,
): RegistryKeyAuthority {
  return {
    async findByText(text) {
      if (!text.startsWith(PREFIX) || text.length > 200) return await projects.findByText(text);
      return toKey(await findPushKey(store.db, { hash: hashToken(text) }, now()));
    },
    async findById(id) {
      if (!id.startsWith(ID_PREFIX)) return await projects.findById(id);
      return toKey(await findPushKey(store.db, { leaseToken: id.slice(ID_PREFIX.length) }, now()));
    },
    findProjectOf: space => projects.findProjectOf(space),
  };
}

function toKey(place: PushKeyPlace | undefined): RegistryKey | undefined {
  if (place === undefined) return undefined;
  const { leaseToken, pid, namespaceId, projectId, projectName } = place;
  return { id: `${ID_PREFIX}${leaseToken}`, space: pid, namespaceId, projectId, projectName };
}
