/**
 * Reading and removing what repositories hold: blobs, manifests, tags, referrers.
 */
import { type Digest, isDigest, splitDigest } from '#oci/digest.ts';
import { recordEvents } from '#store/event.ts';
import { findBlobSize, touchBlob, unlinkBlob } from '#store/hosting-blob.ts';
import {
  endTag,
  findHostedManifest,
  type HostedManifest,
  listReferrers as listStoredReferrers,
  type Referrer,
  readDocument,
  removeHostedManifests,
} from '#store/hosting-manifest.ts';
import { findUnpublished } from '#store/hosting-published.ts';
import type { HostedRepository } from '#store/hosting-space.ts';
import { lockRegistry } from '#store/registry.ts';
import { inTransaction } from '#store/transaction.ts';
import type { HostingContext, Removal } from './context.ts';
import { DistributionError } from './distribution-error.ts';

/** What a request names a manifest by. */
export type ManifestName = { readonly digest: Digest } | { readonly tag: string };

/** Bytes of a blob. @throws {DistributionError} `BLOB_UNKNOWN` when this repository does not have it, whatever others have. */
export async function getBlobSize(
  { store }: HostingContext,
  repository: HostedRepository | undefined,
  digest: Digest,
): Promise<number> {
  const sizeBytes = repository && (await findBlobSize(store.db, repository.id, digest));
  if (sizeBytes === undefined)
    throw new DistributionError('BLOB_UNKNOWN', `Cannot find blob ${digest} in this repository`);
  return sizeBytes;
}

/** Says that a client counts on bytes that it need not push again: they stay for another grace period. */
export async function keepForPush(
  { store, now, limits }: HostingContext,
  repository: HostedRepository,
  digest: Digest,
): Promise<void> {
  const at = now();
  await touchBlob(store.db, {
    repositoryId: repository.id,
    digest,
    at,
    unlessSince: new Date(at.getTime() - limits.graceMs / 8),
  });
}

/** Takes a blob from a repository. @throws {DistributionError} `BLOB_UNKNOWN`; `UNSUPPORTED` while a manifest refers to it. */
export async function deleteBlob(
  { store }: HostingContext,
  repository: HostedRepository | undefined,
  digest: Digest,
): Promise<void> {
  const result = repository && (await inTransaction(store.db, trx => unlinkBlob(trx, repository.id, digest)));
  if (result === 'gone') return;
  if (result === 'used') {
    throw new DistributionError(
      'UNSUPPORTED',
      `Cannot delete blob ${digest}: a manifest refers to it; delete that first`,
    );
  }
  throw new DistributionError('BLOB_UNKNOWN', `Cannot find blob ${digest} in this repository`);
}

/** A manifest of a repository. @throws {DistributionError} `MANIFEST_UNKNOWN`. */
export async function getManifest(
  { store }: HostingContext,
  repository: HostedRepository | undefined,
  name: ManifestName,
): Promise<HostedManifest> {
  const found = repository && (await findHostedManifest(store.db, repository.id, name));
  if (found === undefined) throw unknownManifest(name);
  return found;
}

/** The exact bytes of a manifest. */
export async function readManifest({ store }: HostingContext, manifest: HostedManifest): Promise<Uint8Array> {
  return await readDocument(store.db, manifest.manifestId);
}

/**
 * Removes a tag, or a manifest with all its tags.
 * @throws {DistributionError} `MANIFEST_UNKNOWN`; and what listeners throw.
 */
export async function deleteManifest(
  context: HostingContext,
  repository: HostedRepository | undefined,
  name: ManifestName,
  removedBy: string,
): Promise<void> {
  if (repository === undefined) throw unknownManifest(name);
  const { id: repositoryId, space } = repository;
  await inTransaction(context.store.db, async trx => {
    await lockRegistry(trx, space.registryId);
    const manifest = await findHostedManifest(trx, repositoryId, name);
    if (manifest === undefined) throw unknownManifest(name);
    const at = context.now();
    const removal: Removal = {
      repository: repository.name,
      repositoryId,
      namespaceId: space.namespaceId,
      projectId: space.projectId,
      digest: manifest.digest,
      tag: 'tag' in name ? name.tag : undefined,
      removedBy,
    };
    for (const listener of context.listeners) await listener.onRemove?.(trx, removal);
    const tags = 'tag' in name ? [name.tag] : await removeHostedManifests(trx, repositoryId, [manifest.manifestId], at);
    if ('tag' in name) await endTag(trx, repositoryId, name.tag, at);
    const { namespaceId, registryId } = space;
    const data = { repository: repository.name, digest: manifest.digest, tags: [...tags], removedBy };
    const kind = 'tag' in name ? 'tag.removed' : 'image.gone';
    await recordEvents(trx, [{ at, kind, namespaceId, registryId, data }]);
  });
}

