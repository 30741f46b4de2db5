/**
 * Pushing a manifest: one transaction, acknowledged when it is committed. All that the manifest refers to is durable and held by then.
 */
import { PlimsollError } from '#base/errors.ts';
import { type Digest, digestOf, isDigest, splitDigest } from '#oci/digest.ts';
import { isImageConfig, manifestKindOf } from '#oci/media-type.ts';
import { readFoundManifest } from '#scan/content/read-manifest.ts';
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { findBlobSize, holdBlobs } from '#store/hosting-blob.ts';
import { findHostedManifest, holdManifests, moveTag, putHostedManifest } from '#store/hosting-manifest.ts';
import type { HostedRepository } from '#store/hosting-space.ts';
import { findManifestIds, insertManifests, type NewManifest } from '#store/manifest.ts';
import { lockRegistry } from '#store/registry.ts';
import { cut, storable, storableText } from '#store/row-set.ts';
import { markScansQueued } from '#store/scan-state.ts';
import { inTransaction } from '#store/transaction.ts';
import type { HostingContext, Push } from './context.ts';
import { DistributionError } from './distribution-error.ts';
import { type ManifestDocument, readManifestDocument } from './manifest-document.ts';

/** A manifest as a client pushes it. */
export interface PushedManifest {
  readonly bytes: Uint8Array;
  /** As it was sent: what will be answered. */
  readonly contentType: string;
  /** What the client says its digest is, when it pushes by digest. */
  readonly digest?: Digest | undefined;
  readonly tags: readonly string[];
  readonly pushedBy: string;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface PutResult {
  readonly digest: Digest;
  /** Of the manifest that this one is about. */
  readonly subject: Digest | undefined;
}

/** Configs beyond this are not read; what the largest images have is a hundredth. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
const MAX_CONTENT_TYPE = 255;

/**
 * Puts a manifest into a repository, and lets tags name it.
 * @throws {DistributionError} `DIGEST_INVALID`, `MANIFEST_INVALID`, `MANIFEST_BLOB_UNKNOWN`, `SIZE_INVALID`; and what listeners throw.
 */
export async function putManifest(
  context: HostingContext,
  repository: HostedRepository,
  pushed: PushedManifest,
): Promise<PutResult> {
  const { bytes, contentType, limits } = { ...pushed, limits: context.limits };
  if (bytes.byteLength > limits.maxManifestBytes) throw tooLarge(bytes.byteLength, limits.maxManifestBytes);
  const digest = checkedDigest(pushed);
  const document = readManifestDocument(bytes, contentType);
  const manifest = readFoundManifest({
    digest,
    mediaType: document.mediaType,
    document: Buffer.from(bytes).toString('base64'),
    config: await readConfig(context, repository, document, pushed.signal),
  });
  await inTransaction(context.store.db, trx => write(trx, context, repository, { pushed, document, manifest }));
  return { digest, subject: document.subject };
}

/** The failure for a manifest that is too large. */
export function tooLarge(sizeBytes: number, limit: number): DistributionError {
  return new DistributionError(
    'SIZE_INVALID',
    `Cannot take the manifest: it has ${sizeBytes} bytes, the limit is ${limit}`,
  );
}

interface Prepared {
  readonly pushed: PushedManifest;
  readonly document: ManifestDocument;
  readonly manifest: NewManifest;
}

async function write(
  trx: Trx,
  context: HostingContext,
  repository: HostedRepository,
  { pushed, document, manifest }: Prepared,
): Promise<void> {
  const at = context.now();
  const { id: repositoryId, space } = repository;
  const { digest } = manifest;
  await lockRegistry(trx, space.registryId);
  const references = await holdReferences(trx, repositoryId, document);
  await insertManifests(trx, [manifest], at);
  const manifestId = (await findManifestIds(trx, [digest])).get(digest);
  if (manifestId === undefined) throw new PlimsollError('BUG', `Manifest ${digest} was not stored`);
  const isNew = (await findHostedManifest(trx, repositoryId, { digest })) === undefined;
  await putHostedManifest(trx, {
    repositoryId,
    manifestId,
    contentType: cut(pushed.contentType || document.mediaType, MAX_CONTENT_TYPE),
    sizeBytes: pushed.bytes.byteLength,
    subject: document.subject,
    artifactType: document.artifactType === undefined ? undefined : storableText(document.artifactType),
    annotations: document.annotations === undefined ? undefined : storable(document.annotations),
    pushedBy: pushed.pushedBy,
    references,
    at,
  });
  const movedFrom = new Map<string, string>();
  for (const name of [...new Set(pushed.tags)].sort()) {
    const { before } = await moveTag(trx, { repositoryId, name, manifestId, at });
    if (before !== undefined) movedFrom.set(name, before);
  }
  const push: Push = {
    repository: repository.name,
    repositoryId,
    namespaceId: space.namespaceId,
    registryId: space.registryId,
    projectId: space.projectId,
    digest,
    manifestId,
    kind: manifest.kind,
    tags: pushed.tags,
    movedFrom,
    pushedBy: pushed.pushedBy,
  };
  await tell(trx, context, push, isNew);
  if (manifest.kind === 'image') {
    await markScansQueued(trx, [digest]);
    await context.queue.send(trx, 'push-scan', { repository: repository.name, digest });
  }
  for (const listener of context.listeners) await listener.onManifest?.(trx, push);
}

async function tell(trx: Trx, { now }: HostingContext, push: Push, isNew: boolean): Promise<void> {
  const { repository, digest, kind, tags, movedFrom, pushedBy, namespaceId, registryId } = push;
  const base = { at: now(), namespaceId, registryId };
  await recordEvents(trx, [
    { ...base, kind: 'image.pushed' as const, data: { repository, digest, kind, tags: [...tags], pushedBy } },
    ...(isNew && kind === 'image'
      ? [{ ...base, kind: 'image.found' as const, data: { repository, digest, kind } }]
      : []),
    ...[...movedFrom].map(([tag, from]) => ({
      ...base,
      kind: 'tag.moved' as const,
      data: { repository, tag, from, to: digest },
    })),
  ]);
}

/** Holds what the manifest refers to until the transaction ends. Returns the blobs among it. */
async function holdReferences(trx: Trx, repositoryId: number, document: ManifestDocument): Promise<readonly Digest[]> {
  const { blobs, foreignBlobs, children } = document;
  const manifests = await holdManifests(trx, repositoryId, children);
  // Caches of builders list blobs where manifests would be.
  const others = children.filter(child => !manifests.has(child));
  const held = await holdBlobs(trx, repositoryId, [...blobs, ...foreignBlobs, ...others]);
  const missing = [...blobs, ...others].filter(digest => !held.has(digest));
  if (missing.length > 0) {
    const [first = ''] = missing;
    const more = missing.length === 1 ? '' : ` and ${missing.length - 1} more`;
    throw new DistributionError(
      'MANIFEST_BLOB_UNKNOWN',
      `Cannot take the manifest: it refers to ${first}${more}, which this repository does not have; push that first`,
      { detail: { digests: missing.slice(0, 100) } },
    );
  }
  return [...blobs, ...foreignBlobs, ...others].filter(digest => held.has(digest));
}

function checkedDigest({ bytes, digest: claimed }: PushedManifest): Digest {
  const digest = digestOf(bytes, claimed === undefined ? 'sha256' : splitDigest(claimed).algorithm);
  if (claimed !== undefined && claimed !== digest) {
    throw new DistributionError('DIGEST_INVALID', `Cannot take the manifest as ${claimed}: its bytes are ${digest}`, {
      detail: { digest },
    });
  }
  return digest;
}

/** The config of an image as base64, when the repository has it: that of another repository is not ours to show. */
async function readConfig(
  { store, blobs }: HostingContext,
  repository: HostedRepository,
  { config, mediaType }: ManifestDocument,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (config === undefined || !isImageConfig(config.mediaType) || manifestKindOf(mediaType) !== 'manifest')
    return undefined;
  const sizeBytes = await findBlobSize(store.db, repository.id, config.digest);
  if (sizeBytes === undefined || sizeBytes > MAX_CONFIG_BYTES || !isDigest(config.digest)) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of await blobs.open(config.digest, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('base64');
}
