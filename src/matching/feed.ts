/**
 * Feeds: where the advisories about a package are looked up.
 */
import type { Distro } from '#inventory/inventory.ts';

/** What one must know of a distribution to find its feeds. */
export type DistroName = Pick<Distro, 'id' | 'versionId' | 'codename' | 'name' | 'idLike'>;

/** One ecosystem to ask, and under which of a package's names. */
export interface Feed {
  /**
   * Whose word it is. A distribution speaks of builds of its own, so the best record of a weakness decides; databases about a registry
   * complement each other, so a package is affected when any of them says so.
   */
  readonly kind: 'distribution' | 'registry';
  /** As OSV spells it, with its release: `Debian:12`, `PyPI`. */
  readonly ecosystem: string;
  /** Records may name the source package, or the source as well as the binary one; `own` is the name itself, where there are no sources. */
  readonly names: 'source' | 'both' | 'own';
  /** Of two feeds that speak of the same weakness, the one with the lower rank decides. */
  readonly rank: number;
  /** What one must have paid for to get the fixes of this feed: `Ubuntu Pro`. */
  readonly subscription?: string;
}
