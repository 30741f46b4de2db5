/** From a record of a CPAN installer to a package. */
import { declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { PerlRow } from './parse-records.ts';

/** The package of one distribution. */
export function toPackage(row: PerlRow): FoundPackage {
  return { type: 'cpan', name: row.name, version: row.version, ...declaredProperties({ author: row.author }) };
}
