/**
 * A vulnerability database as an OCI artifact: a manifest with one layer, the file in zstd.
 *
 * Source: OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage". Any registry takes it that takes images.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, digestOf, isDigest } from '#oci/digest.ts';
import { parseJsonDocument } from '#oci/json-document.ts';

const ARTIFACT_TYPE = 'application/vnd.plimsoll.vulndb.v1';
const CONFIG_TYPE = 'application/vnd.plimsoll.vulndb.config.v1+json';
const LAYER_TYPE = 'application/vnd.plimsoll.vulndb.layer.v1.sqlite+zstd';
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

/** Bytes by their name and length. */
export interface Pointer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/** What the config says of the database. */
export interface ArtifactConfig {
  readonly schemaVersion: number;
  /** ISO 8601. */
  readonly builtAt: string;
  readonly builtBy: string;
  readonly advisories: number;
  /** Of the file itself, not compressed. */
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** The documents that describe a compressed database, as bytes and by their pointers. */
export interface ArtifactDocuments {
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly manifestPointer: Pointer;
  readonly configPointer: Pointer;
  readonly layer: Pointer;
}

/** Makes the documents: the same database gives the same ones. */
export function makeArtifact(
  config: ArtifactConfig,
  layer: { readonly digest: Digest; readonly size: number },
): ArtifactDocuments {
  const configBytes = Buffer.from(JSON.stringify(config));
  const configPointer = pointerTo(configBytes, CONFIG_TYPE);
  const layerPointer = { mediaType: LAYER_TYPE, ...layer };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      artifactType: ARTIFACT_TYPE,
      config: configPointer,
      layers: [{ ...layerPointer, annotations: { 'org.opencontainers.image.title': 'vulnerability.db.zst' } }],
      annotations: {
        'org.opencontainers.image.created': config.builtAt,
        'org.opencontainers.image.title': 'Plimsoll vulnerability database',
      },
    }),
  );
  return {
    manifest,
    config: configBytes,
    manifestPointer: pointerTo(manifest, MANIFEST_TYPE),
    configPointer,
    layer: layerPointer,
  };
}

function pointerTo(bytes: Buffer, mediaType: string): Pointer {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

const pointerSchema = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest),
  size: z.number().int().nonnegative(),
});
const manifestSchema = z.object({
  artifactType: z.string().optional(),
  config: pointerSchema,
  layers: z.array(pointerSchema),
});
const configSchema = z.object({
  schemaVersion: z.number().int(),
  builtAt: z.string(),
  builtBy: z.string(),
  advisories: z.number().int().nonnegative(),
  digest: z.string().refine(isDigest),
  sizeBytes: z.number().int().nonnegative(),
});

/** Reads a manifest; `what` names it. @throws {PlimsollError} `MANIFEST_UNSUPPORTED` when it is of something else, `MANIFEST_INVALID`. */
export function parseArtifact(bytes: Uint8Array, what: string): { readonly config: Pointer; readonly layer: Pointer } {
  const parsed = manifestSchema.safeParse(parseJsonDocument(bytes, what));
  if (!parsed.success) {
    throw new PlimsollError('MANIFEST_INVALID', `Cannot read "${printable(what)}": it is no manifest`, {
      cause: parsed.error,
    });
  }
  const { artifactType, config, layers } = parsed.data;
  const [layer] = layers;
  // Registries and tools of before 1.1 drop artifactType; the config says it as well.
  const isOurs = artifactType === ARTIFACT_TYPE || config.mediaType === CONFIG_TYPE;
  if (!isOurs || layer === undefined || layers.length !== 1 || layer.mediaType !== LAYER_TYPE) {
    const found = printable(artifactType ?? config.mediaType);
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot read "${printable(what)}": it is "${found}", not a vulnerability database of Plimsoll`,
    );
  }
  return { config, layer };
}

/** Reads a config. @throws {PlimsollError} `MANIFEST_INVALID`. */
export function parseArtifactConfig(bytes: Uint8Array, what: string): ArtifactConfig {
  const parsed = configSchema.safeParse(parseJsonDocument(bytes, what));
  if (parsed.success) return parsed.data;
  throw new PlimsollError('MANIFEST_INVALID', `Cannot read "${printable(what)}": its config is not one of ours`, {
    cause: parsed.error,
  });
}
