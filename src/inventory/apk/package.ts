/** From a row of apk's database to a package. */
import type { FoundPackage } from '../package.ts';
import type { InstalledRow } from './parse-installed.ts';

/** The package of one record; its source is the aport it was built from, which has the same version. */
export function toPackage(row: InstalledRow): FoundPackage {
  return {
    type: 'apk',
    name: row.name,
    version: row.version,
    ...(row.arch === undefined ? {} : { arch: row.arch }),
    source: { name: row.origin ?? row.name, version: row.version },
    ...(row.license === undefined ? {} : { licenses: [row.license] }),
  };
}
