/**
 * An image as a sensor reports it: the JSON text of its inventory, which has the facts about the files of the image as one more field.
 */
import { PlimsollError } from '#base/errors.ts';
import { type FileFacts, toFileFacts } from '#certification/file-facts.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { readFileFacts } from '../content/file-facts.ts';
import type { ScannedImage } from '../scan-image.ts';
import { checkInventory } from './check-inventory.ts';

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

/** Largest text, in UTF-16 units; an image of 50,000 packages has a tenth of it. */
const MAX_LENGTH = 256 * 1024 * 1024;

/**
 * Reads the text again.
 * @throws {PlimsollError} `REQUEST_INVALID` when it is none, `LIMIT_EXCEEDED` when it is too long.
 */
export function readReported(text: string, digest: string): ReportedImage {
  const what = `the inventory of ${digest}`;
  if (text.length > MAX_LENGTH) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read ${what}: ${text.length} characters, the limit is ${MAX_LENGTH}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('REQUEST_INVALID', `Cannot read ${what}: it is not JSON`, { cause });
  }
  const { files } = (value ?? {}) as { readonly files?: unknown };
  const inventory = checkInventory(value, what);
  const facts = readFileFacts(files);
  if (files !== undefined && facts === undefined) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot read ${what}: what it says of the files is of another form than expected; are server and sensor of the same version?`,
    );
  }
  return { inventory, ...(facts === undefined ? {} : { files: facts }) };
}
