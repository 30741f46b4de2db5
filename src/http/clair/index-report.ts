/** What was found in an image, and how far its index is, in Clair's form. */
import type { Inventory } from '#inventory/inventory.ts';
import type { Gap } from '#inventory/package.ts';
import type { ClairIndex, ClairIndexState } from '#store/clair-index.ts';
import { numberPackages } from './package-map.ts';

/** As claircore's machine calls where it is. */
const STATES: Readonly<Record<ClairIndexState, string>> = {
  queued: 'CheckManifest',
  fetching: 'FetchLayers',
  scanning: 'ScanLayers',
  done: 'IndexFinished',
  failed: 'IndexError',
};

const NOTHING = { packages: {}, distributions: {}, repository: {}, environments: {} };
const SHOWN_GAPS = 5;

/** The report; `inventory` once there is one. */
export function toIndexReport({ manifestHash, state, error }: ClairIndex, inventory: Inventory | undefined) {
  const isDone = state === 'done' && inventory !== undefined;
  return {
    manifest_hash: manifestHash,
    state: STATES[state],
    ...(isDone ? numberPackages(inventory).maps : NOTHING),
    success: isDone,
    err: isDone ? describeGaps(inventory.gaps) : (error ?? ''),
  };
}

/** Quay keeps this text with the result: what could not be read is not passed over. */
function describeGaps(gaps: readonly Gap[]): string {
  if (gaps.length === 0) return '';
  const shown = gaps.slice(0, SHOWN_GAPS).map(({ path, layer, reason }) => {
    const place = path ?? layer;
    return place === undefined ? reason : `${place}: ${reason}`;
  });
  const rest = gaps.length > SHOWN_GAPS ? `; and ${gaps.length - SHOWN_GAPS} more` : '';
  return `Parts of the image could not be read: ${shown.join('; ')}${rest}`;
}
