/**
 * Packages: what a cataloguer finds in one file, and what an inventory says of a whole image.
 */

/** The purl type of a package; `generic` is a program known by its version string alone. */
export type PackageType =
  | 'deb'
  | 'apk'
  | 'rpm'
  | 'alpm'
  | 'ebuild'
  | 'nix'
  | 'opkg'
  | 'bottlerocket'
  | 'cos'
  | 'brew'
  | 'npm'
  | 'pypi'
  | 'golang'
  | 'maven'
  | 'gem'
  | 'cargo'
  | 'composer'
  | 'nuget'
  | 'conda'
  | 'cran'
  | 'hex'
  | 'otp'
  | 'pear'
  | 'cpan'
  | 'luarocks'
  | 'wordpress'
  | 'julia'
  | 'conan'
  | 'swift'
  | 'pub'
  | 'hackage'
  | 'huggingface'
  | 'bitnami'
  | 'github'
  | 'generic';

/** The package types that a distribution's own package manager installs; they name the owner of files. */
export const OS_PACKAGE_TYPES: ReadonlySet<PackageType> = new Set([
  'deb',
  'apk',
  'rpm',
  'alpm',
  'ebuild',
  'opkg',
  'bottlerocket',
  'cos',
]);

/** How sure we are: `installed` from a package manager's record, `detected` from a version string, `asserted` by an SBOM in the image. */
export type Evidence = 'installed' | 'detected' | 'asserted';

/** What a package was built from, where advisories may name that instead. */
export interface SourcePackage {
  readonly name: string;
  readonly version?: string;
}

/**
 * A package as one file of one layer tells it. `name` and `version` are written as the package manager itself prints them:
 * rpm `[epoch:]version-release`, maven `group:artifact`, Go with its `v`, deb `[epoch:]upstream[-revision]`, Composer `vendor/name`.
 */
export interface FoundPackage {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  /** As the package manager writes it (`amd64`, `x86_64`, `noarch`); missing where the ecosystem has none. */
  readonly arch?: string;
  readonly source?: SourcePackage;
  /** Licence texts or SPDX expressions as declared, unparsed; empty strings are left out. */
  readonly licenses?: readonly string[];
  /** Missing means `installed`. */
  readonly evidence?: Exclude<Evidence, 'installed'>;
  /** Where inside the file it is, for archives: `WEB-INF/lib/a.jar`. Nested archives are joined by `!/`. */
  readonly inside?: string;
  /** Who built it, as declared: rpm `Vendor`, deb `Maintainer`. Tells third-party packages apart. */
  readonly vendor?: string;
  /** rpm module `name:stream`; the key of its advisories. */
  readonly module?: string;
  /**
   * Facts of this type that later stages need and no field above holds, sorted by key in output, for example Go `replaces`,
   * Python `direct-url`, npm `private`. Short plain text only.
   */
  readonly properties?: Readonly<Record<string, string>>;
}

/** What `os-release` and its relatives say of a root file system. */
export interface OsRelease {
  /** Lower case, for example `debian`, `almalinux`. */
  readonly id: string;
  readonly idLike: readonly string[];
  /** `12`, `9.1`, `3.19.4`; missing for rolling and testing releases. */
  readonly versionId?: string;
  readonly codename?: string;
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly name: string;
  readonly cpe?: string;
  readonly variantId?: string;
  /** `SUPPORT_END` as declared, ISO date. */
  readonly supportEnd?: string;
}

/** Something that could not be read, so that its packages may be missing from the inventory. Never silent. */
export interface Gap {
  /** The layer's digest; missing when the gap is not in a layer. */
  readonly layer?: string;
  /** The file's path without leading slash; missing when the whole layer is concerned. */
  readonly path?: string;
  /** One sentence without full stop. */
  readonly reason: string;
}
