/** From a record of opkg to a package. */
import type { FoundPackage } from '../package.ts';
import type { OpkgRow } from './parse-status.ts';

/** The package of one record; its source has the same version. */
export function toPackage(row: OpkgRow): FoundPackage {
  return {
    type: 'opkg',
    name: row.name,
    version: row.version,
    ...(row.arch ? { arch: row.arch } : {}),
    ...(row.sourceName ? { source: { name: row.sourceName, version: row.version } } : {}),
    ...(row.license ? { licenses: [row.license] } : {}),
    ...(row.maintainer ? { vendor: row.maintainer } : {}),
  };
}
