/**
 * The cataloguers of language packages, models and SBOMs that read text metadata; a new ecosystem is one line here.
 */
import type { Cataloguer } from './cataloguer.ts';
import { conanCataloguer } from './conan/cataloguer.ts';
import { condaCataloguer } from './conda/cataloguer.ts';
import { dartCataloguer } from './dart/cataloguer.ts';
import { dotnetCataloguer } from './dotnet/cataloguer.ts';
import { erlangArchiveCataloguer, erlangCataloguer } from './erlang/cataloguer.ts';
import { haskellCataloguer } from './haskell/cataloguer.ts';
import { juliaCataloguer } from './julia/cataloguer.ts';
import { luaCataloguer } from './lua/cataloguer.ts';
import { huggingFaceCataloguer, modelCataloguer } from './model/cataloguer.ts';
import { npmCataloguer } from './npm/cataloguer.ts';
import { yarnCataloguer } from './npm/yarn-cataloguer.ts';
import { perlCataloguer } from './perl/cataloguer.ts';
import { composerCataloguer } from './php/cataloguer.ts';
import { pearCataloguer } from './php/pear-cataloguer.ts';
import { pythonArchiveCataloguer } from './python/archive-cataloguer.ts';
import { pythonCataloguer } from './python/cataloguer.ts';
import { rCataloguer } from './r/cataloguer.ts';
import { rubyCataloguer } from './ruby/cataloguer.ts';
import { bitnamiCataloguer } from './sbom/bitnami-cataloguer.ts';
import { sbomCataloguer } from './sbom/cataloguer.ts';
import { wordpressCataloguer } from './wordpress/cataloguer.ts';

/** In no particular order: no two of them claim the same file. */
export const languageCataloguers: readonly Cataloguer[] = [
  npmCataloguer,
  yarnCataloguer,
  pythonCataloguer,
  pythonArchiveCataloguer,
  rubyCataloguer,
  composerCataloguer,
  pearCataloguer,
  dotnetCataloguer,
  condaCataloguer,
  rCataloguer,
  erlangCataloguer,
  erlangArchiveCataloguer,
  luaCataloguer,
  perlCataloguer,
  wordpressCataloguer,
  juliaCataloguer,
  conanCataloguer,
  dartCataloguer,
  haskellCataloguer,
  modelCataloguer,
  huggingFaceCataloguer,
  sbomCataloguer,
  bitnamiCataloguer,
];
