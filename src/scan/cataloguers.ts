/**
 * The cataloguers of a scan: adding one is a line in its family's list.
 */
import { apkCataloguer } from '#inventory/apk/cataloguer.ts';
import { osReleaseCataloguer } from '#inventory/os-release/cataloguer.ts';
import type { CataloguerSet } from './layer-collector.ts';

export const cataloguers: CataloguerSet = {
  byPath: [osReleaseCataloguer, apkCataloguer],
  byMagic: [],
};
