/**
 * Which version order an ecosystem has: by purl type (`golang`) and by the name that OSV and our own feeds give it (`Go`, `Debian:12`).
 *
 * Source: OSV schema 1.7, "Defined ecosystems"; purl-spec, types. No entry means no order: callers then say undetermined, they
 * never borrow another ecosystem's.
 */
import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { bitnami } from './bitnami.ts';
import { composer } from './composer.ts';
import { conda } from './conda.ts';
import { cpan } from './cpan.ts';
import { deb, opam } from './deb.ts';
import { ebuild } from './ebuild.ts';
import { generic } from './generic.ts';
import { go } from './go.ts';
import { jvm } from './jvm.ts';
import { maven } from './maven.ts';
import { nuget } from './nuget.ts';
import { cran, hackage } from './number-list.ts';
import { pep440 } from './pep440.ts';
import { php } from './php.ts';
import { rpm } from './rpm.ts';
import { rubygems } from './rubygems.ts';
import type { VersionScheme } from './scheme.ts';
import { hex, semver, semverWithBuild } from './semver.ts';

/** Every name of an ecosystem, in small letters and without what follows a colon, by its scheme. */
const NAMES: readonly (readonly [scheme: VersionScheme, names: readonly string[]])[] = [
  // Echo without a suffix is its rebuild of Debian; opkg took dpkg's comparison over.
  [deb, ['deb', 'debian', 'ubuntu', 'opkg', 'echo']],
  [apk, ['apk', 'alpine', 'wolfi', 'chainguard', 'minimos', 'alpaquita', 'bellsoft hardened containers', 'cleanstart']],
  [
    rpm,
    [
      'rpm',
      'red hat',
      'almalinux',
      'rocky linux',
      'oracle linux',
      'amazon linux',
      'fedora',
      'centos',
      'suse',
      'opensuse',
      'azure linux',
      'photon os',
      'mageia',
      'openeuler',
    ],
  ],
  [alpm, ['alpm', 'arch linux']],
  // Google's container-optimised system lists ebuilds.
  [ebuild, ['ebuild', 'gentoo', 'cos']],
  [semver, ['npm', 'cargo', 'crates.io', 'swift', 'swifturl', 'github', 'github actions', 'vscode', 'semver']],
  [semverWithBuild, ['pub', 'julia']],
  [hex, ['hex']],
  [go, ['golang', 'go']],
  [nuget, ['nuget']],
  [pep440, ['pypi']],
  [maven, ['maven']],
  [rubygems, ['gem', 'rubygems']],
  [composer, ['composer', 'packagist']],
  [php, ['pear', 'wordpress']],
  [conda, ['conda']],
  [cran, ['cran', 'bioconductor']],
  [hackage, ['hackage', 'ghc']],
  [cpan, ['cpan']],
  [opam, ['opam']],
  [bitnami, ['bitnami']],
  [jvm, ['jvm']],
  // These carry versions as upstream wrote them, of any kind.
  [generic, ['generic', 'linux', 'otp', 'conan', 'conancenter', 'luarocks', 'brew', 'nix', 'bottlerocket']],
];

const SCHEMES: ReadonlyMap<string, VersionScheme> = new Map(
  NAMES.flatMap(([scheme, names]) => names.map(name => [name, scheme] as const)),
);

/** Vendors that rebuild packages of other ecosystems; what follows the colon says of which: `Root:Alpine:3.18`, `TuxCare:PyPI`. */
const REBUILDERS: ReadonlySet<string> = new Set(['root', 'echo', 'tuxcare', 'docker hardened images']);
/** What such vendors call an ecosystem other than OSV does. */
const REBUILDER_ALIASES: ReadonlyMap<string, string> = new Map([['python', 'pypi']]);

/**
 * The order of versions in an ecosystem, `undefined` when none is known. Takes a purl type or an OSV ecosystem with or without its
 * suffix (`Alpine:v3.19`, `Red Hat:enterprise_linux:9::baseos`), in capitals or not.
 */
export function schemeFor(ecosystem: string): VersionScheme | undefined {
  const [name = '', inner = ''] = ecosystem.toLowerCase().split(':', 2);
  if (!REBUILDERS.has(name)) return SCHEMES.get(name);
  if (inner === '') return SCHEMES.get(name);
  const rebuilt = SCHEMES.get(REBUILDER_ALIASES.get(inner) ?? inner);
  // A rebuilt npm package differs from the original in nothing but its build label.
  return rebuilt === semver ? semverWithBuild : rebuilt;
}

/** Orders that refine SemVer, or that know better what their ecosystem's SEMVER ranges mean. */
const SEMVER_LIKE: ReadonlySet<VersionScheme> = new Set<VersionScheme>([semver, semverWithBuild, hex, go, bitnami]);

/**
 * The order for one range of an OSV record: the ecosystem's own for type `ECOSYSTEM`, SemVer for type `SEMVER` unless the ecosystem's own is
 * of that family. `undefined` for `GIT`, whose commits have no order.
 */
export function schemeForRange(ecosystem: string, type: 'SEMVER' | 'ECOSYSTEM' | 'GIT'): VersionScheme | undefined {
  const own = schemeFor(ecosystem);
  if (type === 'ECOSYSTEM') return own;
  if (type === 'GIT') return undefined;
  return own !== undefined && SEMVER_LIKE.has(own) ? own : semver;
}
