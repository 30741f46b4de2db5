/**
 * Who can say anything of a package: the feeds to ask, or why there are none.
 *
 * What a distribution built follows its advisories and nobody else's, with everything inside; what others built never does. A package that
 * no feed speaks of is told, never taken for clean.
 */
import type { Package } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import { isThirdParty } from '#inventory/third-party.ts';
import { type DistroFeedOptions, type DistroFeeds, findDistroFeeds } from './distro-feeds.ts';
import { distroQuestions } from './distro-question.ts';
import type { DistroName, Feed } from './feed.ts';
import type { AdvisoryLookup } from './finding.ts';
import { LANGUAGE_FEEDS } from './language-feeds.ts';
import { languageQuestions } from './language-question.ts';
import type { Question } from './question.ts';
import { redHatPlatformsOf } from './red-hat-platforms.ts';
import type { Surroundings } from './surroundings.ts';

/** Where a package goes. */
export type Route =
  | { readonly kind: 'ask'; readonly questions: readonly Question[] }
  /** Nothing to judge: it is no software, or it is judged with the package that it belongs to. */
  | { readonly kind: 'skip' }
  | { readonly kind: 'undetermined'; readonly why: string };

export type RouteOptions = Omit<DistroFeedOptions, 'hasUbuntuPro'>;

type RouteLookup = Pick<AdvisoryLookup, 'covers' | 'redHatEcosystems' | 'redHatRepositories'>;

/** The feeds of a distribution, and those of them that the database has. */
type CoveredFeeds = DistroFeeds & { readonly covered: readonly Feed[] };

const SKIP: Route = { kind: 'skip' };

/** Finds the route of packages with the same surroundings. */
export class Router {
  readonly #surroundings: Pick<Surroundings, 'distro' | 'redHat'>;
  readonly #lookup: RouteLookup;
  readonly #options: DistroFeedOptions;
  readonly #distros = new Map<string, CoveredFeeds>();
  #own: { readonly distro: DistroName; readonly found: CoveredFeeds } | undefined;
  readonly #covered = new Map<Package['type'], readonly Feed[]>();

  constructor(
    surroundings: Pick<Surroundings, 'distro' | 'hasUbuntuPro' | 'redHat'>,
    lookup: RouteLookup,
    options: RouteOptions,
  ) {
    this.#surroundings = surroundings;
    this.#lookup = lookup;
    this.#options = { ...options, hasUbuntuPro: surroundings.hasUbuntuPro };
  }

  routeOf(one: Package): Route {
    if (OS_PACKAGE_TYPES.has(one.type)) return this.#distroRoute(one);
    if (one.managedBy !== undefined) return SKIP;
    // A private package was never in a registry: another one of its name there is not this one.
    if (one.type === 'npm' && one.properties?.['private'] === 'true') return SKIP;
    if (one.type === 'conda' && one.properties?.['judged-as'] !== undefined) return SKIP;
    const feeds = this.#coveredFeeds(one.type);
    if (feeds.length === 0) return { kind: 'undetermined', why: `no advisories known for ${nounOf(one.type)}` };
    const questions = languageQuestions(one, feeds);
    if (questions.length > 0) return { kind: 'ask', questions };
    return { kind: 'undetermined', why: `no name is known under which ${nounOf(one.type)} have advisories` };
  }

  #distroRoute(one: Package): Route {
    // Keys of signers, which rpm lists as if they were installed.
    if (one.type === 'rpm' && one.name === 'gpg-pubkey') return SKIP;
    const distro = distroOf(one, this.#surroundings.distro);
    if (distro === undefined)
      return { kind: 'undetermined', why: 'no file of the image says which distribution it is' };
    const { label, packageType, covered, builders } = this.#feedsOf(distro);
    if (packageType !== undefined && packageType !== one.type) {
      return { kind: 'undetermined', why: `no advisories known for ${one.type} packages of ${label}` };
    }
    if (covered.length === 0) return { kind: 'undetermined', why: `no advisories known for ${label}` };
    if (!isBuiltBy(one, builders)) {
      return {
        kind: 'undetermined',
        why: `somebody else than ${distro.id} built it, so advisories of ${distro.id} say nothing of it`,
      };
    }
    return { kind: 'ask', questions: distroQuestions(one, covered) };
  }

  #feedsOf(distro: DistroName) {
    // Nearly all packages are of the image's own distribution.
    if (this.#own?.distro === distro) return this.#own.found;
    if (distro !== this.#surroundings.distro) return this.#findFeeds(distro);
    const { redHat } = this.#surroundings;
    const platforms = this.#options.redHatPlatforms ?? redHatPlatformsOf(distro, redHat, this.#lookup);
    const found = this.#coveredOf(distro, platforms && { ...this.#options, redHatPlatforms: platforms });
    this.#own = { distro, found };
    return found;
  }

  #findFeeds(distro: DistroName): CoveredFeeds {
    const key = [distro.id, distro.versionId, distro.codename, distro.name].join('\0');
    let found = this.#distros.get(key);
    if (found === undefined) {
      found = this.#coveredOf(distro);
      this.#distros.set(key, found);
    }
    return found;
  }

  #coveredOf(distro: DistroName, options: DistroFeedOptions = this.#options): CoveredFeeds {
    const feeds = findDistroFeeds(distro, options);
    return { ...feeds, covered: feeds.feeds.filter(({ ecosystem }) => this.#lookup.covers(ecosystem)) };
  }

  #coveredFeeds(type: Package['type']): readonly Feed[] {
    let feeds = this.#covered.get(type);
    if (feeds === undefined) {
      feeds = (LANGUAGE_FEEDS.get(type) ?? []).filter(({ ecosystem }) => this.#lookup.covers(ecosystem));
      this.#covered.set(type, feeds);
    }
    return feeds;
  }
}

function nounOf(type: Package['type']): string {
  return type === 'generic' ? 'programs that no package manager installed' : `${type} packages`;
}

/** An rpm's vendor must be the distribution: EPEL's packages are Fedora's on somebody else's release. */
function isBuiltBy(one: Package, builders: readonly string[] | undefined): boolean {
  const hasVendor = one.vendor !== undefined && one.vendor !== '';
  // What an SBOM asserts names no vendor.
  if (!hasVendor && one.evidence === 'asserted') return true;
  if (one.type === 'rpm' && hasVendor && builders !== undefined) {
    return builders.some(name => one.vendor?.startsWith(name));
  }
  return !isThirdParty(one);
}

/** The distribution of a package: the image's, or, in a root file system inside the image, the one that its purl names. */
function distroOf(one: Package, distro: DistroName | undefined): DistroName | undefined {
  return one.root === undefined && distro !== undefined ? distro : distroOfPurl(one.purl);
}

function distroOfPurl(purl: string): DistroName | undefined {
  const [, written] = /[?&]distro=([^&#]{1,200})/.exec(purl) ?? [];
  if (written === undefined) return undefined;
  const [, id, versionId] = /^([a-z0-9][a-z0-9._-]*?)(?:-(\d[^-]*))?$/.exec(written) ?? [];
  if (id === undefined) return undefined;
  return { id, idLike: [], name: written, ...(versionId === undefined ? {} : { versionId }) };
}
