/** From a pubspec to a package. */
import type { FoundPackage } from '../package.ts';
import type { PubspecRow } from './parse-pubspec.ts';

/** The package of one pubspec. */
export function toPackage(row: PubspecRow): FoundPackage {
  return { type: 'pub', name: row.name, version: row.version };
}
