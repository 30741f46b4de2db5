/**
 * Documents about images of a build, beside them in the hosted registry: where they come from (SLSA provenance) and what is in them (SBOM).
 *
 * Source: OCI image-spec 1.1, "Guidelines for artifact usage"; in-toto attestations as referrers. The same documents make the same digests, so
 * that doing it again changes nothing.
 */
import { putBytes } from '#blob/blob-store.ts';
import type { HostingContext } from '#hosting/context.ts';
import { putManifest } from '#hosting/put-manifest.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import { linkBlob, pinBlob } from '#store/hosting-blob.ts';
import { findHostedManifest } from '#store/hosting-manifest.ts';
import type { HostedRepository } from '#store/hosting-space.ts';
import { inTransaction } from '#store/transaction.ts';

/** A document about an image. */
export interface AttachedDocument {
  /** Digest of what it is about, which the repository has. */
  readonly subject: string;
  /** `application/vnd.in-toto+json`, `application/vnd.cyclonedx+json`. */
  readonly mediaType: string;
  readonly text: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
/** Image-spec, "Guidance for an empty descriptor". */
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const PUSHED_BY = 'build service';

/** Attaches a document. Returns the digest of its manifest; `undefined` when what it is about is not there any more. */
export async function attachDocument(
  context: HostingContext,
  repository: HostedRepository,
  { subject, mediaType, text, annotations }: AttachedDocument,
  signal: AbortSignal,
): Promise<string | undefined> {
  const about = await findHostedManifest(context.store.db, repository.id, { digest: subject });
  if (about === undefined) return undefined;
  const config = await storeBlob(context, repository, Buffer.from('{}'), signal);
  const layer = await storeBlob(context, repository, Buffer.from(text), signal);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    artifactType: mediaType,
    config: { mediaType: EMPTY_TYPE, ...config, data: 'e30=' },
    layers: [{ mediaType, ...layer }],
    subject: { mediaType: about.contentType, digest: subject, size: about.sizeBytes },
    annotations,
  };
  const { digest } = await putManifest(context, repository, {
    bytes: Buffer.from(JSON.stringify(manifest)),
    contentType: MANIFEST_TYPE,
    tags: [],
    pushedBy: PUSHED_BY,
    signal,
  });
  return digest;
}

async function storeBlob(
  { store, blobs, now }: HostingContext,
  repository: HostedRepository,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const digest = digestOf(bytes, 'sha256');
  const at = now();
  await pinBlob(store.db, digest, at);
  await putBytes(blobs, bytes, digest, { signal });
  await inTransaction(store.db, trx =>
    linkBlob(trx, { repositoryId: repository.id, digest, sizeBytes: bytes.byteLength, at }),
  );
  return { digest, size: bytes.byteLength };
}
