/**
 * R packages: the `DESCRIPTION` in each folder of a library (`site-library`, `R/library`, renv).
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parseDescription } from './parse-description.ts';

const MAX_BYTES = 1024 * 1024;

export const rCataloguer: Cataloguer = {
  id: 'r',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'DESCRIPTION' && entry.path.includes('/'),
  read(file) {
    const row = parseDescription(bodyText(file.body, MAX_BYTES));
    return row && { packages: [toPackage(row)] };
  },
};
