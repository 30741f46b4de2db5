/**
 * The media types of images, and what each means to us.
 *
 * Source: OCI image-spec, media-types.md; Docker "Image Manifest Version 2, Schema 2"; the deprecated schema 1.
 */

const INDEXES = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

const MANIFESTS = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

const SCHEMA_1 = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

const IMAGE_CONFIGS = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

const FOREIGN_LAYERS = new Set([
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
]);

const LAYERS = new Set([
  ...FOREIGN_LAYERS,
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd',
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd',
]);

/** What to say in `Accept` when asking a registry for a manifest: every form we read, and schema 1 to refuse it by name. */
export const ACCEPTED_MANIFESTS: readonly string[] = [...MANIFESTS, ...INDEXES, ...SCHEMA_1];

/** What a manifest's media type makes it. */
export type ManifestKind = 'manifest' | 'index' | 'schema-1' | 'other';

/** The kind of document a media type announces; parameters such as `; charset` and case are ignored. */
export function manifestKindOf(mediaType: string): ManifestKind {
  const bare = bareMediaType(mediaType);
  if (MANIFESTS.has(bare)) return 'manifest';
  if (INDEXES.has(bare)) return 'index';
  return SCHEMA_1.has(bare) ? 'schema-1' : 'other';
}

/** Whether a config of this media type belongs to a container image; Helm charts, signatures, SBOMs and models have others. */
export function isImageConfig(mediaType: string): boolean {
  return IMAGE_CONFIGS.has(bareMediaType(mediaType));
}

/** Whether this is a file system layer of any compression. */
export function isLayer(mediaType: string): boolean {
  return LAYERS.has(bareMediaType(mediaType));
}

/** Whether the layer's bytes may live outside the registry (Windows base layers): they are often not there to read. */
export function isForeignLayer(mediaType: string): boolean {
  return FOREIGN_LAYERS.has(bareMediaType(mediaType));
}

function bareMediaType(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase();
}
