/**
 * Which feeds speak of packages that no distribution's package manager installed.
 *
 * Source: OSV schema 1.7, "Defined ecosystems". A type that is not here has no feed: its packages are undetermined, not clean.
 */
import type { PackageType } from '#inventory/package.ts';
import type { Feed } from './feed.ts';

const own = (ecosystem: string, rank = 0): Feed => ({
  kind: 'registry',
  ecosystem,
  names: 'own',
  rank,
});

/** Feeds by package type, best first. `generic` is about programs by their CPE. */
export const LANGUAGE_FEEDS: ReadonlyMap<PackageType, readonly Feed[]> = new Map<PackageType, readonly Feed[]>([
  ['npm', [own('npm')]],
  ['pypi', [own('PyPI')]],
  ['golang', [own('Go')]],
  ['maven', [own('Maven')]],
  ['gem', [own('RubyGems')]],
  ['cargo', [own('crates.io')]],
  ['composer', [own('Packagist')]],
  ['nuget', [own('NuGet')]],
  ['hex', [own('Hex')]],
  ['pub', [own('Pub')]],
  ['cran', [own('CRAN'), own('Bioconductor')]],
  ['hackage', [own('Hackage'), own('GHC')]],
  ['julia', [own('Julia')]],
  ['swift', [own('SwiftURL')]],
  ['conan', [own('ConanCenter')]],
  ['github', [own('GitHub Actions')]],
  ['bitnami', [own('Bitnami')]],
  ['generic', [own('generic')]],
]);
