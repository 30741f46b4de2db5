/** From a record of dpkg to a package. */
import type { FoundPackage, SourcePackage } from '../package.ts';
import type { StatusRow } from './parse-status.ts';

/** The package of one record. */
export function toPackage(row: StatusRow): FoundPackage {
  return {
    type: 'deb',
    name: row.name,
    version: row.version,
    ...(row.arch ? { arch: row.arch } : {}),
    source: toSource(row),
    ...(row.maintainer ? { vendor: row.maintainer } : {}),
  };
}

/**
 * The source package: `Source: name (version)`, or `Source: name` when it has the package's version, or no field when it has its name
 * too. The version in parentheses is another one for binary-only rebuilds (`+b1`) and for sources without the package's epoch, and
 * advisories name the source's.
 */
function toSource({ name, version, source }: StatusRow): SourcePackage {
  const open = source?.indexOf('(') ?? -1;
  if (!source || open === -1) return { name: source || name, version };
  const close = source.indexOf(')', open);
  const sourceVersion = source.slice(open + 1, close === -1 ? undefined : close).trim();
  return { name: source.slice(0, open).trim() || name, version: sourceVersion || version };
}
