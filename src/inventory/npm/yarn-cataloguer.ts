/**
 * Node.js packages that Yarn keeps zipped: with Plug'n'Play there is no `node_modules`, programs load from `.yarn/cache/*.zip`.
 *
 * Source: Yarn's documentation, "Plug'n'Play" and `cacheFolder`. Each archive holds one package under `node_modules/NAME/`.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { ZipBudget } from '../zip/budget.ts';
import { openZip } from '../zip/zip.ts';
import { isInstalledRoot } from './installed-root.ts';
import { toPackage } from './package.ts';
import { parseManifest } from './parse-manifest.ts';

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
/** Inflated from one archive: the directory and a manifest or a few. */
const MAX_INFLATED_BYTES = 128 * 1024 * 1024;

/** Packages of one archive: it holds one, and what that bundles. */
const MAX_ENTRIES = 1000;

export const yarnCataloguer: Cataloguer = {
  id: 'npm-yarn',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name.endsWith('.zip') && /(?:^|\/)\.yarn\/(?:berry\/)?cache\/[^/]+$/.test(entry.path),
  read(file) {
    const zip = openZip(file.body, {
      budget: new ZipBudget({ bytes: MAX_INFLATED_BYTES }),
      wants: name => name.endsWith('/package.json') && isInstalledRoot(name),
    });
    const packages = zip.entries.slice(0, MAX_ENTRIES).flatMap((entry): FoundPackage[] => {
      const manifest = parseManifest(parseJsonFile(zip.open(entry, MAX_MANIFEST_BYTES), MAX_MANIFEST_BYTES));
      return manifest === undefined ? [] : [{ ...toPackage(manifest), inside: entry.name }];
    });
    const cut = zip.entries.length > MAX_ENTRIES ? [`${zip.entries.length} packages, ${MAX_ENTRIES} were read`] : [];
    return { packages, gaps: [...zip.gaps, ...cut] };
  },
};
