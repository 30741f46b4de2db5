/**
 * Blob stores: bytes by their digest, and uploads that grow until they are one.
 *
 * Split by capability, so that who only reads gets only the reader. Which blobs belong to whom is the store's business (`store/`), not ours.
 */
import type { Digest } from '#oci/digest.ts';

/** Options of everything that waits. */
export interface BlobOptions {
  readonly signal: AbortSignal;
}

/** A part of a blob, in bytes. */
export interface BlobRange {
  readonly offset: number;
  readonly length: number;
}

/** Reads blobs. */
export interface BlobReader {
  /** Bytes of the blob; `undefined` when there is none. */
  findSize(digest: Digest, options: BlobOptions): Promise<number | undefined>;
  /** The blob's bytes, or a part of them. The range must lie in the blob. @throws {PlimsollError} `BLOB_UNKNOWN`, also while streaming. */
  open(
    digest: Digest,
    options: BlobOptions & { readonly range?: BlobRange | undefined },
  ): Promise<AsyncIterable<Uint8Array>>;
  /** The blob as an open file, where blobs are files on this machine. @throws {PlimsollError} `BLOB_UNKNOWN`. */
  openFile?(digest: Digest): Promise<BlobFile>;
  /** Bytes of an upload under way that are kept already, where that costs no network. @throws {PlimsollError} `NOT_FOUND`. */
  openUpload?(id: string, options: BlobOptions & { readonly range: BlobRange }): Promise<AsyncIterable<Uint8Array>>;
}

/** An open file that a blob is in. Closed by whoever asked for it. */
export interface BlobFile extends AsyncDisposable {
  readonly fd: number;
  /** Where the blob begins in the file, in bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
}

/** An upload under way, by the id that it was given. It survives a restart. */
export interface Upload {
  readonly id: string;
  /** Bytes that are kept for sure: where to go on. */
  readonly sizeBytes: number;
}

/** Writes blobs. */
export interface BlobWriter {
  /** Begins an upload; by `id`, a UUID that is new, when the caller has to know it before. */
  startUpload(options: BlobOptions & { readonly id?: string | undefined }): Promise<Upload>;
  /** @throws {PlimsollError} `NOT_FOUND` for an upload that ended or never was. */
  getUpload(id: string, options: BlobOptions): Promise<Upload>;
  /**
   * Appends `chunks` to an upload whose size is `offset`. What arrived before a failure is kept. One append at a time.
   * @throws {PlimsollError} `NOT_FOUND`; `CONFLICT` when its size is another, or somebody else appends; `LIMIT_EXCEEDED` past `limitBytes`,
   * or when the disk is full.
   */
  append(
    id: string,
    chunks: AsyncIterable<Uint8Array>,
    options: BlobOptions & { readonly offset: number; readonly limitBytes: number },
  ): Promise<Upload>;
  /**
   * Makes the upload the blob of that digest, and ends it; nothing happens when there is such a blob already. Durable when it returns.
   * @throws {PlimsollError} `DIGEST_MISMATCH`, which ends the upload; `NOT_FOUND`.
   */
  commit(id: string, digest: Digest, options: BlobOptions): Promise<{ readonly sizeBytes: number }>;
  /** Ends an upload and forgets its bytes; fine when there is none. */
  cancel(id: string, options: BlobOptions): Promise<void>;
}

/** Removes what nobody needs; only the garbage collection gets this. */
export interface BlobRemover {
  /** Fine when there is none. */
  remove(digest: Digest, options: BlobOptions): Promise<void>;
  /** All blobs, in no order. */
  listBlobs(
    options: BlobOptions,
  ): AsyncIterable<{ readonly digest: Digest; readonly sizeBytes: number; readonly modifiedAt: Date }>;
  /** All uploads under way, with when bytes last arrived. */
  listUploads(options: BlobOptions): AsyncIterable<Upload & { readonly modifiedAt: Date }>;
}

/** A whole store. */
export interface BlobStore extends BlobReader, BlobWriter, BlobRemover, AsyncDisposable {
  /** As people know it, without secrets: `folder /srv/plimsoll/blobs`. */
  readonly description: string;
}

/** Stores bytes that are at hand. */
export async function putBytes(
  store: BlobWriter,
  bytes: Uint8Array,
  digest: Digest,
  options: BlobOptions,
): Promise<void> {
  const { id } = await store.startUpload(options);
  async function* once() {
    yield bytes;
  }
  await store.append(id, once(), { ...options, offset: 0, limitBytes: bytes.byteLength });
  await store.commit(id, digest, options);
}
