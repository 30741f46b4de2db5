/**
 * `docker-archive:FILE[:REF]`: an image in a tar as `docker save` and `podman save` write it, plain or compressed.
 *
 * Docker 25 and later write an OCI layout and a manifest.json that points into it: the image then has its real manifest. Before,
 * there was none: layers lie there uncompressed, known by the config's diff IDs. A manifest is made up for those, in OCI form with
 * its fields in a fixed order, and the image reports no digest (`RootDocument.isMadeUp`): no registry could know it. What names
 * such an image is its id, the digest of its config.
 */
import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, digestOf, isDigest } from '#oci/digest.ts';
import { type Compression, compressionOf } from '#oci/inflate.ts';
import { type Descriptor, type Manifest, parseImageConfig, parseManifest } from '#oci/manifest.ts';
import { formatReference, type LocalReference } from '#oci/reference.ts';
import { openArchive } from './archive-tree.ts';
import type { ByteRange, ContentSource, RootDocument, WaitOptions } from './content.ts';
import { type DockerImage, parseDockerManifest, pickDockerImage } from './docker-manifest.ts';
import type { FileTree } from './file-tree.ts';
import { blobPath, readIndex, readSmallFile } from './layout-source.ts';
import { type FileSlice, readSlice, streamSlice } from './local-file.ts';
import type { ScratchOptions } from './scratch-file.ts';
import { verifiedBytes } from './verified.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER: Readonly<Record<Compression, string>> = {
  none: 'application/vnd.oci.image.layer.v1.tar',
  gzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};
/** Manifests of a layout looked at to find the one of an image; beyond them the image goes without. */
const MAX_LOOKED_AT = 200;

/**
 * Opens the archive; the file stays open until the source is closed.
 * @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`, `LIMIT_EXCEEDED`, and `ARCHIVE_INVALID` when it is not such an archive.
 */
export async function openDockerArchive(reference: LocalReference, options: ScratchOptions): Promise<ContentSource> {
  const tree = await openArchive(resolve(reference.path), options);
  return await dockerArchiveSource(tree, { reference: formatReference(reference), name: reference.name });
}

/** The `docker save` archive in `tree`, which the source takes over and closes. `name` picks one of several images. */
export async function dockerArchiveSource(
  tree: FileTree,
  names: { readonly reference: string; readonly name?: string | undefined },
): Promise<ContentSource> {
  const { reference, name } = names;
  try {
    const list = await readSmallFile(tree, 'manifest.json', reference);
    if (list === undefined) throw await noDockerArchive(tree, reference);
    return new DockerArchiveSource(tree, reference, parseDockerManifest(list, reference), name);
  } catch (error) {
    await tree[Symbol.asyncDispose]();
    throw error;
  }
}

/** The image's manifest and where in the tar its blobs are. */
interface Resolved {
  readonly root: RootDocument;
  readonly paths: ReadonlyMap<Digest, string>;
}

class DockerArchiveSource implements ContentSource {
  readonly reference: string;
  readonly isRemote = false;
  readonly #tree: FileTree;
  readonly #images: readonly DockerImage[];
  readonly #name: string | undefined;
  #resolved: Resolved | undefined;

  constructor(tree: FileTree, reference: string, images: readonly DockerImage[], name: string | undefined) {
    this.#tree = tree;
    this.reference = reference;
    this.#images = images;
    this.#name = name;
  }

