/** From a gem specification to a package. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { Gemspec } from './parse-gemspec.ts';

/**
 * The gem whose specification is at `path`. The platform is no part of the version. `default` marks gems that ship with Ruby: a
 * newer one beside them is the one that programs load. `commit` is of gems that Bundler checked out from Git.
 */
export function toPackage(gemspec: Gemspec, path: string): FoundPackage {
  return {
    type: 'gem',
    name: gemspec.name,
    version: gemspec.version,
    ...declaredLicenses(gemspec.licenses),
    ...declaredProperties({
      platform: gemspec.platform,
      default: path.includes('/specifications/default/') ? 'true' : undefined,
      commit: /\/bundler\/gems\/[^/]+-([0-9a-f]{7,40})\//.exec(path)?.[1],
    }),
  };
}