/** A page of referrers. */
export interface ReferrerPage {
  readonly referrers: readonly Referrer[];
  /** Where the next page begins; missing: this is the last. */
  readonly next: number | undefined;
}

const REFERRERS_AT_ONCE = 200;
/** Of the descriptors of one page: annotations can be as large as the manifest. */
const MAX_PAGE_BYTES = 3 * 1024 * 1024;

/**
 * Manifests about `subject`, in the order in which they came, then those that a fallback tag lists: clients that did not know of the list of
 * referrers wrote them there, and copies from other registries bring them along. Who sees what is published alone gets those of the first kind,
 * without images that are drafts.
 */
export async function listReferrers(
  { store: { db } }: HostingContext,
  repository: HostedRepository | undefined,
  {
    subject,
    artifactType,
    after,
    seesPublishedAlone = false,
  }: {
    readonly subject: Digest;
    readonly artifactType?: string | undefined;
    readonly after?: number | undefined;
    readonly seesPublishedAlone?: boolean;
  },
): Promise<ReferrerPage> {
  if (repository === undefined) return { referrers: [], next: undefined };
  const query = { of: { subject }, artifactType, after, limit: REFERRERS_AT_ONCE };
  const found = await listStoredReferrers(db, repository.id, query);
  if (seesPublishedAlone) {
    // A fallback tag may list anything; what it has that is about the subject is found as well.
    const { page, isCut } = cutPage(found);
    const drafts = await findUnpublished(
      db,
      repository,
      page.map(({ digest }) => digest),
    );
    const isMore = isCut || found.length === REFERRERS_AT_ONCE;
    return {
      referrers: page.filter(({ digest }) => !drafts.has(digest)),
      next: isMore ? page.at(-1)?.manifestId : undefined,
    };
  }
  const { page, isCut } = cutPage(found);
  if (isCut || found.length === REFERRERS_AT_ONCE) return { referrers: page, next: page.at(-1)?.manifestId };
  const digests = after === undefined ? await readFallbackTag({ db }, repository, subject) : [];
  if (digests.length === 0) return { referrers: page, next: undefined };
  const known = new Set(page.map(({ digest }) => digest));
  const listed = await listStoredReferrers(db, repository.id, {
    of: { digests },
    artifactType,
    limit: 10 * REFERRERS_AT_ONCE,
  });
  return { referrers: cutPage([...page, ...listed.filter(one => !known.has(one.digest))]).page, next: undefined };
}

/** The tag under which clients without the list of referrers keep an index of them: distribution-spec, "Referrers Tag Schema". */
function fallbackTag(subject: Digest): string {
  const { algorithm, hex } = splitDigest(subject);
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

async function readFallbackTag(
  { db }: Pick<HostingContext['store'], 'db'>,
  repository: HostedRepository,
  subject: Digest,
): Promise<readonly string[]> {
  const index = await findHostedManifest(db, repository.id, { tag: fallbackTag(subject) });
  if (index?.kind !== 'index') return [];
  const document = JSON.parse(Buffer.from(await readDocument(db, index.manifestId)).toString('utf8')) as {
    manifests?: readonly { digest?: unknown }[] | null;
  };
  const digests = (document.manifests ?? []).map(({ digest }) => digest);
  return digests.filter((digest): digest is Digest => typeof digest === 'string' && isDigest(digest));
}

function cutPage(referrers: readonly Referrer[]): { readonly page: readonly Referrer[]; readonly isCut: boolean } {
  let bytes = 0;
  const end = referrers.findIndex(({ annotations }, at) => {
    bytes += 300 + (annotations === undefined ? 0 : Buffer.byteLength(JSON.stringify(annotations)));
    return bytes > MAX_PAGE_BYTES && at > 0;
  });
  return end === -1 ? { page: referrers, isCut: false } : { page: referrers.slice(0, end), isCut: true };
}

function unknownManifest(name: ManifestName): DistributionError {
  const what = 'tag' in name ? `tag "${name.tag}"` : `manifest ${name.digest}`;
  return new DistributionError('MANIFEST_UNKNOWN', `Cannot find ${what} in this repository`);
}
