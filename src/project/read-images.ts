/**
 * Reads the images of a reference into the store: manifests, layers, inventories, judged. What is stored already is not read again.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ContentSource } from '#image/content.ts';
import type { Image } from '#image/image.ts';
import { openAllImages } from '#image/open-image.ts';
import type { RegistryClient } from '#image/registry/client.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { Digest } from '#oci/digest.ts';
import { parseManifest } from '#oci/manifest.ts';
import type { RegistryReference } from '#oci/reference.ts';
import { CERTIFIED_ARCHITECTURES } from '#scan/certify-image.ts';
import { findFileFacts } from '#scan/content/file-facts.ts';
import type { FoundDocument } from '#scan/content/read-manifest.ts';
import { storeInventory } from '#scan/content/store-inventory.ts';
import { storeManifests } from '#scan/content/store-manifests.ts';
import { readEntry, writeEntry } from '#scan/layer-cache.ts';
import { LayerPool } from '#scan/layer-pool.ts';
import { type FactsCache, readImage } from '#scan/scan-image.ts';
import { analyserVersion } from '#scan/sensor/layer-store.ts';
import { toReported } from '#scan/task/reported-image.ts';
import { findLayerFacts, keepLayerFacts } from '#store/layer-facts.ts';
import { findScanFacts, markScanDone } from '#store/scan-state.ts';
import type { ProjectContext } from './project-context.ts';
import { ProjectError } from './situation.ts';

/** What was read. */
export interface ReadImages {
  /** Of the index; missing when the reference named a single image. */
  readonly listDigest: string | undefined;
  readonly images: readonly { readonly digest: string; readonly architecture: string }[];
}

/**
 * Reads every image of the reference that can be certified.
 * @throws {ProjectError} `unsupported_arch`. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `REGISTRY_DENIED`, `RATE_LIMITED`, …
 */
export async function readImages(
  context: ProjectContext,
  client: RegistryClient,
  reference: RegistryReference & { readonly digest: Digest },
  signal: AbortSignal,
): Promise<ReadImages> {
  await using content = new KeptDocuments(await openRegistryWith(client, reference, { signal }));
  const root = await content.root({ signal });
  if (root.digest !== reference.digest) {
    throw new PlimsollError('DIGEST_MISMATCH', `The registry gives ${root.digest} in the place of ${reference.digest}`);
  }
  const isIndex = parseManifest(root.bytes, root.mediaType, content.reference).kind === 'index';
  const all = await openAllImages(content, { signal });
  const wanted = all.filter(
    ({ platform }) => platform !== undefined && CERTIFIED_ARCHITECTURES.has(platform.architecture),
  );
  if (wanted.length === 0) throw unsupported(content.reference, all);
  const { store, now } = context;
  const found = wanted.flatMap(image => documentsOf(image, content));
  const rootDocument = { digest: root.digest, mediaType: root.mediaType, document: toBase64(root.bytes) };
  await storeManifests(store.db, isIndex ? [...found, rootDocument] : found, now());
  await using pool = new LayerPool();
  for (const image of wanted) await scanOne(context, image, pool, signal);
  return {
    listDigest: isIndex ? root.digest : undefined,
    images: wanted.flatMap(({ digest, platform }) =>
      digest === undefined || platform === undefined ? [] : [{ digest, architecture: platform.architecture }],
    ),
  };
}

/** Facts of layers that the server keeps for all. */
function storedFacts({ store, now }: Pick<ProjectContext, 'store' | 'now'>): FactsCache {
  const version = analyserVersion();
  return {
    async find(layer) {
      const bytes = await findLayerFacts(store.db, layer, version);
      return bytes === undefined ? undefined : readEntry(bytes);
    },
    keep: (layer, entry) =>
      keepLayerFacts(store.db, { layerDigest: layer, version, facts: writeEntry(entry), at: now() }),
  };
}

async function scanOne(context: ProjectContext, image: Image, pool: LayerPool, signal: AbortSignal): Promise<void> {
  const { digest } = image;
  if (digest === undefined) return;
  const { db } = context.store;
  const version = analyserVersion();
  const known = (await findScanFacts(db, [digest])).get(digest);
  const isKnown = known?.scannedAt !== undefined && known.analyserVersion === version;
  // The checks need the facts about its files too, which a sensor that read it by parts has not.
  if (isKnown && (await findFileFacts(db, digest)) !== undefined) return;
  // Checks look at whole layers, so that a table of contents alone does not do.
  const scanned = await readImage(image, { signal, pool, cache: storedFacts(context), allowsParts: false });
  const { inventory, files } = toReported(scanned);
  await storeInventory(context, digest, inventory, version, {
    signal,
    files,
    also: trx => markScanDone(trx, digest),
  });
}

function documentsOf(image: Image, content: KeptDocuments): readonly FoundDocument[] {
  const { digest, mediaType = '', manifest } = image;
  const document = digest === undefined ? undefined : content.kept(digest);
  if (digest === undefined || document === undefined || manifest === undefined) return [];
  const config = content.kept(manifest.config.digest);
  return [
    {
      digest,
      mediaType,
      document: toBase64(document),
      ...(config === undefined ? {} : { config: toBase64(config) }),
    },
  ];
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function unsupported(reference: string, images: readonly Image[]): ProjectError {
  const found = [...new Set(images.map(({ platform }) => platform?.architecture ?? 'unknown'))].join(', ');
  return new ProjectError(
    'unsupported_arch',
    `Cannot certify "${printable(reference)}": it is for ${printable(found)}, and certified are images for ${[...CERTIFIED_ARCHITECTURES].join(', ')}`,
  );
}

/** A source whose documents are fetched once, and can be had again: each manifest that is fetched counts as a pull. */
class KeptDocuments implements ContentSource {
  readonly reference: string;
  readonly isRemote: boolean;
  readonly #inner: ContentSource;
  readonly #kept = new Map<string, Uint8Array>();
  #root: ReturnType<ContentSource['root']> | undefined;

  constructor(inner: ContentSource) {
    this.#inner = inner;
    this.reference = inner.reference;
    this.isRemote = inner.isRemote;
  }

  /** A document that has been fetched. */
  kept(digest: string): Uint8Array | undefined {
    return this.#kept.get(digest);
  }

  async root(options: { readonly signal: AbortSignal }) {
    this.#root ??= this.#inner.root(options);
    const root = await this.#root;
    this.#kept.set(root.digest, root.bytes);
    return root;
  }

  async document(...[descriptor, kind, options]: Parameters<ContentSource['document']>): Promise<Uint8Array> {
    const bytes = this.#kept.get(descriptor.digest) ?? (await this.#inner.document(descriptor, kind, options));
    this.#kept.set(descriptor.digest, bytes);
    return bytes;
  }

  blob(...args: Parameters<ContentSource['blob']>): ReturnType<ContentSource['blob']> {
    return this.#inner.blob(...args);
  }

  blobRange(...args: Parameters<ContentSource['blobRange']>): ReturnType<ContentSource['blobRange']> {
    return this.#inner.blobRange(...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}
