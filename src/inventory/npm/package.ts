/** From a manifest to a package. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { Manifest } from './parse-manifest.ts';

/** The package of one manifest; `private` marks what was never on a public registry, such as workspaces. */
export function toPackage(manifest: Manifest): FoundPackage {
  return {
    type: 'npm',
    name: manifest.name,
    version: manifest.version,
    ...declaredLicenses(manifest.licenses),
    ...declaredProperties({ private: manifest.isPrivate ? 'true' : undefined }),
  };
}
