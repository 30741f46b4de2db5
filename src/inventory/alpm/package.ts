/** From the description of an installed pacman package to a package. */
import type { FoundPackage } from '../package.ts';
import type { Blocks } from './parse-desc.ts';

/** The package, built from its `%BASE%`; `undefined` when it has no name or version. The version is `[epoch:]upstream-release`. */
export function toPackage(blocks: Blocks): FoundPackage | undefined {
  const first = (key: string) => blocks.get(key)?.[0];
  const name = first('NAME');
  const version = first('VERSION');
  if (!name || !version) return undefined;
  const arch = first('ARCH');
  const vendor = first('PACKAGER');
  const licenses = blocks.get('LICENSE');
  return {
    type: 'alpm',
    name,
    version,
    ...(arch ? { arch } : {}),
    source: { name: first('BASE') || name, version },
    ...(licenses ? { licenses } : {}),
    ...(vendor ? { vendor } : {}),
  };
}
