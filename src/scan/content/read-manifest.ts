/**
 * What a sensor found under a digest, checked and read: an image, an index, an artifact, or something that calls itself an image and cannot
 * be scanned.
 *
 * Source: OCI image-spec; Docker schema 1 and 2; BuildKit's attestations.
 */
import { PlimsollError } from '#base/errors.ts';
import { digestOf, parseDigest, splitDigest } from '#oci/digest.ts';
import {
  type ImageConfig,
  type Index,
  type IndexEntry,
  instructionsOf,
  type Manifest,
  parseImageConfig,
  parseManifest,
} from '#oci/manifest.ts';
import { isImageConfig, isLayer, manifestKindOf } from '#oci/media-type.ts';
import type { NewChild, NewLayer, NewManifest } from '#store/manifest.ts';
import { cut, storable, storableText } from '#store/row-set.ts';
import { trimConfig } from './trim-config.ts';

/** As a sensor reports it; bytes in base64. */
export interface FoundDocument {
  readonly digest: string;
  readonly mediaType: string;
  readonly document: string;
  readonly config?: string | undefined;
  readonly problem?: string | undefined;
}

const MAX_TEXT = 500;
const MAX_INSTRUCTION = 8000;
/** Dates before this say that a build is reproducible, not when it was: 0001, 1970, and 1980 of buildpacks. */
const FIRST_YEAR = 1981;
const LAST_YEAR = 9999;

/**
 * Reads what was found. What cannot be read is `unsupported`, with the reason: only bytes that are not what their digest says are an error.
 * @throws {PlimsollError} `DIGEST_MISMATCH`, `DIGEST_INVALID`.
 */
export function readFoundManifest(found: FoundDocument): NewManifest {
  const document = Buffer.from(found.document, 'base64');
  checkDigest(document, found.digest, 'The manifest');
  const base = {
    digest: found.digest,
    mediaType: storableText(cut(found.mediaType, MAX_TEXT)),
    document,
    ...NOTHING_KNOWN,
  };
  try {
    const parsed = parseManifest(document, found.mediaType, found.digest);
    const json = JSON.parse(document.toString('utf8')) as RawIndex;
    if (parsed.kind === 'index') return { ...base, ...readIndex(parsed, json) };
    return { ...base, ...readImage(parsed, found) };
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code === 'DIGEST_MISMATCH') throw error;
    return { ...base, ...readOther(document, found.mediaType, error) };
  }
}

const NOTHING_KNOWN = {
  artifactType: undefined,
  configDigest: undefined,
  config: undefined,
  os: undefined,
  architecture: undefined,
  variant: undefined,
  osVersion: undefined,
  builtAt: undefined,
  layersSizeBytes: undefined,
  unsupportedReason: undefined,
  layers: [],
  children: [],
} as const;

type Read = Partial<NewManifest> & Pick<NewManifest, 'kind' | 'mediaType'>;

function checkDigest(bytes: Uint8Array, digest: string, what: string): void {
  const wanted = parseDigest(digest);
  const actual = digestOf(bytes, splitDigest(wanted).algorithm);
  if (actual !== wanted) {
    throw new PlimsollError('DIGEST_MISMATCH', `${what} ${wanted} has bytes of ${actual}, so it is not stored`);
  }
}

function readImage(manifest: Manifest, found: FoundDocument): Read {
  const config = readConfig(manifest, found);
  const made = config === undefined ? [] : instructionsOf(config, manifest.layers.length);
  const layers = manifest.layers.map(
    ({ digest, size, mediaType }, at): NewLayer => ({
      digest,
      sizeBytes: size,
      mediaType: text(mediaType),
      // Of a config with another number of layers nothing is known of any.
      diffId: config?.diffIds.length === manifest.layers.length ? config.diffIds[at] : undefined,
      createdBy: made[at] === undefined ? undefined : storableText(cut(made[at], MAX_INSTRUCTION)),
    }),
  );
  const reason = found.problem ?? undefined;
  return {
    kind: reason === undefined ? 'image' : 'unsupported',
    mediaType: text(manifest.mediaType),
    configDigest: manifest.config.digest,
    layersSizeBytes: Math.min(
      layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
      Number.MAX_SAFE_INTEGER,
    ),
    unsupportedReason: reason === undefined ? undefined : text(reason),
    layers,
    ...(config === undefined ? {} : configFacts(config)),
  };
}

