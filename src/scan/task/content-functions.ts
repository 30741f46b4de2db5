/**
 * What the server's side of sensors does with images, on scan/content.
 */
import type { ContentContext } from '../content/content-context.ts';
import { storeInventory } from '../content/store-inventory.ts';
import { findUnknownManifests, storeManifests } from '../content/store-manifests.ts';
import { readReported } from './reported-image.ts';
import type { ContentFunctions } from './server-port.ts';

/** The functions of a server with its vulnerability database. */
export function contentFunctions(context: ContentContext): ContentFunctions {
  return {
    findUnknownManifests,
    storeManifests,
    storeInventory: (digest, text, { analyserVersion, signal, also }) => {
      const { inventory, files } = readReported(text, digest);
      return storeInventory(context, digest, inventory, analyserVersion, { signal, also, files });
    },
  };
}
