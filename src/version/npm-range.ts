/**
 * npm's range language (`^1.2.3 || >=2 <2.5`), for advisories and policies that state ranges the way package.json does.
 *
 * The language is node-semver's, so node-semver reads it. OSV events never need this file.
 */
import { Range, SemVer } from 'semver';

// `includePrerelease`: npm's own rule leaves pre-releases out unless named, which is right for choosing what to install, but would
// report every beta as not affected.
const OPTIONS = { loose: true, includePrerelease: true } as const;

/** Whether `version` lies in `range`, pre-releases taken for the versions they are; `undefined` when either cannot be read. */
export function isInNpmRange(version: string, range: string): boolean | undefined {
  try {
    return new Range(range, OPTIONS).test(new SemVer(version, OPTIONS));
  } catch {
    return undefined;
  }
}
