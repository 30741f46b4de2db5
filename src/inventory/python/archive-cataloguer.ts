/**
 * Python distributions inside zip archives that Python runs or imports from: eggs, pex files and zipapps.
 *
 * Wheels (`*.whl`) are not among them: they are what an installer would unpack, nothing imports from them.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { readOrGap } from '../gap.ts';
import type { FoundPackage } from '../package.ts';
import { ZipBudget } from '../zip/budget.ts';
import { openZip } from '../zip/zip.ts';
import { toPackage } from './package.ts';
import { parseMetadata } from './parse-metadata.ts';

const MAX_BYTES = 512 * 1024 * 1024;
const MAX_METADATA_BYTES = 2 * 1024 * 1024;
const MAX_INFLATED_BYTES = 256 * 1024 * 1024;
/** Distributions of one archive: each is inflated on its own, and an archive may list half a million. */
const MAX_ENTRIES = 10_000;
const EXTENSIONS = ['.egg', '.pex', '.pyz'];

export const pythonArchiveCataloguer: Cataloguer = {
  id: 'python-archive',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => EXTENSIONS.some(extension => name.endsWith(extension)) && !isTestData(path),
  read(file) {
    const zip = openZip(file.body, { budget: new ZipBudget({ bytes: MAX_INFLATED_BYTES }), wants: isMetadata });
    const packages: FoundPackage[] = [];
    const gaps =
      zip.entries.length > MAX_ENTRIES ? [`${zip.entries.length} distributions, ${MAX_ENTRIES} were read`] : [];
    for (const entry of zip.entries.slice(0, MAX_ENTRIES)) {
      readOrGap(gaps, () => {
        const metadata = parseMetadata(bodyText(zip.open(entry, MAX_METADATA_BYTES), MAX_METADATA_BYTES));
        const found = toPackage(metadata, entry.name);
        if (found !== undefined) packages.push({ ...found, inside: entry.name });
      });
    }
    return { packages, gaps: [...zip.gaps, ...gaps] };
  },
};

/** Python and setuptools bring eggs of invented packages to test themselves with. */
function isTestData(path: string): boolean {
  return path.includes('/test/') || path.includes('/tests/');
}

function isMetadata(name: string): boolean {
  return name === 'EGG-INFO/PKG-INFO' || name.endsWith('.dist-info/METADATA') || name.endsWith('/EGG-INFO/PKG-INFO');
}
