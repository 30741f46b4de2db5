/**
 * Manifests, indexes and configs: the JSON documents that describe an image, checked once where their bytes come in.
 *
 * Source: OCI image-spec (manifest.md, image-index.md, config.md) and Docker schema 2, which differ only in media types.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, isDigest } from './digest.ts';
import { parseJsonDocument } from './json-document.ts';
import { isImageConfig, isLayer, type ManifestKind, manifestKindOf } from './media-type.ts';
import { type Platform, toPlatform } from './platform.ts';

/** A typed pointer to content: what it is, its name, and its size in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where a foreign layer may be had; never followed unless allowed. */
  readonly urls: readonly string[];
  readonly artifactType?: string;
}

/** One image: its config and its layers, lowest layer first. */
export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** An entry of an index; `platform` is missing where the index says nothing or `unknown/unknown`. */
export interface IndexEntry extends Descriptor {
  readonly platform?: Platform;
  /** Whether it is a BuildKit attestation (provenance, SBOM), which describes an image and is none. */
  readonly isAttestation: boolean;
}

/** A list of images or of further indexes. */
export interface Index {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly IndexEntry[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** One step of an image's history. */
export interface HistoryEntry {
  readonly createdBy?: string;
  readonly comment?: string;
  readonly created?: string;
  readonly emptyLayer: boolean;
}

/** What the image's config says; `raw` is the document as it came, for checks that read more of it. */
export interface ImageConfig {
  readonly platform: Platform;
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
  readonly created?: string;
  readonly raw: Readonly<Record<string, unknown>>;
}

/** The largest manifest, index or config we read, in bytes; registries are only bound to accept 4 MiB. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** More layers than any runtime can mount (overlayfs: 500; images in the wild: 127). */
const MAX_LAYERS = 1000;
const MAX_INDEX_ENTRIES = 10_000;

const digestSchema = z.string().refine(isDigest, 'expected a sha256 or sha512 digest');
const annotationsSchema = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform(value => Object.fromEntries(Object.entries(value ?? {}).filter(isTextEntry)));

const descriptorSchema = z.object({
  mediaType: z.string().default(''),
  digest: digestSchema,
  size: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  annotations: annotationsSchema,
  urls: z.array(z.string()).nullish(),
  artifactType: z.string().optional(),
});

const manifestSchema = z.object({
  config: descriptorSchema,
  layers: z.array(descriptorSchema).max(MAX_LAYERS),
  annotations: annotationsSchema,
});

const platformSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const indexSchema = z.object({
  manifests: z
    .array(descriptorSchema.extend({ platform: platformSchema.nullish() }))
    .max(MAX_INDEX_ENTRIES)
    .nullable(),
  annotations: annotationsSchema,
});

const configSchema = z.object({
  os: z.string().default('linux'),
  architecture: z.string().default(''),
  variant: z.string().optional(),
  created: z.string().nullish(),
  rootfs: z.object({ diff_ids: z.array(digestSchema).nullish() }),
  history: z
    .array(
      z.object({
        created: z.string().nullish(),
        created_by: z.string().nullish(),
        comment: z.string().nullish(),
        empty_layer: z.boolean().nullish(),
      }),
    )
    .nullish()
    .catch(null),
});

/**
 * Reads a manifest or an index. `mediaType` is what the transport called it (Content-Type, descriptor) and may be empty;
 * `what` names it in messages, for example `registry.example/app:1.0`.
 *
 * @throws {PlimsollError} `MANIFEST_UNSUPPORTED` for schema 1, Helm charts, signatures and other artifacts;
 * `MANIFEST_INVALID` for anything malformed; `LIMIT_EXCEEDED` over 16 MiB.
 */
export function parseManifest(bytes: Uint8Array, mediaType: string, what: string): Manifest | Index {
  const json = parseDocument(bytes, what);
  const own = typeof json['mediaType'] === 'string' ? json['mediaType'] : '';
  const kind = kindOf(json, own, mediaType);
  if (kind === 'schema-1') {
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot read "${printable(what)}": it is a Docker schema 1 manifest, deprecated since 2017; pull and push it again with a current client`,
    );
  }
  if (kind === 'other') {
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot read "${printable(what)}": "${printable(own || mediaType || 'a document without a media type')}" is not an image manifest or index`,
    );
  }
  const rivals = kind === 'index' ? ['config', 'layers'] : ['manifests'];
  const rival = rivals.find(field => json[field] !== undefined && json[field] !== null);
  if (rival !== undefined) {
    // Two readers could see two different images in it: CVE-2021-41190.
    throw new PlimsollError(
      'MANIFEST_INVALID',
      `Cannot read "${printable(what)}": it is manifest and index both: ${kind === 'index' ? 'an index' : 'a manifest'} with "${rival}"`,
    );
  }
  if (kind === 'index') {
    const index = check(indexSchema, json, what, 'index');
    return {
      kind,
      mediaType: own || mediaType || 'application/vnd.oci.image.index.v1+json',
      manifests: (index.manifests ?? []).map(toIndexEntry),
      annotations: index.annotations,
    };
  }
  const manifest = check(manifestSchema, json, what, 'manifest');
  const type = own || mediaType || 'application/vnd.oci.image.manifest.v1+json';
  const artifactType = typeof json['artifactType'] === 'string' ? json['artifactType'] : undefined;
  return toManifest(manifest, type, artifactType, what);
}

/** Reads an image config. @throws {PlimsollError} `MANIFEST_INVALID`, `LIMIT_EXCEEDED`. */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const json = parseDocument(bytes, what);
  const config = check(configSchema, json, what, 'image config');
  return {
    platform: toPlatform(config.os || 'linux', config.architecture || 'unknown', config.variant),
    diffIds: config.rootfs.diff_ids ?? [],
    history: (config.history ?? []).map(entry => ({
      emptyLayer: entry.empty_layer ?? false,
      ...(entry.created_by ? { createdBy: entry.created_by } : {}),
      ...(entry.comment ? { comment: entry.comment } : {}),
      ...(entry.created ? { created: entry.created } : {}),
    })),
    ...(config.created ? { created: config.created } : {}),
    raw: json,
  };
}

