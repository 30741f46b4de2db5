/** What an image of Red Hat's says of its repositories, from all layers together. */
import type { RedHatBuild } from '../inventory.ts';
import type { MergedFile } from '../merge-layers.ts';
import { redHatBuildCataloguer } from './cataloguer.ts';

/**
 * The repositories that any content manifest names, sorted; the image that the labels name, by which Red Hat's map finds them otherwise.
 * Each layer adds a manifest; which of them is about which package nothing says for sure. `undefined` when there is neither.
 */
export function findRedHatBuild(files: readonly MergedFile[]): RedHatBuild | undefined {
  const repositories = new Set<string>();
  let named: { readonly image: string; readonly layerIndex: number } | undefined;
  for (const { by, fact, layerIndex } of files) {
    if (by !== redHatBuildCataloguer.id) continue;
    const { repositories: listed, image } = fact.extra ?? {};
    if (Array.isArray(listed)) for (const one of listed) if (typeof one === 'string') repositories.add(one);
    // The uppermost labels are those of the image itself; below are those of what it was built from.
    if (typeof image === 'string' && layerIndex >= (named?.layerIndex ?? 0)) named = { image, layerIndex };
  }
  if (repositories.size === 0 && named === undefined) return undefined;
  return { repositories: [...repositories].sort(), ...(named === undefined ? {} : { image: named.image }) };
}
