/** Does an index that was asked for: fetches the layers that nobody has read, and reads them into the report of the image. */
import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { ERRORS, PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { Image, TarLayer } from '#image/image.ts';
import { type FileSlice, streamSlice } from '#image/local-file.ts';
import { DEFAULT_PATIENCE } from '#image/registry/attempt.ts';
import { fetchLinkedBlob } from '#image/registry/linked-blob.ts';
import { Slots } from '#image/registry/slots.ts';
import { Transport } from '#image/registry/transport.ts';
import type { Digest } from '#oci/digest.ts';
import { inflated } from '#oci/inflate.ts';
import { TarReader } from '#oci/tar-reader.ts';
import { claimClairIndex, findLayerSizes, moveClairIndex } from '#store/clair-index.ts';
import { findLayerFacts } from '#store/layer-facts.ts';
import { insertManifests } from '#store/manifest.ts';
import { inTransaction } from '#store/transaction.ts';
import { readStoredImage } from '../content/read-stored-image.ts';
import { readEntry } from '../layer-cache.ts';
import { LayerPool } from '../layer-pool.ts';
import { analyserVersion } from '../sensor/layer-store.ts';
import type { ClairContext } from './clair-context.ts';
import {
  CLAIM_MS,
  CLAIMED_MANIFEST,
  type ClairLayer,
  type ClairManifest,
  documentOf,
  purposeOf,
} from './index-image.ts';

/** Links live for a minute: who waits for long finds them closed. */
const PATIENCE = { ...DEFAULT_PATIENCE, attempts: 3, maxDelayMs: 4000, maxRetryAfterMs: 15_000 };
/** Layers of one image fetched at a time. */
const MAX_FETCHES = 12;
/** Of a layer, to see whether it is an archive at all. */
const HEAD_BYTES = 64 * 1024;

/** How an index ended; missing when it was not for this server to end it. */
export interface ClairIndexEnd {
  readonly state: 'done' | 'failed';
  readonly error?: string;
}

/** Indexes an image that was asked for. A failure is the index's end, unless the server stops. @throws what is a bug. */
export async function runClairIndex(
  context: ClairContext,
  manifestHash: string,
  signal: AbortSignal,
): Promise<ClairIndexEnd | undefined> {
  const { store, sealer, now } = context;
  const claim = { manifestHash, attempt: randomUUID() };
  const claimedUntil = () => new Date(now().getTime() + CLAIM_MS);
  const claimed = await claimClairIndex(store.db, manifestHash, { ...claim, at: now(), until: claimedUntil() });
  // Somebody else is at it, or it was deleted.
  if (claimed === undefined) return undefined;
  if (claimed.version !== analyserVersion()) {
    // Asked for of a server that reads otherwise, which asks again until it has the job itself.
    await moveClairIndex(store.db, claim, { state: 'queued' });
    return undefined;
  }
  const lost = new AbortController();
  const move = async (to: Parameters<typeof moveClairIndex>[2]) => {
    if (!(await moveClairIndex(store.db, claim, to))) lost.abort();
  };
  const renewal = setInterval(() => {
    move({ claimedUntil: claimedUntil() }).catch(() => undefined);
  }, CLAIM_MS / 4);
  const both = AbortSignal.any([signal, lost.signal]);
  try {
    const manifest = JSON.parse(sealer.open(claimed.sealedRequest, purposeOf(manifestHash))) as ClairManifest;
    const onFetched = () => move({ claimedUntil: claimedUntil(), state: 'scanning' });
    await readClaimed(context, manifest, claimed.documentDigest as Digest, { signal: both, onFetched });
    await move({ state: 'done' });
    return { state: 'done' };
  } catch (cause) {
    // Deleted, or asked for anew with other layers: that is another's.
    if (lost.signal.aborted) return undefined;
    if (signal.aborted) {
      await move({ state: 'queued' });
      throw cause;
    }
    const { code, message } = toPlimsollError(cause);
    const isBug = ERRORS[code].family === 'bug';
    await move({
      state: 'failed',
      error: isBug ? 'Cannot index the image: Plimsoll itself failed; its log has more' : message,
      isUnsupported: code === 'MANIFEST_UNSUPPORTED',
    });
    if (isBug) throw cause;
    return { state: 'failed', error: message };
  } finally {
    clearInterval(renewal);
  }
}

async function readClaimed(
  context: ClairContext,
  manifest: ClairManifest,
  digest: Digest,
  { signal, onFetched }: { readonly signal: AbortSignal; readonly onFetched: () => Promise<void> },
): Promise<void> {
  const { store, now } = context;
  await using files = new LayerFiles(await fetchLayers(context, manifest.layers, signal));
  if (await files.areNoArchives(manifest.layers, signal)) {
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot index ${manifest.hash}: none of its layers is a tar archive`,
    );
  }
  await onFetched();
  const known = await findLayerSizes(
    store.db,
    manifest.layers.map(layer => layer.digest),
  );
  const layers = manifest.layers.map(layer => files.toLayer(layer, known.get(layer.digest) ?? 0));
  const document = documentOf(manifest);
  await inTransaction(store.db, trx => insertManifests(trx, [toManifest(digest, document, layers)], now()));
  const image: Image = {
    reference: manifest.hash,
    digest,
    mediaType: CLAIMED_MANIFEST,
    layers,
    [Symbol.asyncDispose]: async () => {},
  };
  const release = await context.clair.reading.take(signal);
  try {
    await using pool = new LayerPool();
    await readStoredImage(context, image, { pool, signal });
  } finally {
    release();
  }
}

/** Fetches the layers that are not read yet, all at once; each once. */
async function fetchLayers(
  { store, world, clair }: ClairContext,
  layers: readonly ClairLayer[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Digest, FileSlice>> {
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  await using transport = new Transport({
    tlsVerify: true,
    authorities: [],
    proxies: world.env,
    patience: PATIENCE,
    userAgent: world.userAgent,
    allowsLinkLocal: false,
    home: '',
    alsoHome: clair.hosts,
    allowsPrivate: world.allowsPrivateAddresses,
    advice: 'settings',
  });
  const { scratchFolder } = clair;
  const options = { signal: both, patience: PATIENCE, scratchFolder, maxBytes: await findRoom(clair) };
  const slots = new Slots(MAX_FETCHES);
  const files = new Map<Digest, FileSlice>();
  const distinct = new Map(layers.map(layer => [layer.digest, layer]));
  const settled = await Promise.allSettled(
    Array.from(distinct.values(), async layer => {
      const release = await slots.take(both);
      try {
        const facts = await findLayerFacts(store.db, layer.digest, analyserVersion());
        // Facts vouched for by a table of contents alone do not do here.
        if (facts !== undefined && readEntry(facts)?.verifiedBy === 'layer') return;
        files.set(layer.digest, await fetchLinkedBlob(transport, { ...layer, url: new URL(layer.url) }, options));
      } catch (error) {
        failed.abort(error);
        throw error;
      } finally {
        release();
      }
    }),
  );
  if (!settled.some(({ status }) => status === 'rejected')) return files;
  await Promise.all(Array.from(files.values(), ({ file }) => file.close()));
  throw signal.aborted ? toPlimsollError(signal.reason) : failed.signal.reason;
}

/** Bytes that may be written. @throws {PlimsollError} `LIMIT_EXCEEDED` when there is no room. */
async function findRoom({ scratchFolder, diskFloorBytes }: ClairContext['clair']): Promise<number> {
  const { bavail, bsize } = await statfs(scratchFolder);
  const room = bavail * bsize - diskFloorBytes;
  if (room > 0) return room;
  throw new PlimsollError(
    'LIMIT_EXCEEDED',
    `Cannot fetch layers: less than ${diskFloorBytes} bytes are free in the data folder; free some, or lower PLIMSOLL_DISK_FLOOR`,
  );
}

/** Layers that were fetched. */
class LayerFiles implements AsyncDisposable {
  readonly #files: ReadonlyMap<Digest, FileSlice>;

  constructor(files: ReadonlyMap<Digest, FileSlice>) {
    this.#files = files;
  }

  /** Whether no layer at all is an archive: then it is a signature, a model, whatever, and no image. */
  async areNoArchives(layers: readonly ClairLayer[], signal: AbortSignal): Promise<boolean> {
    for (const { digest } of layers) {
      const file = this.#files.get(digest);
      if (file === undefined || (await isTar(file, signal))) return false;
    }
    return true;
  }

  /** A layer as images have them; `knownBytes` is the size of one that was not fetched. */
  toLayer({ digest }: ClairLayer, knownBytes: number): TarLayer {
    const found = this.#files.get(digest);
    const slice = () => {
      if (found !== undefined) return found;
      throw new PlimsollError('BLOB_UNKNOWN', `Cannot read layer ${digest}: what was known of it is gone; ask again`);
    };
    return {
      kind: 'tar',
      digest,
      sizeBytes: found?.sizeBytes ?? knownBytes,
      mediaType: '',
      annotations: {},
      isForeign: false,
      isRemote: false,
      open: async options => streamSlice(slice(), options),
      openFile: async () => {
        const { file, offset, sizeBytes } = slice();
        return { fd: file.fd, offset, sizeBytes, [Symbol.asyncDispose]: async () => {} };
      },
      openRange: async () => undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#files.values(), ({ file }) => file.close()));
  }
}

/** Whether the file begins as a tar does, compressed or not. */
async function isTar(slice: FileSlice, signal: AbortSignal): Promise<boolean> {
  const reader = new TarReader(() => undefined);
  let seenBytes = 0;
  try {
    for await (const chunk of inflated(streamSlice(slice, { signal }))) {
      reader.push(chunk);
      seenBytes += chunk.length;
      if (seenBytes >= HEAD_BYTES) return true;
    }
    reader.end();
    return true;
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'LAYER_INVALID') return false;
    throw error;
  }
}

function toManifest(
  digest: Digest,
  document: Buffer,
  layers: readonly TarLayer[],
): Parameters<typeof insertManifests>[1][0] {
  return {
    digest,
    kind: 'image',
    mediaType: CLAIMED_MANIFEST,
    artifactType: undefined,
    document,
    configDigest: undefined,
    config: undefined,
    os: undefined,
    architecture: undefined,
    variant: undefined,
    osVersion: undefined,
    builtAt: undefined,
    layersSizeBytes: layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    unsupportedReason: undefined,
    layers: layers.map(({ digest: of, sizeBytes }) => ({
      digest: of,
      sizeBytes,
      mediaType: '',
      diffId: undefined,
      createdBy: undefined,
    })),
    children: [],
  };
}
