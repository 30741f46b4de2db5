/**
 * PHP packages that Composer installed.
 *
 * `composer.lock` files below `vendor/` are other people's wishes and are not read.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { parseJsonFile } from '../json-file.ts';
import { toComposerPackage } from './package.ts';
import { parseInstalled } from './parse-installed.ts';

/** `installed.json` of a large project is about 2 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

export const composerCataloguer: Cataloguer = {
  id: 'composer',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'installed.json' && entry.path.endsWith('/composer/installed.json'),
  read(file) {
    const { rows, gaps } = parseInstalled(parseJsonFile(file.body, MAX_BYTES));
    const limits = new FactLimits();
    const packages = rows.filter(() => limits.admitsPackage()).map(toComposerPackage);
    return { packages, gaps: [...gaps, ...limits.gaps()] };
  },
};
