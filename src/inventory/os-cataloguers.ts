/**
 * The cataloguers of packages that an operating system’s own package manager, or one that stands in for it, installs.
 */
import { alpmCataloguer } from './alpm/cataloguer.ts';
import { apkCataloguer } from './apk/cataloguer.ts';
import { bottlerocketCataloguer } from './bottlerocket/cataloguer.ts';
import { brewCataloguer } from './brew/cataloguer.ts';
import type { Cataloguer } from './cataloguer.ts';
import { cosCataloguer } from './cos/cataloguer.ts';
import { debCataloguer } from './deb/cataloguer.ts';
import { debRecordCataloguer } from './deb/record-cataloguer.ts';
import { nixCataloguer } from './nix/cataloguer.ts';
import { opkgCataloguer } from './opkg/cataloguer.ts';
import { passwdCataloguer } from './passwd/cataloguer.ts';
import { portageCataloguer } from './portage/cataloguer.ts';
import { redHatBuildCataloguer } from './redhat-build/cataloguer.ts';
import { rpmCataloguer } from './rpm/cataloguer.ts';
import { snapCataloguer } from './snap/cataloguer.ts';

/** One of each; no file is claimed by two of them. The most common come first. */
export const osCataloguers: readonly Cataloguer[] = [
  debCataloguer,
  debRecordCataloguer,
  apkCataloguer,
  rpmCataloguer,
  alpmCataloguer,
  portageCataloguer,
  opkgCataloguer,
  nixCataloguer,
  cosCataloguer,
  bottlerocketCataloguer,
  snapCataloguer,
  brewCataloguer,
  redHatBuildCataloguer,
  passwdCataloguer,
];
