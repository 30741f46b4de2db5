/**
 * What a pushed manifest refers to. Anything that is a manifest by the protocol is taken, images or not; what it means for scanning is read
 * elsewhere (`scan/content/read-manifest.ts`), more strictly.
 *
 * Source: OCI image-spec (manifest.md, image-index.md), Docker schema 2, OCI artifact manifest of the 1.1 drafts.
 */
import { printable } from '#base/text.ts';
import { type Digest, isDigest } from '#oci/digest.ts';
import { parseJsonDocument } from '#oci/json-document.ts';
import { isForeignLayer, manifestKindOf } from '#oci/media-type.ts';
import { DistributionError } from './distribution-error.ts';

/** A manifest's own words. */
export interface ManifestDocument {
  /** What it calls itself, or was pushed as. */
  readonly mediaType: string;
  readonly isIndex: boolean;
  /** Blobs that must be in the repository. */
  readonly blobs: readonly Digest[];
  /** Blobs that may be elsewhere: foreign layers. */
  readonly foreignBlobs: readonly Digest[];
  /** Entries of an index, in order: manifests for the most part; caches of builders list blobs there. */
  readonly children: readonly Digest[];
  readonly config: { readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number } | undefined;
  /** Digest of the manifest that this one is about, which need not be there. */
  readonly subject: Digest | undefined;
  /** As the list of referrers has it. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

const MAX_REFERENCES = 20_000;
const MAX_TEXT = 255;
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Reads a manifest. `contentType` as it was pushed, perhaps empty. @throws {DistributionError} `MANIFEST_INVALID`. */
export function readManifestDocument(bytes: Uint8Array, contentType: string): ManifestDocument {
  const json = parseObject(bytes);
  const own = typeof json['mediaType'] === 'string' ? json['mediaType'] : '';
  const given = (contentType.split(';')[0] ?? '').trim();
  if (own !== '' && given !== '' && own !== given && given !== 'application/json') {
    throw invalid(`its mediaType is "${printable(own)}", it was pushed as "${printable(given)}"`);
  }
  const mediaType =
    own || (given === 'application/json' ? '' : given) || (json['manifests'] === undefined ? OCI_MANIFEST : OCI_INDEX);
  const kind = manifestKindOf(mediaType);
  if (kind === 'schema-1' || json['schemaVersion'] === 1) {
    throw invalid('it is of Docker schema 1, deprecated since 2017; push it with a current client');
  }
  if (kind !== 'other' && json['schemaVersion'] !== 2) throw invalid('its schemaVersion is not 2');
  const isIndex = kind === 'index' || (kind === 'other' && Array.isArray(json['manifests']));
  const rival = (isIndex ? ['config', 'layers', 'blobs'] : ['manifests']).find(
    field => json[field] !== undefined && json[field] !== null,
  );
  // Two readers could see two different images in it: CVE-2021-41190.
  if (rival !== undefined)
    throw invalid(`it is manifest and index both: ${isIndex ? 'an index' : 'no index'} with "${rival}"`);
  const config = isAbsent(json['config']) ? undefined : descriptorOf(json['config'], 'config');
  if (kind === 'manifest' && config === undefined) throw invalid('it has no config');
  const layers = [...descriptorsOf(json, 'layers'), ...descriptorsOf(json, 'blobs')];
  const children = isIndex ? descriptorsOf(json, 'manifests') : [];
  if (layers.length + children.length > MAX_REFERENCES) throw invalid(`it has over ${MAX_REFERENCES} entries`);
  const artifactType = textOf(json['artifactType']) ?? (isIndex ? undefined : config?.mediaType);
  return {
    mediaType,
    isIndex,
    config,
    blobs: unique([...(config === undefined ? [] : [config]), ...layers.filter(one => !isForeignLayer(one.mediaType))]),
    foreignBlobs: unique(layers.filter(one => isForeignLayer(one.mediaType))),
    children: unique(children),
    subject: isAbsent(json['subject']) ? undefined : descriptorOf(json['subject'], 'subject').digest,
    artifactType,
    annotations: annotationsOf(json['annotations']),
  };
}

type Json = Readonly<Record<string, unknown>>;

interface Pointer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

function parseObject(bytes: Uint8Array): Json {
  let json: unknown;
  try {
    json = parseJsonDocument(bytes, 'the manifest');
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('it is not a JSON object');
  return json as Json;
}

function descriptorsOf(json: Json, field: string): readonly Pointer[] {
  const list = json[field];
  if (isAbsent(list)) return [];
  if (!Array.isArray(list)) throw invalid(`its "${field}" is not a list`);
  return list.map((entry, at) => descriptorOf(entry, `${field}[${at}]`));
}

function descriptorOf(value: unknown, where: string): Pointer {
  const { digest, mediaType, size } = (typeof value === 'object' && value !== null ? value : {}) as Json;
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw invalid(`the digest of its ${where} is not sha256 or sha512 and its hex`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid(`the size of its ${where} is not one`);
  return { digest, mediaType: typeof mediaType === 'string' ? mediaType : '', sizeBytes: size };
}

function annotationsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? value : undefined;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function unique(pointers: readonly Pointer[]): readonly Digest[] {
  return [...new Set(pointers.map(({ digest }) => digest))];
}

function invalid(why: string, cause?: unknown): DistributionError {
  return new DistributionError('MANIFEST_INVALID', `Cannot take the manifest: ${why}`, { cause });
}
