/** From a reference of Conan to a package. */
import { declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { ConanRow } from './parse-conaninfo.ts';

/** The package of one reference. */
export function toPackage(row: ConanRow): FoundPackage {
  return {
    type: 'conan',
    name: row.name,
    version: row.version,
    ...declaredProperties({ user: row.user, channel: row.channel }),
  };
}