  async root({ signal }: WaitOptions): Promise<RootDocument> {
    signal.throwIfAborted();
    return (await this.#resolve({ signal })).root;
  }

  async document(descriptor: Descriptor, kind: 'manifest' | 'config', { signal }: WaitOptions): Promise<Uint8Array> {
    signal.throwIfAborted();
    const { root, paths } = await this.#resolve({ signal });
    const want = { digest: descriptor.digest, sizeBytes: descriptor.size };
    if (descriptor.digest === root.digest) return verifiedBytes(root.bytes, want);
    const path = paths.get(descriptor.digest);
    const bytes = path === undefined ? undefined : await readSmallFile(this.#tree, path, this.reference);
    if (bytes === undefined) throw this.#missing(descriptor, kind);
    return verifiedBytes(bytes, want);
  }

  async blob(descriptor: Descriptor, options: WaitOptions): Promise<AsyncIterable<Uint8Array>> {
    return streamSlice(await this.#layer(descriptor, options), options);
  }

  async blobRange(descriptor: Descriptor, range: ByteRange, options: WaitOptions): Promise<Uint8Array> {
    const what = `layer ${descriptor.digest} of "${printable(this.reference)}"`;
    return await readSlice(await this.#layer(descriptor, options), range, what);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tree[Symbol.asyncDispose]();
  }

  async #layer(descriptor: Descriptor, { signal }: WaitOptions): Promise<FileSlice> {
    signal.throwIfAborted();
    const { paths } = await this.#resolve({ signal });
    const path = paths.get(descriptor.digest);
    const file = path === undefined ? undefined : await this.#tree.open(path);
    if (file === undefined) throw this.#missing(descriptor, 'layer');
    return file;
  }

  async #resolve(options: WaitOptions): Promise<Resolved> {
    if (this.#resolved === undefined) {
      const image = pickDockerImage(this.#images, this.#name, this.reference);
      this.#resolved = await resolveImage(this.#tree, image, this.reference, options);
    }
    return this.#resolved;
  }

  #missing(descriptor: Descriptor, kind: 'manifest' | 'config' | 'layer'): PlimsollError {
    return new PlimsollError(
      kind === 'manifest' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN',
      `Cannot read ${kind} ${descriptor.digest} of "${printable(this.reference)}": it is not there`,
    );
  }
}

async function resolveImage(
  tree: FileTree,
  image: DockerImage,
  reference: string,
  options: WaitOptions,
): Promise<Resolved> {
  const config = await readSmallFile(tree, image.configPath, reference);
  if (config === undefined) throw missingFile(reference, 'config', image.configPath);
  const configDigest = digestOf(config);
  // In a layout the file's name is its digest; elsewhere it only looks like one, and nobody promised.
  if (image.configPath.startsWith('blobs/') && image.configPath !== blobPath(configDigest)) {
    throw new PlimsollError(
      'DIGEST_MISMATCH',
      `Cannot trust config "${printable(image.configPath)}" of "${printable(reference)}": its digest is ${configDigest}`,
    );
  }
  const real = await findRealManifest(tree, configDigest, image, reference, options);
  if (real !== undefined) {
    const blobs = [real.manifest.config, ...real.manifest.layers];
    return { root: real.root, paths: new Map(blobs.map(blob => [blob.digest, blobPath(blob.digest)])) };
  }
  const { diffIds } = parseImageConfig(config, `${reference} config`);
  if (diffIds.length !== image.layerPaths.length) {
    throw new PlimsollError(
      'MANIFEST_INVALID',
      `Cannot open "${printable(reference)}": its manifest.json lists ${image.layerPaths.length} layers, its config ${diffIds.length}`,
    );
  }
  const paths = new Map([[configDigest, image.configPath]]);
  const layers: object[] = [];
  const hashed = new Map<number, Digest>();
  for (const [at, path] of image.layerPaths.entries()) {
    const layer = await describeLayer(tree, path, { diffId: diffIds[at], hashed, reference }, options);
    // Layers of the same content have the same name: the first of them stands for all.
    if (!paths.has(layer.digest)) paths.set(layer.digest, path);
    layers.push(layer);
  }
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, digest: configDigest, size: config.length },
      layers,
    }),
  );
  return { root: { bytes, digest: digestOf(bytes), mediaType: MANIFEST, isMadeUp: true }, paths };
}

