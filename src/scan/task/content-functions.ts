/**
 * What the server's side of sensors does with images, on scan/content.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Inventory } from '#inventory/inventory.ts';
import type { ContentContext } from '../content/content-context.ts';
import { storeInventory } from '../content/store-inventory.ts';
import { findUnknownManifests, storeManifests } from '../content/store-manifests.ts';
import type { ContentFunctions } from './server-port.ts';

/** The functions of a server with its vulnerability database. */
export function contentFunctions(context: ContentContext): ContentFunctions {
  return {
    findUnknownManifests,
    storeManifests,
    storeInventory: (digest, text, { analyserVersion, signal, also }) =>
      storeInventory(context, digest, readInventory(text, digest), analyserVersion, { signal, also }),
  };
}

/** An inventory as a sensor sends it. Sensors run our own code and have authenticated, so only the outline is checked. */
function readInventory(text: string, digest: string): Inventory {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('REQUEST_INVALID', `Cannot read the inventory of ${digest}: it is not JSON`, { cause });
  }
  const { image, packages, gaps } = (value ?? {}) as Partial<Record<keyof Inventory, unknown>>;
  if (typeof image === 'object' && image !== null && Array.isArray(packages) && Array.isArray(gaps)) {
    return value as Inventory;
  }
  throw new PlimsollError(
    'REQUEST_INVALID',
    `Cannot read the inventory of ${digest}: it has no image, packages and gaps`,
  );
}
