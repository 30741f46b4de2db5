/**
 * Base images that others may build on, and whether an image is built on one.
 *
 * An image is built on another when its layers begin with all of the other's, told by diff ID: those are of the uncompressed layers, so
 * that a copy in another registry, compressed anew, is the same base.
 */

/** A base image for one platform, as the operator's catalogue has it. */
export interface BaseImage {
  /** As people know it: `registry.access.redhat.com/ubi9/ubi-minimal:9.4`. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest?: string;
  /** Diff IDs, lowest first. At least one. */
  readonly layers: readonly string[];
  /** A base that is known and not approved gives a better explanation than one that is unknown. */
  readonly isApproved: boolean;
  readonly note?: string;
}

/** What was found of an image's base. */
export type BaseMatch =
  | { readonly kind: 'based'; readonly base: BaseImage; readonly ownLayers: number }
  | { readonly kind: 'not-approved'; readonly base: BaseImage }
  /** It has the first layers of a base and not all of them, or the last layer of one in another place. */
  | { readonly kind: 'near'; readonly base: BaseImage; readonly sharedLayers: number; readonly isTopFound: boolean }
  | { readonly kind: 'none' };

/** The layer that holds nothing: an end-of-archive of two blocks, which tools write for instructions that change no file. */
export const EMPTY_LAYER = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * The base of an image of these layers. Of several that fit, an approved one counts, then the one with the most layers: an image built on
 * `ubi-minimal` is also built on what that was built on.
 */
export function findBase(diffIds: readonly string[], bases: readonly BaseImage[]): BaseMatch {
  const layers = diffIds.filter(id => id !== EMPTY_LAYER);
  const judged = bases.flatMap(base => {
    const own = base.layers.filter(id => id !== EMPTY_LAYER);
    if (own.length === 0) return [];
    let shared = 0;
    while (shared < own.length && own[shared] === layers[shared]) shared += 1;
    const top = own.at(-1);
    return [{ base, shared, isWhole: shared === own.length, isTopFound: top !== undefined && layers.includes(top) }];
  });
  const fitting = judged.filter(one => one.isWhole).sort((a, b) => b.shared - a.shared);
  const best = fitting.find(one => one.base.isApproved) ?? fitting[0];
  if (best?.base.isApproved) return { kind: 'based', base: best.base, ownLayers: layers.length - best.shared };
  if (best !== undefined) return { kind: 'not-approved', base: best.base };
  const [nearest] = judged
    .filter(one => one.shared > 0 || one.isTopFound)
    .sort((a, b) => Number(b.base.isApproved) - Number(a.base.isApproved) || b.shared - a.shared);
  return nearest === undefined
    ? { kind: 'none' }
    : { kind: 'near', base: nearest.base, sharedLayers: nearest.shared, isTopFound: nearest.isTopFound };
}
