/**
 * The cataloguers of a scan: adding one is a line in its family's list.
 */
import { apkCataloguer } from '#inventory/apk/cataloguer.ts';
import { debCataloguer } from '#inventory/deb/cataloguer.ts';
import { executableCataloguers, programCataloguers } from '#inventory/executable-cataloguers.ts';
import { javaCataloguer } from '#inventory/java/cataloguer.ts';
import { languageCataloguers } from '#inventory/language-cataloguers.ts';
import { osReleaseCataloguer } from '#inventory/os-release/cataloguer.ts';
import { rpmCataloguer } from '#inventory/rpm/cataloguer.ts';
import type { CataloguerSet } from './layer-collector.ts';

export const cataloguers: CataloguerSet = {
  byPath: [
    osReleaseCataloguer,
    apkCataloguer,
    debCataloguer,
    rpmCataloguer,
    ...languageCataloguers,
    javaCataloguer,
    ...programCataloguers,
  ],
  byMagic: executableCataloguers,
};
