/**
 * Pulling a database that was exported: every byte checked against its digest, and the file opened, before it takes the place of the old one.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdDecompress } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { openArchive } from '#image/archive-tree.ts';
import type { ContentSource } from '#image/content.ts';
import { type FileTree, folderTree } from '#image/file-tree.ts';
import { blobPath, readIndex } from '#image/layout-source.ts';
import { type FileSlice, readSlice, streamSlice } from '#image/local-file.ts';
import type { RegistryClient } from '#image/registry/client.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { verified, verifiedBytes } from '#image/verified.ts';
import { formatReference } from '#oci/reference.ts';
import { checkDatabaseFile, databaseFailure, invalidDatabase } from '../database-file.ts';
import type { DatabaseStatus } from '../database-status.ts';
import { behindLinks, removeLeftovers, replaceFile, temporaryName } from '../replace-file.ts';
import { takeUpdateLock } from '../update-lock.ts';
import { openDatabase } from '../vulnerability-database.ts';
import { type ArtifactConfig, type Pointer, parseArtifact, parseArtifactConfig } from './manifest.ts';
import type { ArtifactPlace } from './place.ts';

/** What pulling needs. */
export interface PullOptions {
  /** For registries. */
  readonly client: RegistryClient;
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly onTotal?: (bytes: number) => void;
  readonly onBytes?: (bytes: number) => void;
}

/** A vulnerability database of the whole world takes less than 2 GB. */
const MAX_DATABASE_BYTES = 64 * 1024 ** 3;
const MAX_DOCUMENT_BYTES = 1024 * 1024;

/**
 * Fetches the database at `place` and puts it at `target`. Nobody else can change that meanwhile; readers go on with what they have.
 * @throws {PlimsollError} `MANIFEST_UNKNOWN`, `MANIFEST_UNSUPPORTED`, `DIGEST_MISMATCH`, `DATABASE_INVALID`, `DATABASE_BUSY`, …; then the old
 * one stays.
 */
