/**
 * The port behind every image: a place that holds documents and blobs under their digests.
 *
 * A registry, an OCI layout and an archive differ only in this; `open-image.ts` walks index, manifest and config over it, and
 * `test/contract/content-source.ts` is the suite that every adapter passes.
 */
import type { Digest } from '#oci/digest.ts';
import type { Descriptor } from '#oci/manifest.ts';

/** A manifest or index as it came: the exact bytes, already checked against `digest`. */
export interface RootDocument {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /**
   * Set when the place holds no such document and it was made up from what it does hold (`docker save` before Docker 25). Its
   * digest is the same on every reading, but names nothing that any registry could know: it is not the image's digest.
   */
  readonly isMadeUp?: true;
  /** What the place called it; empty when it said nothing. */
  readonly mediaType: string;
}

/** What a place says of the root without sending it. */
export type RootHead = Pick<RootDocument, 'digest' | 'mediaType'>;

/** Options of everything that waits. */
export interface WaitOptions {
  readonly signal: AbortSignal;
}

/** A part of a blob: `length` bytes from `offset`, both in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A blob that is a part of an open file of this process. */
export interface LocalBlob {
  readonly fd: number;
  /** Where the blob starts in the file, in bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A place that holds one named image and everything it points to. Held with `await using`. */
export interface ContentSource extends AsyncDisposable {
  /** The reference in full, as it goes into the report: `docker.io/library/alpine:3.20`, `oci:dir:ref`. Without credentials. */
  readonly reference: string;
  /**
   * How dear a byte is to fetch: layers are read by range only where that saves a network, not where the file is at hand.
   */
  readonly isRemote: boolean;

  /** The manifest or index that the reference names. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `REGISTRY_DENIED`, … */
  root(options: WaitOptions): Promise<RootDocument>;

  /**
   * The root's digest by one cheap question, **unverified**: enough to see that an image scanned before is unchanged. Missing where
   * reading the root is as cheap; `undefined` when the place does not answer it. @throws {PlimsollError} as `root` does.
   */
  headRoot?(options: WaitOptions): Promise<RootHead | undefined>;

  /**
   * A whole document (manifest, index, config) by its descriptor, in memory, checked against size and digest, at most
   * `MAX_DOCUMENT_BYTES`. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `BLOB_UNKNOWN`, `DIGEST_MISMATCH`, `LIMIT_EXCEEDED`.
   */
  document(descriptor: Descriptor, kind: 'manifest' | 'config', options: WaitOptions): Promise<Uint8Array>;

  /**
   * The stored bytes of a layer as a stream, **unverified**: the reader hashes them as they pass. The stream resumes by itself
   * where the transport can. @throws {PlimsollError} `BLOB_UNKNOWN`, `REGISTRY_UNAVAILABLE`, …, also while streaming.
   */
  blob(descriptor: Descriptor, options: WaitOptions): Promise<AsyncIterable<Uint8Array>>;

  /** Exactly the bytes of `range`, unverified, in memory; `undefined` when the place cannot serve ranges. */
  blobRange(descriptor: Descriptor, range: ByteRange, options: WaitOptions): Promise<Uint8Array | undefined>;

  /**
   * The layer where it lies open on this machine, so that another thread can read it itself; missing for places that are not files. Held
   * with `await using` until the reading is over. @throws as `blob`.
   */
  blobFile?(descriptor: Descriptor, options: WaitOptions): Promise<LocalBlob & AsyncDisposable>;
}
