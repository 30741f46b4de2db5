/**
 * Whether a file is in the final tree, for the few paths that a later stage asks about: no layer keeps a list of names to walk.
 */
import { pathHash } from './entry-set.ts';
import type { LayerFacts } from './layer-facts.ts';

/** The final tree of `layers`, lowest first, as far as it can be asked for single paths. Links on the way are not followed. */
export class FinalTree {
  readonly #layers: readonly {
    readonly facts: LayerFacts;
    readonly whiteouts: ReadonlySet<string>;
    readonly opaque: ReadonlySet<string>;
  }[];

  constructor(layers: readonly LayerFacts[]) {
    this.#layers = layers
      .map(facts => ({ facts, whiteouts: new Set(facts.whiteouts), opaque: new Set(facts.opaque) }))
      .reverse();
  }

  /** Whether something that is no folder is at `path`, which is normalised and without leading slash. */
  has(path: string): boolean {
    const hash = pathHash(path);
    const folders = foldersOf(path);
    for (const { facts, whiteouts, opaque } of this.#layers) {
      if (facts.entries.has(hash)) return true;
      if (facts.folders.has(hash) || whiteouts.has(path) || opaque.has('')) return false;
      const isHidden = folders.some(
        folder => whiteouts.has(folder) || opaque.has(folder) || facts.entries.has(pathHash(folder)),
      );
      if (isHidden) return false;
    }
    return false;
  }
}

/** `a/b/c` is in `a` and `a/b`. */
function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}
