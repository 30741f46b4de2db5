/**
 * An opened image: its documents read and checked, its layers ready to be streamed.
 */
import type { Digest } from '#oci/digest.ts';
import type { ImageConfig, Manifest } from '#oci/manifest.ts';
import type { Platform } from '#oci/platform.ts';
import type { ByteRange, LocalBlob, WaitOptions } from './content.ts';

/** A layer that is a tar, compressed or not, addressed by its digest. */
export interface TarLayer {
  readonly kind: 'tar';
  /** Of the bytes as stored, which is what `open` streams and what the reader must check. */
  readonly digest: Digest;
  /** Stored bytes, as the manifest says; the reader must check it. */
  readonly sizeBytes: number;
  readonly mediaType: string;
  /** Of the uncompressed tar, as the config says; missing when the config lists none for this layer. */
  readonly diffId?: Digest;
  /** The instruction from the image history that made the layer; missing when the history does not say. */
  readonly createdBy?: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** A foreign layer may be absent from the registry: that is a gap, not a failure. */
  readonly isForeign: boolean;
  /** Whether reading a part of it is worth while: see `ContentSource.isRemote`. */
  readonly isRemote: boolean;

  /** The stored bytes, **unverified**. */
  open(options: WaitOptions): Promise<AsyncIterable<Uint8Array>>;
  /** The stored bytes as an open file, **unverified**; missing where they are not one. Held with `await using`. */
  readonly openFile?: (options: WaitOptions) => Promise<LocalBlob & AsyncDisposable>;
  /** A part of the stored bytes, **unverified**; `undefined` when the source cannot serve ranges. */
  openRange(range: ByteRange, options: WaitOptions): Promise<Uint8Array | undefined>;
}

/** A root file system that lies unpacked in a folder of this machine. */
export interface FolderLayer {
  readonly kind: 'folder';
  readonly path: string;
}

export type Layer = TarLayer | FolderLayer;

/** One image for one platform. Held with `await using`; closing it closes the place it came from, unless it shares that with others. */
export interface Image extends AsyncDisposable {
  /** In full, without credentials: `docker.io/library/alpine:3.20`. */
  readonly reference: string;
  /** Of the manifest; missing for a folder, and for archives that carry none. */
  readonly digest?: Digest;
  readonly mediaType?: string;
  readonly platform?: Platform;
  readonly manifest?: Manifest;
  readonly config?: ImageConfig;
  /** Lowest layer first. */
  readonly layers: readonly Layer[];
}
