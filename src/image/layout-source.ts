/**
 * An OCI image layout as a source of content, wherever its files are: in a folder or in a tar.
 *
 * Source: OCI image-spec, image-layout.md.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, digestOf, splitDigest } from '#oci/digest.ts';
import { type Descriptor, type Index, MAX_DOCUMENT_BYTES, parseManifest } from '#oci/manifest.ts';
import type { ByteRange, ContentSource, LocalBlob, RootDocument, WaitOptions } from './content.ts';
import type { FileTree } from './file-tree.ts';
import { type FileSlice, readSlice, streamSlice } from './local-file.ts';
import { pickEntries } from './pick-manifest.ts';
import { verifiedBytes } from './verified.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** Where a layout keeps a blob: `blobs/sha256/<hex>`. */
export function blobPath(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/**
 * The layout in `tree`, which the source takes over and closes. `name` picks one of several images, see `pickEntries`.
 *
 * @throws {PlimsollError} `ARCHIVE_INVALID` when there is no index.json, or the layout is of a version we do not know.
 */
export async function layoutSource(
  tree: FileTree,
  names: { readonly reference: string; readonly name?: string | undefined },
): Promise<ContentSource> {
  try {
    await checkLayout(tree, names.reference);
  } catch (error) {
    await tree[Symbol.asyncDispose]();
    throw error;
  }
  return new LayoutSource(tree, names.reference, names.name);
}

/**
 * The file at `path` whole, at most 16 MiB; `undefined` when there is none.
 * @throws {PlimsollError} `LIMIT_EXCEEDED`, and what `FileTree.open` throws.
 */
export async function readSmallFile(tree: FileTree, path: string, reference: string): Promise<Buffer | undefined> {
  await using file = await tree.open(path);
  return file && (await readWhole(file, `${path} of ${reference}`));
}

class LayoutSource implements ContentSource {
  readonly reference: string;
  readonly isRemote = false;
  readonly #tree: FileTree;
  readonly #name: string | undefined;

  constructor(tree: FileTree, reference: string, name: string | undefined) {
    this.#tree = tree;
    this.reference = reference;
    this.#name = name;
  }

  async root({ signal }: WaitOptions): Promise<RootDocument> {
    signal.throwIfAborted();
    const index = await readIndex(this.#tree, this.reference);
    const entries = pickEntries(index.manifests, this.#name, this.reference);
    const [only] = entries;
    if (only !== undefined && entries.length === 1) {
      const bytes = await this.document(only, 'manifest', { signal });
      return { bytes, digest: only.digest, mediaType: only.mediaType };
    }
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: entries }));
    return { bytes, digest: digestOf(bytes), mediaType: INDEX, isMadeUp: true };
  }

  async document(descriptor: Descriptor, kind: 'manifest' | 'config', { signal }: WaitOptions): Promise<Uint8Array> {
    signal.throwIfAborted();
    await using file = await this.#open(descriptor, kind);
    const what = `${kind} ${descriptor.digest} of ${this.reference}`;
    return verifiedBytes(await readWhole(file, what), { digest: descriptor.digest, sizeBytes: descriptor.size });
  }

  async blob(descriptor: Descriptor, { signal }: WaitOptions): Promise<AsyncIterable<Uint8Array>> {
    signal.throwIfAborted();
    // Opened now only to say at once when it is not there; a stream that is never read must hold nothing open.
    await (await this.#open(descriptor, 'layer'))[Symbol.asyncDispose]();
    return this.#stream(descriptor, { signal });
  }

  async blobRange(descriptor: Descriptor, range: ByteRange, { signal }: WaitOptions): Promise<Uint8Array> {
    signal.throwIfAborted();
    await using file = await this.#open(descriptor, 'layer');
    return await readSlice(file, range, `layer ${descriptor.digest} of "${printable(this.reference)}"`);
  }

  async blobFile(descriptor: Descriptor, { signal }: WaitOptions): Promise<LocalBlob & AsyncDisposable> {
    signal.throwIfAborted();
    const slice = await this.#open(descriptor, 'layer');
    const { file, offset, sizeBytes } = slice;
    return { fd: file.fd, offset, sizeBytes, [Symbol.asyncDispose]: () => slice[Symbol.asyncDispose]() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tree[Symbol.asyncDispose]();
  }

  async *#stream(descriptor: Descriptor, options: WaitOptions): AsyncGenerator<Uint8Array> {
    await using file = await this.#open(descriptor, 'layer');
    yield* streamSlice(file, options);
  }

  async #open(descriptor: Descriptor, kind: 'manifest' | 'config' | 'layer'): Promise<FileSlice & AsyncDisposable> {
    const file = await this.#tree.open(blobPath(descriptor.digest));
    if (file !== undefined) return file;
    throw new PlimsollError(
      kind === 'manifest' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN',
      `Cannot read ${kind} ${descriptor.digest} of "${printable(this.reference)}": it is not there`,
    );
  }
}

/** The layout's index.json, checked. @throws {PlimsollError} `ARCHIVE_INVALID`, `MANIFEST_INVALID`, `LIMIT_EXCEEDED`. */
export async function readIndex(tree: FileTree, reference: string): Promise<Index> {
  const bytes = await readSmallFile(tree, 'index.json', reference);
  if (bytes === undefined) throw noLayout(reference, 'there is no index.json in it');
  const index = parseManifest(bytes, INDEX, `index.json of ${reference}`);
  if (index.kind !== 'index') throw noLayout(reference, 'its index.json is not an index');
  return index;
}

async function checkLayout(tree: FileTree, reference: string): Promise<void> {
  const marker = await readSmallFile(tree, 'oci-layout', reference);
  // Required by the specification, but left out by some writers; what matters is the index.
  if (marker === undefined) {
    await using index = await tree.open('index.json');
    if (index !== undefined) return;
    await using list = await tree.open('manifest.json');
    const hint = list === undefined ? '' : '; there is a manifest.json, so try docker-archive:';
    throw noLayout(reference, `there is neither oci-layout nor index.json in it${hint}`);
  }
  const version = versionOf(marker);
  if (!/^1\.\d{1,9}\.\d{1,9}$/.test(version)) {
    throw noLayout(reference, `its version is "${printable(version)}", expected 1.0.0`);
  }
}

function versionOf(marker: Buffer): string {
  try {
    const json: unknown = JSON.parse(marker.toString('utf8'));
    const isObject = typeof json === 'object' && json !== null && 'imageLayoutVersion' in json;
    return isObject ? String(json.imageLayoutVersion) : '';
  } catch {
    return '';
  }
}

async function readWhole(file: FileSlice, what: string): Promise<Buffer> {
  if (file.sizeBytes > MAX_DOCUMENT_BYTES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read ${printable(what)}: ${file.sizeBytes} bytes, the limit is ${MAX_DOCUMENT_BYTES}`,
    );
  }
  return await readSlice(file, { offset: 0, length: file.sizeBytes }, printable(what));
}

function noLayout(reference: string, why: string): PlimsollError {
  return new PlimsollError('ARCHIVE_INVALID', `Cannot open "${printable(reference)}": it is no OCI layout: ${why}`);
}
