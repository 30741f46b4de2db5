/**
 * What every product's server holds in the contract suite, so that its tests can say what must come out.
 */
import type { RegistryServer } from '../../../test/fixtures/registry-server.ts';

/** A tag of the contract's world. */
export interface ContractTag {
  readonly name: string;
  /** ISO 8601, UTC, whole seconds; distinct. */
  readonly pushedAt: string;
}

/** A repository of the contract's world. */
export interface ContractRepository {
  readonly name: string;
  /** Oldest first. */
  readonly tags: readonly ContractTag[];
}

/** Entries that a page may have at most, so that the world needs several. */
export const CONTRACT_PAGE_SIZE = 3;

/** The repository whose tags need several pages. */
const CONTRACT_MAIN = 'app';

/** Seven repositories below `namespace`; the first, `app`, has seven tags with every oddity that is legal. */
export function contractRepositories(namespace = 'acme'): readonly ContractRepository[] {
  const tags = ['1.0', '1.1', 'V_2', '_hidden', '3.0-rc.1', 'latest', 'a'.repeat(128)];
  const main = tags.map((name, at) => ({ name, pushedAt: `2026-0${at + 1}-10T08:00:00.000Z` }));
  const others = ['base', 'a', 'odd.name_x--y', 'tools', 'web', 'zebra'];
  return [
    { name: `${namespace}/${CONTRACT_MAIN}`, tags: main },
    ...others.map((name, at) => ({
      name: `${namespace}/${name}`,
      tags: [{ name: 'latest', pushedAt: `2026-08-0${at + 1}T12:30:00.000Z` }],
    })),
  ];
}

/** Puts an image of its own under every tag. Returns digests by `repository:tag`. */
export function holdWorld(server: RegistryServer, world: readonly ContractRepository[]): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const { name, tags } of world) {
    for (const tag of tags) {
      const held = server.addImage(name, tag.name, [Buffer.from(`${name}:${tag.name}`)]);
      digests.set(`${name}:${tag.name}`, held.manifest.digest);
    }
  }
  return digests;
}
