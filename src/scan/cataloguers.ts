/**
 * The cataloguers of a scan: adding one is a line in its family's list.
 */
import { executableCataloguers, programCataloguers } from '#inventory/executable-cataloguers.ts';
import { javaCataloguer } from '#inventory/java/cataloguer.ts';
import { languageCataloguers } from '#inventory/language-cataloguers.ts';
import { osCataloguers } from '#inventory/os-cataloguers.ts';
import { osReleaseCataloguer } from '#inventory/os-release/cataloguer.ts';
import type { CataloguerSet } from './layer-collector.ts';

export const cataloguers: CataloguerSet = {
  byPath: [osReleaseCataloguer, ...osCataloguers, ...languageCataloguers, javaCataloguer, ...programCataloguers],
  byMagic: executableCataloguers,
};