function readConfig(manifest: Manifest, { config, digest }: FoundDocument): ImageConfig | undefined {
  if (config === undefined) return undefined;
  const bytes = Buffer.from(config, 'base64');
  checkDigest(bytes, manifest.config.digest, 'The config');
  return parseImageConfig(bytes, `config of ${digest}`);
}

function configFacts(config: ImageConfig) {
  const { os, architecture, variant } = config.platform;
  const osVersion = config.raw['os.version'];
  return {
    config: storable(trimConfig(config)),
    os: text(os),
    architecture: text(architecture),
    variant: variant === undefined ? undefined : text(variant),
    osVersion: typeof osVersion === 'string' ? text(osVersion) : undefined,
    builtAt: readDate(config.created),
  };
}

/** A date that can be meant, as ISO 8601. */
function readDate(written: string | undefined): string | undefined {
  const date = new Date(written ?? '');
  const year = date.getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? date.toISOString() : undefined;
}

interface RawIndex {
  readonly manifests?: readonly { readonly platform?: { readonly 'os.version'?: unknown } | null }[] | null;
}

function readIndex(index: Index, json: RawIndex): Read {
  return {
    kind: 'index',
    mediaType: text(index.mediaType),
    children: index.manifests.map((entry, at): NewChild => {
      const osVersion = json.manifests?.[at]?.platform?.['os.version'];
      return {
        digest: entry.digest,
        mediaType: text(entry.mediaType),
        sizeBytes: entry.size,
        kind: kindOfChild(entry),
        os: entry.platform && text(entry.platform.os),
        architecture: entry.platform && text(entry.platform.architecture),
        variant: entry.platform?.variant === undefined ? undefined : text(entry.platform.variant),
        osVersion: typeof osVersion === 'string' ? text(osVersion) : undefined,
      };
    }),
  };
}

/** An entry without a type is taken for an image: the manifest itself will say. */
function kindOfChild(entry: IndexEntry): NewChild['kind'] {
  if (entry.isAttestation) return 'attestation';
  if (manifestKindOf(entry.mediaType) === 'index') return 'index';
  const hasOtherType = entry.mediaType !== '' && manifestKindOf(entry.mediaType) !== 'manifest';
  return hasOtherType || (entry.artifactType !== undefined && !isImageConfig(entry.artifactType))
    ? 'artifact'
    : 'image';
}

/** What is neither image nor index: an artifact when it says so itself, else an image that cannot be scanned. */
function readOther(document: Uint8Array, mediaType: string, error: PlimsollError): Read {
  const json = objectOf(document);
  const config = fieldOf(json, 'config');
  const configType = textField(config, 'mediaType');
  const artifactType = textField(json, 'artifactType');
  const own = textField(json, 'mediaType') || mediaType;
  const layers = json?.['layers'];
  const layerTypes = Array.isArray(layers) ? layers.map(layer => textField(layer, 'mediaType')) : [];
  const isManifest = manifestKindOf(own) === 'manifest' || (own === '' && config !== undefined);
  const holdsNoFiles =
    layerTypes.length > 0 && layerTypes.every(type => !isLayer(type) && !type.includes('+encrypted'));
  const isArtifact =
    error.code === 'MANIFEST_UNSUPPORTED' &&
    isManifest &&
    ((configType !== '' && !isImageConfig(configType)) || holdsNoFiles);
  const digest = textField(config, 'digest');
  const facts = {
    mediaType: text(own),
    ...(digest === '' ? {} : { configDigest: text(digest) }),
  };
  if (isArtifact) {
    const type = artifactType || (isImageConfig(configType) ? (layerTypes[0] ?? '') : configType);
    return { kind: 'artifact', ...facts, artifactType: text(type), unsupportedReason: text(error.message) };
  }
  return { kind: 'unsupported', ...facts, unsupportedReason: text(reasonOf(error, layerTypes)) };
}

function reasonOf({ message }: PlimsollError, layerTypes: readonly string[]): string {
  return layerTypes.some(type => type.includes('+encrypted')) ? 'Its layers are encrypted' : message;
}

type JsonObject = Readonly<Record<string, unknown>>;

function objectOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    return asObject(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
}

function fieldOf(value: JsonObject | undefined, name: string): JsonObject | undefined {
  return asObject(value?.[name]);
}

function textField(value: unknown, name: string): string {
  const field = asObject(value)?.[name];
  return typeof field === 'string' ? field : '';
}

function text(value: string): string {
  return storableText(cut(value, MAX_TEXT));
}