export async function pullDatabase(
  place: ArtifactPlace,
  target: string,
  options: PullOptions,
): Promise<DatabaseStatus> {
  const path = behindLinks(target);
  using _lock = takeUpdateLock(path, options.now);
  removeLeftovers(path);
  await using source = await openSource(place, options);
  const what = formatReference(place);
  const { config, layer } = parseArtifact(await source.manifest(), what);
  const stated = parseArtifactConfig(await source.document(config), what);
  const temporary = temporaryName(path, 'pulled');
  try {
    await inflateTo(temporary, source, { layer, stated, what }, options);
    checkDatabaseFile(temporary);
    const status = readStatus(temporary);
    replaceFile(temporary, path);
    return { ...status, path };
  } catch (error) {
    throw aboutArtifact(error, temporary, what, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function inflateTo(
  temporary: string,
  source: ArtifactSource,
  of: { readonly layer: Pointer; readonly stated: ArtifactConfig; readonly what: string },
  options: PullOptions,
): Promise<void> {
  const { layer, stated, what } = of;
  const { signal, onTotal, onBytes } = options;
  onTotal?.(layer.size);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const limit = Math.min(stated.sizeBytes, MAX_DATABASE_BYTES);
  async function* counted() {
    for await (const chunk of verified(source.layer(layer), { digest: layer.digest, sizeBytes: layer.size })) {
      onBytes?.(chunk.byteLength);
      yield chunk;
    }
  }
  async function* checked(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length;
      if (sizeBytes > limit)
        throw new PlimsollError(
          'DIGEST_MISMATCH',
          `Cannot trust "${printable(what)}": it inflates to over ${limit} bytes`,
        );
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(
    counted,
    createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: 27 } }),
    checked,
    createWriteStream(temporary),
    { signal },
  );
  const digest = `sha256:${hash.digest('hex')}`;
  if (sizeBytes !== stated.sizeBytes || digest !== stated.digest) {
    throw new PlimsollError(
      'DIGEST_MISMATCH',
      `Cannot trust "${printable(what)}": its config says ${stated.digest} of ${stated.sizeBytes} bytes, the database is ${digest} of ${sizeBytes}`,
    );
  }
}

/** Opens it as whoever scans will, and reads what it is made of. */
function readStatus(path: string): DatabaseStatus {
  using database = openDatabase(path);
  database.ecosystems();
  return database.status();
}

/** Documents and layers of one artifact. */
interface ArtifactSource extends AsyncDisposable {
  manifest(): Promise<Uint8Array>;
  document(pointer: Pointer): Promise<Uint8Array>;
  layer(pointer: Pointer): AsyncIterable<Uint8Array>;
}

async function openSource(place: ArtifactPlace, options: PullOptions): Promise<ArtifactSource> {
  const { client, signal } = options;
  switch (place.transport) {
    case 'docker':
      return registrySource(await openRegistryWith(client, place, { signal }), signal);
    case 'oci':
      return layoutSource(folderTree(resolve(place.path)), place, signal);
    case 'oci-archive':
      return layoutSource(await openArchive(resolve(place.path), { signal }), place, signal);
    default:
      return place satisfies never;
  }
}

function registrySource(content: ContentSource, signal: AbortSignal): ArtifactSource {
  const descriptor = (pointer: Pointer) => ({ ...pointer, annotations: {}, urls: [] });
  return {
    manifest: async () => (await content.root({ signal })).bytes,
    document: pointer => content.document(descriptor(pointer), 'config', { signal }),
    layer: async function* (pointer) {
      yield* await content.blob(descriptor(pointer), { signal });
    },
    [Symbol.asyncDispose]: () => content[Symbol.asyncDispose](),
  };
}

/** Not by the reader of images, which passes over what is marked as something else. */
function layoutSource(
  tree: FileTree,
  place: Exclude<ArtifactPlace, { transport: 'docker' }>,
  signal: AbortSignal,
): ArtifactSource {
  const what = formatReference(place);
  const open = async ({ digest }: Pointer) => {
    const file = await tree.open(blobPath(digest));
    if (file !== undefined) return file;
    throw new PlimsollError('BLOB_UNKNOWN', `Cannot read ${digest} of "${printable(what)}": it is not there`);
  };
  const document = async (pointer: Pointer) => {
    await using file = await open(pointer);
    const bytes = await readSmall(file, pointer, what);
    return verifiedBytes(bytes, { digest: pointer.digest, sizeBytes: pointer.size });
  };
  return {
    manifest: async () => {
      const { manifests } = await readIndex(tree, what);
      const named = manifests.filter(
        ({ annotations, digest }) =>
          place.name === undefined ||
          annotations['org.opencontainers.image.ref.name'] === place.name ||
          digest === place.name,
      );
      const [only] = named;
      if (only !== undefined && named.length === 1) return await document(only);
      const why =
        only === undefined
          ? 'there is none of that name'
          : `there are ${named.length} to choose from; name one after a colon`;
      throw new PlimsollError('MANIFEST_UNKNOWN', `Cannot open "${printable(what)}": ${why}`);
    },
    document,
    layer: async function* (pointer) {
      await using file = await open(pointer);
      yield* streamSlice(file, { signal });
    },
    [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
  };
}

async function readSmall(file: FileSlice, { digest }: Pointer, what: string): Promise<Buffer> {
  if (file.sizeBytes > MAX_DOCUMENT_BYTES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read ${digest} of "${printable(what)}": over ${MAX_DOCUMENT_BYTES} bytes`,
    );
  }
  return await readSlice(file, { offset: 0, length: file.sizeBytes }, printable(what));
}

/** What is wrong with the file that came, said of where it came from; the temporary name means nothing to anybody. */
function aboutArtifact(error: unknown, temporary: string, what: string, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && code.startsWith('ZSTD_')) {
    return invalidDatabase(what, 'its layer is no zstd', error);
  }
  const known = databaseFailure(error, path, `Cannot pull into "${printable(path)}", which stays as it was`);
  if (!(known instanceof PlimsollError) || !known.message.includes(temporary)) return known;
  return new PlimsollError(known.code, known.message.replaceAll(temporary, what), { cause: error });
}
