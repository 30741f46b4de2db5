/** Exporting a database: packed, and put into a registry, an OCI layout or an OCI archive. */
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { blobPath } from '#image/layout-source.ts';
import type { RegistryClient } from '#image/registry/client.ts';
import { uploadArtifact } from '#image/registry/upload.ts';
import type { Digest } from '#oci/digest.ts';
import { type TarFile, writeTar } from '#oci/tar-writer.ts';
import { databaseFailure } from '../database-file.ts';
import { replaceFile, temporaryName } from '../replace-file.ts';
import { MANIFEST_TYPE, type Pointer } from './manifest.ts';
import { type PackedDatabase, packDatabase } from './pack.ts';
import type { ArtifactPlace } from './place.ts';

/** What an export needs. */
export interface ExportOptions {
  /** For registries. */
  readonly client: RegistryClient;
  readonly signal: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

const LAYOUT = JSON.stringify({ imageLayoutVersion: '1.0.0' });
const REF_NAME = 'org.opencontainers.image.ref.name';

/**
 * Exports the database at `path` to `place`. @returns the digest of the manifest.
 * @throws {PlimsollError} `DATABASE_UNKNOWN`, `DATABASE_INVALID`, `LIMIT_EXCEEDED`, `FILE_DENIED`; what a registry is refused for.
 */
export async function exportDatabase(path: string, place: ArtifactPlace, options: ExportOptions): Promise<Digest> {
  using packed = await packDatabase(path, options);
  const { documents } = packed;
  switch (place.transport) {
    case 'docker':
      await push(packed, place, options);
      break;
    case 'oci':
      await onDisk(place.path, () => writeLayout(packed, place));
      break;
    case 'oci-archive':
      await onDisk(place.path, () => writeArchive(packed, place, options.signal));
      break;
    default:
      place satisfies never;
  }
  return documents.manifestPointer.digest;
}

async function push(
  { documents, layerPath }: PackedDatabase,
  place: ArtifactPlace & { transport: 'docker' },
  { client, signal }: ExportOptions,
): Promise<void> {
  if (place.digest !== undefined) {
    throw new PlimsollError('USAGE', 'Cannot export to a digest: it is of what is exported; name a tag');
  }
  const { config, manifest, configPointer, layer } = documents;
  await uploadArtifact(await client.registry(place.registry, { signal }), {
    repository: place.repository,
    tag: place.tag ?? 'latest',
    manifest: { bytes: manifest, mediaType: MANIFEST_TYPE },
    blobs: [
      { ...configPointer, content: () => config },
      { ...layer, content: () => createReadStream(layerPath) },
    ],
    signal,
  });
}

/** Adds to a layout that is there, and replaces what has the same name. */
async function writeLayout(
  { documents, layerPath }: PackedDatabase,
  { path, name }: { path: string; name?: string },
): Promise<void> {
  const { config, manifest, manifestPointer, configPointer, layer } = documents;
  mkdirSync(join(path, 'blobs/sha256'), { recursive: true });
  const blob = ({ digest }: Pointer) => join(path, blobPath(digest));
  writeFileSync(blob(configPointer), config);
  await copyFile(layerPath, `${blob(layer)}.partial`);
  await rename(`${blob(layer)}.partial`, blob(layer));
  writeFileSync(blob(manifestPointer), manifest);
  if (!existsSync(join(path, 'oci-layout'))) writeFileSync(join(path, 'oci-layout'), LAYOUT);
  const index = join(path, 'index.json');
  const others = existsSync(index) ? otherEntries(index, name) : [];
  writeFileSync(`${index}.partial`, indexOf([...others, entryOf(manifestPointer, name)]));
  await rename(`${index}.partial`, index);
}

async function writeArchive(
  { documents, layerPath }: PackedDatabase,
  { path, name }: { path: string; name?: string },
  signal: AbortSignal,
): Promise<void> {
  const { config, manifest, manifestPointer, configPointer, layer } = documents;
  const file = (fileName: string, bytes: Buffer): TarFile => ({
    name: fileName,
    sizeBytes: bytes.length,
    content: () => [bytes],
  });
  const files: readonly TarFile[] = [
    file('oci-layout', Buffer.from(LAYOUT)),
    file('index.json', Buffer.from(indexOf([entryOf(manifestPointer, name)]))),
    file(blobPath(manifestPointer.digest), manifest),
    file(blobPath(configPointer.digest), config),
    { name: blobPath(layer.digest), sizeBytes: layer.size, content: () => createReadStream(layerPath) },
  ];
  mkdirSync(dirname(path), { recursive: true });
  const temporary = temporaryName(path, 'archive');
  try {
    await pipeline(writeTar(files), createWriteStream(temporary), { signal });
    replaceFile(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Without the artifact's type: readers of layouts pass over what is marked as no image. */
function entryOf(pointer: Pointer, name: string | undefined): object {
  return { ...pointer, ...(name === undefined ? {} : { annotations: { [REF_NAME]: name } }) };
}

function indexOf(manifests: readonly unknown[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests });
}

function otherEntries(path: string, name: string | undefined): readonly unknown[] {
  const index: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const isIndex = typeof index === 'object' && index !== null && 'manifests' in index && Array.isArray(index.manifests);
  if (!isIndex) throw new PlimsollError('ARCHIVE_INVALID', `Cannot add to "${printable(path)}": it is no index`);
  return (index.manifests as readonly unknown[]).filter(entry => nameOf(entry) !== name);
}

function nameOf(entry: unknown): unknown {
  const { annotations } = (entry ?? {}) as { annotations?: Record<string, unknown> };
  return annotations?.[REF_NAME];
}

async function onDisk(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new PlimsollError('ARCHIVE_INVALID', `Cannot add to "${printable(path)}": its index is no JSON`, {
        cause: error,
      });
    }
    throw databaseFailure(error, path, `Cannot write "${printable(path)}"`);
  }
}