/** A layer's descriptor. Stored as it is, its digest is the diff ID; compressed (kaniko, crane), only hashing it tells. */
async function describeLayer(
  tree: FileTree,
  path: string,
  known: { readonly diffId: Digest | undefined; readonly hashed: Map<number, Digest>; readonly reference: string },
  options: WaitOptions,
): Promise<{ readonly mediaType: string; readonly digest: Digest; readonly size: number }> {
  const { diffId, hashed, reference } = known;
  await using file = await tree.open(path);
  if (file === undefined) throw missingFile(reference, 'layer', path);
  const head = await readSlice(file, { offset: 0, length: Math.min(8, file.sizeBytes) }, printable(path));
  const compression = knownCompression(head);
  const isStoredPlain = compression === 'none' && diffId !== undefined;
  // A thousand links to one large body must not have it hashed a thousand times.
  const digest = isStoredPlain ? diffId : (hashed.get(file.offset) ?? (await hashSlice(file, options)));
  if (!isStoredPlain) hashed.set(file.offset, digest);
  return { mediaType: LAYER[compression ?? 'none'], digest, size: file.sizeBytes };
}

/** `undefined` for a compression no layer may have: reading the layer will say so, the others can be read. */
function knownCompression(head: Buffer): Compression | undefined {
  try {
    return compressionOf(head);
  } catch {
    return undefined;
  }
}

async function hashSlice(slice: FileSlice, options: WaitOptions): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of streamSlice(slice, options)) hash.update(chunk);
  const digest = `sha256:${hash.digest('hex')}`;
  if (!isDigest(digest)) throw new PlimsollError('BUG', `"${digest}" is no digest`);
  return digest;
}

/**
 * The manifest that the archive itself holds for the image, if it is an OCI layout too: the one with that config. A layout that is
 * damaged or without it is no harm, the image can be read all the same.
 */
async function findRealManifest(
  tree: FileTree,
  configDigest: Digest,
  image: DockerImage,
  reference: string,
  options: WaitOptions,
): Promise<{ readonly root: RootDocument; readonly manifest: Manifest } | undefined> {
  try {
    const queue: Descriptor[] = [...(await readIndex(tree, reference)).manifests];
    const seen = new Set<Digest>();
    for (const descriptor of queue) {
      options.signal.throwIfAborted();
      if (seen.size >= MAX_LOOKED_AT) return undefined;
      if (seen.has(descriptor.digest)) continue;
      seen.add(descriptor.digest);
      const document = await readListed(tree, descriptor, reference);
      if (document?.parsed.kind === 'index') queue.push(...document.parsed.manifests.slice(0, MAX_LOOKED_AT));
      if (document?.parsed.kind !== 'manifest' || document.parsed.config.digest !== configDigest) continue;
      const { bytes, parsed } = document;
      if (parsed.layers.length !== image.layerPaths.length) continue;
      return { root: { bytes, digest: descriptor.digest, mediaType: descriptor.mediaType }, manifest: parsed };
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  return undefined;
}

/** A document that the layout lists; `undefined` when it is not there, damaged, or not of an image. */
async function readListed(tree: FileTree, descriptor: Descriptor, reference: string) {
  try {
    const bytes = await readSmallFile(tree, blobPath(descriptor.digest), reference);
    if (bytes === undefined) return undefined;
    verifiedBytes(bytes, { digest: descriptor.digest, sizeBytes: descriptor.size });
    return { bytes, parsed: parseManifest(bytes, descriptor.mediaType, reference) };
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof PlimsollError && error.code !== 'CANCELLED';
}

async function noDockerArchive(tree: FileTree, reference: string): Promise<PlimsollError> {
  await using index = await tree.open('index.json');
  await using repositories = await tree.open('repositories');
  const hint =
    index !== undefined
      ? '; there is an index.json, so try oci-archive:'
      : repositories !== undefined
        ? '; it was written by Docker before 1.10 (2016): load and save it with a newer one'
        : '';
  const text = `Cannot open "${printable(reference)}": it is no docker-archive: there is no manifest.json in it${hint}`;
  return new PlimsollError('ARCHIVE_INVALID', text);
}

function missingFile(reference: string, kind: 'config' | 'layer', path: string): PlimsollError {
  const name = printable(kind === 'layer' ? path : basename(path));
  return new PlimsollError(
    'BLOB_UNKNOWN',
    `Cannot read ${kind} "${name}" of "${printable(reference)}": it is not in the archive`,
  );
}
