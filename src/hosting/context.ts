/** What use cases of the hosted registry work with. */
import type { BlobStore } from '#blob/blob-store.ts';
import type { ServerContext } from '#store/context.ts';
import type { Trx } from '#store/database.ts';
import type { HostedAddress } from '#store/hosting-space.ts';
import type { RegistryKeyAuthority } from './registry-key.ts';

/** Bounds of what is taken, in bytes and milliseconds. */
export interface HostingLimits {
  readonly maxBlobBytes: number;
  /** The protocol wants 4 MiB at least. */
  readonly maxManifestBytes: number;
  /** An upload must bring `stallBytes` in this time of waiting, or it is ended; what came is kept. */
  readonly stallMs: number;
  readonly stallBytes: number;
  /** An upload that nothing was added to for so long is forgotten. */
  readonly uploadIdleMs: number;
  /** What nobody refers to is left alone for so long. */
  readonly graceMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The usual limits. */
export const HOSTING_LIMITS: HostingLimits = {
  maxBlobBytes: 64 * 1024 ** 3,
  maxManifestBytes: 4 * 1024 ** 2,
  stallMs: MINUTE,
  stallBytes: 64 * 1024,
  uploadIdleMs: 24 * HOUR,
  graceMs: 24 * HOUR,
};

/** A manifest that was pushed. */
export interface Push {
  /** Full name: `team/app`. */
  readonly repository: string;
  readonly repositoryId: number;
  readonly namespaceId: string;
  readonly registryId: string;
  readonly projectId: string | undefined;
  readonly digest: string;
  readonly manifestId: number;
  readonly kind: 'image' | 'index' | 'artifact' | 'unsupported';
  /** That name it now; empty when it was pushed by digest alone. */
  readonly tags: readonly string[];
  /** Of `tags`, those that named another manifest before, with its digest. */
  readonly movedFrom: ReadonlyMap<string, string>;
  readonly pushedBy: string;
}

/** A manifest or a tag that is about to be removed. */
export interface Removal {
  readonly repository: string;
  readonly repositoryId: number;
  readonly namespaceId: string;
  readonly projectId: string | undefined;
  readonly digest: string;
  /** Only this tag goes; missing: the manifest with all its tags. */
  readonly tag: string | undefined;
  readonly removedBy: string;
}

/** Takes part in pushes. What it throws refuses the push, and is told to the client; so does a `FORBIDDEN` for a removal. */
export interface PushListener {
  /** In the transaction that makes the manifest known; may run several times. */
  readonly onManifest?: (trx: Trx, push: Push) => Promise<void>;
  readonly onRemove?: (trx: Trx, removal: Removal) => Promise<void>;
}

/** Is shown the bytes of uploads as they come, to read layers meanwhile. None of it may fail or hold up a push. */
export interface UploadWatcher {
  /** Bytes that are kept, in order; `offset` is where they begin. Valid during the call. */
  readonly saw: (uploadId: string, offset: number, chunk: Uint8Array) => void;
  /** The upload has become this blob. */
  readonly committed: (uploadId: string, digest: string, sizeBytes: number) => void;
  /** The upload has ended without becoming a blob. */
  readonly ended: (uploadId: string) => void;
}

/** Where the registry's use cases tell what an operator would ask tomorrow. */
export interface HostingLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** Handed to every use case of the hosted registry. */
export interface HostingContext extends ServerContext {
  readonly blobs: BlobStore;
  /** Where clients reach the registry. */
  readonly address: HostedAddress;
  readonly limits: HostingLimits;
  readonly keys: RegistryKeyAuthority;
  readonly listeners: readonly PushListener[];
  readonly watcher: UploadWatcher | undefined;
  readonly log: HostingLog;
}
