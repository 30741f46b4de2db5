/**
 * What Plimsoll learns from programs: cataloguers of executables known by their first bytes, and of the few text files that stand
 * for a program. Adding one is a line here.
 */
import type { Cataloguer, ExecutableCataloguer } from './cataloguer.ts';
import { dotnetBundleCataloguer } from './dotnet-bundle/cataloguer.ts';
import { elfNoteCataloguer } from './elf-note/cataloguer.ts';
import { goCataloguer } from './go/cataloguer.ts';
import { goDistributionCataloguer } from './go/distribution-cataloguer.ts';
import { graalvmCataloguer } from './graalvm/cataloguer.ts';
import { jvmCataloguer } from './jvm/cataloguer.ts';
import { programCataloguer } from './program/cataloguer.ts';
import { scriptCataloguer } from './program/script-cataloguer.ts';
import { rustCataloguer } from './rust/cataloguer.ts';
import { upxCataloguer } from './upx/cataloguer.ts';

/** Each is asked of every executable and shared library, and decides in microseconds for those that are none of its. */
export const executableCataloguers: readonly ExecutableCataloguer[] = [
  goCataloguer,
  rustCataloguer,
  programCataloguer,
  elfNoteCataloguer,
  dotnetBundleCataloguer,
  graalvmCataloguer,
  upxCataloguer,
];

/** Programs that are no executables: scripts, archives and the files in which a runtime states its release. */
export const programCataloguers: readonly Cataloguer[] = [jvmCataloguer, scriptCataloguer, goDistributionCataloguer];
