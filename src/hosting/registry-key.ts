/**
 * Registry keys of projects: a password that by itself says which repositories it opens. Who makes and ends them is another's business.
 */

/** What every registry key begins with, so that one in the wrong place is recognised. */
export const REGISTRY_KEY_PREFIX = 'plr_';

/** The user name that goes with a registry key; it carries no meaning, and any other will do. */
export const REGISTRY_KEY_USER = 'unused';

/** A registry key that is valid now. */
export interface RegistryKey {
  /** Another one after each rotation. */
  readonly id: string;
  /** First part of the names of the repositories that it opens, and of no others. */
  readonly space: string;
  readonly namespaceId: string;
  readonly projectId: string;
  /** For people: the project's name. */
  readonly projectName: string;
}

/** Knows the registry keys. */
export interface RegistryKeyAuthority {
  /** The key of that text; `undefined` when it is wrong, or has been rotated or revoked. May note that it was used. */
  findByText(text: string): Promise<RegistryKey | undefined>;
  /** The key of that id; `undefined` when it has been rotated or revoked. */
  findById(id: string): Promise<RegistryKey | undefined>;
  /** The project whose space that is, for messages; `undefined` when it is no project's. */
  findProjectOf(space: string): Promise<{ readonly projectName: string; readonly namespaceId: string } | undefined>;
}

/** Where there are no projects. */
export const NO_REGISTRY_KEYS: RegistryKeyAuthority = {
  findByText: async () => undefined,
  findById: async () => undefined,
  findProjectOf: async () => undefined,
};
