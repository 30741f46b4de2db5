/** From crates in a Rust program to packages. */
import type { FoundPackage } from '../package.ts';
import type { Crate } from './parse-audit.ts';

/**
 * The packages of one program. `source` in the properties says where a crate came from when not from crates.io: advisories are about
 * crates.io, and a crate from `git` or `local` is at most a copy of one there. `root: true` marks the program itself.
 */
export function toPackages(crates: readonly Crate[]): FoundPackage[] {
  return crates.map(({ name, version, source, isRoot }) => {
    const properties = {
      ...(isRoot ? { root: 'true' } : {}),
      ...(source === 'crates.io' ? {} : { source }),
    };
    return { type: 'cargo', name, version, ...(Object.keys(properties).length === 0 ? {} : { properties }) };
  });
}