/**
 * The instruction that made each layer, lowest first; `undefined` where the history does not say.
 *
 * The n-th entry that is not empty made the n-th layer; when the counts differ (squashed, imported) nothing is known.
 */
export function instructionsOf(config: ImageConfig, layerCount: number): readonly (string | undefined)[] {
  const made = config.history.filter(entry => !entry.emptyLayer);
  if (made.length !== layerCount) return new Array<undefined>(layerCount).fill(undefined);
  return made.map(entry => toInstruction(entry.createdBy) ?? entry.comment);
}

const BUILDKIT_MARK = '# buildkit';

/**
 * `RUN apk add curl` from `/bin/sh -c apk add curl` or BuildKit's `RUN /bin/sh -c apk add curl # buildkit`, and `COPY …` from
 * `/bin/sh -c #(nop) COPY …`: the same words whoever built it.
 */
function toInstruction(createdBy: string | undefined): string | undefined {
  if (createdBy === undefined) return undefined;
  const trimmed = createdBy.trim();
  const text = trimmed.endsWith(BUILDKIT_MARK) ? trimmed.slice(0, -BUILDKIT_MARK.length).trimEnd() : trimmed;
  const nop = /^\/bin\/sh -c #\(nop\)\s+(.*)$/s.exec(text);
  if (nop) return nop[1]?.trim();
  const shell = /^(?:RUN )?(?:\|\d+ .*?)?\/bin\/sh -c (.*)$/s.exec(text);
  return shell ? `RUN ${shell[1]?.trim() ?? ''}` : text;
}

function kindOf(json: Readonly<Record<string, unknown>>, own: string, mediaType: string): ManifestKind {
  if (json['schemaVersion'] === 1 && ('fsLayers' in json || 'signatures' in json)) return 'schema-1';
  for (const type of [own, mediaType]) {
    const kind = manifestKindOf(type);
    if (kind !== 'other') return kind;
  }
  // Registries and layouts may answer application/json, and OCI allows leaving mediaType out: the shape decides then.
  if (own !== '') return 'other';
  if (Array.isArray(json['manifests'])) return 'index';
  return typeof json['config'] === 'object' && Array.isArray(json['layers']) ? 'manifest' : 'other';
}

function toManifest(
  manifest: z.output<typeof manifestSchema>,
  mediaType: string,
  artifactType: string | undefined,
  what: string,
): Manifest {
  const layers = manifest.layers.map(toDescriptor);
  const configType = manifest.config.mediaType;
  const isImage = isImageConfig(configType) || (configType === '' && layers.every(layer => isLayer(layer.mediaType)));
  if (!isImage) {
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot read "${printable(what)}": it is an artifact of type "${printable(artifactType ?? configType)}", not a container image`,
    );
  }
  const odd = layers.find(layer => !isLayer(layer.mediaType));
  if (odd !== undefined) {
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot read "${printable(what)}": its layer ${odd.digest} is "${printable(odd.mediaType)}", not a file system layer`,
    );
  }
  return {
    kind: 'manifest',
    mediaType,
    config: toDescriptor(manifest.config),
    layers,
    annotations: manifest.annotations,
  };
}

function toDescriptor(descriptor: z.output<typeof descriptorSchema>): Descriptor {
  const { mediaType, digest, size, annotations, urls, artifactType } = descriptor;
  return { mediaType, digest, size, annotations, urls: urls ?? [], ...(artifactType ? { artifactType } : {}) };
}

function toIndexEntry(entry: NonNullable<z.output<typeof indexSchema>['manifests']>[number]): IndexEntry {
  const { platform } = entry;
  const known = platform && platform.os !== 'unknown' && platform.architecture !== 'unknown' && platform.os !== '';
  return {
    ...toDescriptor(entry),
    isAttestation: entry.annotations['vnd.docker.reference.type'] === 'attestation-manifest',
    ...(known ? { platform: toPlatform(platform.os, platform.architecture, platform.variant) } : {}),
  };
}

function parseDocument(bytes: Uint8Array, what: string): Record<string, unknown> {
  if (bytes.byteLength > MAX_DOCUMENT_BYTES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read "${printable(what)}": ${bytes.byteLength} bytes, the limit is ${MAX_DOCUMENT_BYTES}`,
    );
  }
  const json = parseJsonDocument(bytes, what);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new PlimsollError('MANIFEST_INVALID', `Cannot read "${printable(what)}": expected a JSON object`);
  }
  return json as Record<string, unknown>;
}

function check<T extends z.ZodType>(schema: T, json: unknown, what: string, kind: string): z.output<T> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new PlimsollError(
    'MANIFEST_INVALID',
    `Cannot read "${printable(what)}": not a valid ${kind}${where === '' ? '' : ` at ${printable(where)}`}: ${printable(issue?.message ?? '')}`,
  );
}

function isTextEntry(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}
