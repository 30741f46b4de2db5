/**
 * An image as a sensor reports it: the JSON text of its inventory, which has the facts about the files of the image as one more field.
 */
import { PlimsollError } from '#base/errors.ts';
import { type FileFacts, toFileFacts } from '#certification/file-facts.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { readFileFacts } from '../content/file-facts.ts';
import type { ScannedImage } from '../scan-image.ts';

/** What was read of an image. */
export interface ReportedImage {
  readonly inventory: Inventory;
  /** Missing when a layer was read by parts: checks of a certification want it whole. */
  readonly files?: FileFacts;
}

/** What there is to report of an image that was read. */
export function toReported({ inventory, layers }: ScannedImage): ReportedImage {
  const isWhole = inventory.image.layers.every(({ verifiedBy }) => verifiedBy === 'layer');
  return { inventory, ...(isWhole ? { files: toFileFacts(layers) } : {}) };
}

/** The text that is sent. */
export function writeReported({ inventory, files }: ReportedImage): string {
  return JSON.stringify({ ...inventory, files });
}

/**
 * Reads the text again. Sensors run our own code and have authenticated, so that of the inventory only the outline is checked.
 * @throws {PlimsollError} `REQUEST_INVALID`.
 */
export function readReported(text: string, digest: string): ReportedImage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('REQUEST_INVALID', `Cannot read the inventory of ${digest}: it is not JSON`, { cause });
  }
  const { files, ...inventory } = (value ?? {}) as Partial<Record<keyof Inventory | 'files', unknown>>;
  const { image, packages, gaps } = inventory;
  if (typeof image !== 'object' || image === null || !Array.isArray(packages) || !Array.isArray(gaps)) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot read the inventory of ${digest}: it has no image, packages and gaps`,
    );
  }
  const facts = readFileFacts(files);
  if (files !== undefined && facts === undefined) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot read the inventory of ${digest}: what it says of the files is of another form than expected; are server and sensor of the same version?`,
    );
  }
  // The outline is checked above.
  return { inventory: inventory as unknown as Inventory, ...(facts === undefined ? {} : { files: facts }) };
}
