/**
 * Alpine packages: the installed database of apk, as in Alpine, Wolfi, Chainguard and postmarketOS.
 *
 * Source: apk-tools, the "installed" database; apk v3 and merged /usr move it to `usr/lib/apk/db`.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { toPackage } from './package.ts';
import { parseInstalled } from './parse-installed.ts';

const MAX_BYTES = 64 * 1024 * 1024;

export const apkCataloguer: Cataloguer = {
  id: 'apk',
  version: 2,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'installed' && hasPathSuffix(entry.path, 'lib/apk/db/installed'),
  read(file) {
    const limits = new FactLimits();
    const rows = parseInstalled(wholeBody(file.body, MAX_BYTES), limits);
    return {
      packages: rows.map(toPackage),
      owned: rows.flatMap((row, at) => (row.paths.length > 0 ? [[at, row.paths] as const] : [])),
      gaps: limits.gaps(),
    };
  },
};
