/**
 * VEX statements: what somebody says about a weakness in a product, whatever format it came in.
 */

/** As OpenVEX and CSAF name them. */
export type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

/** What a statement is about. */
export interface VexProduct {
  /** Names of the product, any of which will do: purls (`pkg:oci/…` for an image), references and digests of images. */
  readonly ids: readonly string[];
  /** Purls of the packages in it that are meant; empty when all of it is. */
  readonly subcomponents: readonly string[];
  /** Names of what the product is a part of: purls, or CPEs of platforms. Empty when it stands for itself. */
  readonly within: readonly string[];
}

export interface VexStatement {
  /** Id and aliases of the weakness. */
  readonly ids: readonly string[];
  readonly status: VexStatus;
  readonly products: readonly VexProduct[];
  /** For people; without full stop. */
  readonly reason: string;
  /** ISO 8601; of two statements the later one counts. */
  readonly timestamp?: string;
}

export interface VexDocument {
  /** Where it came from: the name of a file, a reference. */
  readonly source: string;
  /** Who wrote it, as it says itself. */
  readonly author?: string;
  /** In the order of the document. */
  readonly statements: readonly VexStatement[];
  /** What in it could not be used, each a sentence without full stop. */
  readonly gaps: readonly string[];
}

/** What a reader of one format makes of a document. */
export type VexContent = Omit<VexDocument, 'source'>;
