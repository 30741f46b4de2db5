/**
 * An inventory: everything found in one image, after its layers were laid over each other.
 */
import type { Digest } from '#oci/digest.ts';
import type { Platform } from '#oci/platform.ts';
import type { FoundPackage, Gap, OsRelease } from './package.ts';

/** One layer as the report shows it. */
export interface InventoryLayer {
  readonly digest: Digest;
  readonly diffId?: Digest;
  /** Stored bytes. */
  readonly sizeBytes: number;
  readonly createdBy?: string;
  /**
   * What vouches for the facts of this layer: all its bytes hashed (`layer`), or, when it was read by range, the digests in its own
   * table of contents (`toc`), which the image author wrote.
   */
  readonly verifiedBy: 'layer' | 'toc';
}

/** The image an inventory was taken of. A root folder has no digest and no layers. */
export interface InventoryImage {
  readonly reference: string;
  readonly digest?: Digest;
  readonly mediaType?: string;
  readonly platform?: Platform;
  readonly layers: readonly InventoryLayer[];
}

/** Where a package was found. */
export interface Location {
  /** Path in the image without leading slash; inside archives joined by `!/`. */
  readonly path: string;
  /** The layer that introduced the package there, by digest; missing for a root folder. */
  readonly layer?: Digest;
}

/** A distinct package of the image: one row per type, name, version and architecture. */
export interface Package extends Omit<FoundPackage, 'inside'> {
  readonly purl: string;
  /** The layer from which it is present without interruption; missing for a root folder. */
  readonly layer?: Digest;
  /** Sorted by path. */
  readonly locations: readonly Location[];
  /**
   * The purl of the distribution package that owns every one of its locations: `python3-requests` owns `requests`. Such a
   * package follows its owner's advisories. Missing when it was installed otherwise, or when the owner is itself third-party.
   */
  readonly managedBy?: string;
  /** Path of the nested root file system it belongs to, when not the image's own. */
  readonly root?: string;
}

/** The distribution of the image. */
export interface Distro extends OsRelease {
  /** End of standard support, ISO date, when known; an unknown release has none. */
  readonly endOfLife?: string;
}

/** What an image of Red Hat's says of where its packages come from; what it decides is which advisories are about them. */
export interface RedHatBuild {
  /** Ids of repositories (content sets), sorted: `rhel-9-for-x86_64-baseos-rpms`. May be empty. */
  readonly repositories: readonly string[];
  /** Its name in Red Hat's registry: `ubi9/ubi-minimal`. */
  readonly image?: string;
}

export interface Inventory {
  readonly image: InventoryImage;
  /** Missing when no file of the image names one. */
  readonly distro?: Distro;
  /** Missing when the image holds nothing of it. */
  readonly redHat?: RedHatBuild;
  /** Sorted by type, name, version, architecture, in code point order. */
  readonly packages: readonly Package[];
  readonly gaps: readonly Gap[];
}
