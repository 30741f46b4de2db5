/**
 * Uploads: started in a repository, grown by chunks or a stream, and ended as a blob of that repository. They survive a restart.
 */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { PlimsollError } from '#base/errors.ts';
import type { Digest } from '#oci/digest.ts';
import {
  deleteUpload,
  endUpload,
  findUpload,
  insertUpload,
  mountBlob as mountStoredBlob,
  pinBlob,
  touchUpload,
} from '#store/hosting-blob.ts';
import { ensureHostedRepository, ensureSpace, findUsedBytes, type HostedRepository } from '#store/hosting-space.ts';
import { inTransaction, retried } from '#store/transaction.ts';
import { nameOf, type Place, type RegistryCaller } from './caller.ts';
import type { HostingContext } from './context.ts';
import { DistributionError, OffsetError } from './distribution-error.ts';
import { paced } from './pace.ts';

/** An upload as its client sees it. */
export interface UploadStatus {
  readonly id: string;
  /** Bytes that are kept for sure. */
  readonly sizeBytes: number;
}

/** Bytes of a request. */
export interface Chunk {
  readonly body: Readable;
  /** Where the client says they begin; missing: at the end of what is there. */
  readonly offset?: number | undefined;
  /** How many it announces. */
  readonly sizeBytes?: number | undefined;
  readonly signal: AbortSignal;
}

/** How often a long upload says that it goes on. */
const TOUCH_MS = 60_000;

/** The repository at `place`, made when it is missing. @throws {DistributionError} `NAME_UNKNOWN` where there can be none. */
export async function ensureRepositoryAt(
  context: HostingContext,
  caller: RegistryCaller,
  place: Place,
): Promise<HostedRepository> {
  if (place.repository !== undefined) return place.repository;
  const { namespaceId } = place;
  if (namespaceId === undefined) {
    throw new DistributionError(
      'NAME_UNKNOWN',
      `Cannot find "${place.name}": there is no namespace "${place.spaceName}"`,
    );
  }
  const { store, address, now } = context;
  const at = now();
  return await inTransaction(store.db, async trx => {
    const projectId = caller.kind === 'project' ? caller.key.projectId : undefined;
    const space =
      place.space ?? (await ensureSpace(trx, { name: place.spaceName, namespaceId, projectId }, { address, at }));
    return await ensureHostedRepository(trx, space, place.name, at);
  });
}

/** Starts an upload. @throws {DistributionError} `DENIED` when the quota is used up. */
export async function startUpload(
  context: HostingContext,
  caller: RegistryCaller,
  repository: HostedRepository,
  signal: AbortSignal,
): Promise<UploadStatus> {
  const { store, blobs, now } = context;
  await bytesLeft(context, repository);
  const id = randomUUID();
  // Known before it is there: the collection ends what nobody knows, and how old that is, a clock says that may not be ours.
  await insertUpload(store.db, { id, repositoryId: repository.id, startedBy: nameOf(caller) }, now());
  return await blobs.startUpload({ id, signal });
}

/** How far an upload has come. @throws {DistributionError} `BLOB_UPLOAD_UNKNOWN`. */
export async function getUpload(
  context: HostingContext,
  repository: HostedRepository,
  id: string,
  signal: AbortSignal,
): Promise<UploadStatus> {
  const known = await findUpload(context.store.db, repository.id, id);
  if (known === undefined) throw unknownUpload();
  return await keptBytes(context, id, signal);
}

/**
 * Adds bytes to an upload. What came before a failure is kept.
 * @throws {DistributionError} `BLOB_UPLOAD_UNKNOWN`, `SIZE_INVALID`, `DENIED`; `OffsetError` for a chunk of another place.
 */
export async function appendChunk(
  context: HostingContext,
  repository: HostedRepository,
  id: string,
  chunk: Chunk,
): Promise<UploadStatus> {
  if (!(await touchUpload(context.store.db, repository.id, id, context.now()))) throw unknownUpload();
  const status = await keptBytes(context, id, chunk.signal);
  if (chunk.offset !== undefined && chunk.offset !== status.sizeBytes) {
    throw new OffsetError(chunk.offset, status.sizeBytes);
  }
  const limitBytes = Math.min(
    context.limits.maxBlobBytes,
    status.sizeBytes + (await bytesLeft(context, repository, chunk.sizeBytes)),
  );
  const { stallMs, stallBytes } = context.limits;
  const body = paced(chunk.body, { windowMs: stallMs, minBytes: stallBytes });
  try {
    return await context.blobs.append(id, watched(context, repository, { id, offset: status.sizeBytes }, body), {
      offset: status.sizeBytes,
      limitBytes,
      signal: chunk.signal,
    });
  } catch (error) {
    throw await appendFailure(context, repository, { id, offset: status.sizeBytes, limitBytes }, error);
  }
}

/**
 * Ends an upload as the blob of that digest, after the last bytes, if any. Durable when it returns.
 * @throws {DistributionError} as `appendChunk`, and `DIGEST_INVALID` when its bytes are others, which ends the upload.
 */
export async function finishUpload(
  context: HostingContext,
  repository: HostedRepository,
  id: string,
  {
    digest,
    last,
    signal,
  }: { readonly digest: Digest; readonly last?: Chunk | undefined; readonly signal: AbortSignal },
): Promise<void> {
  if (last === undefined) await getUpload(context, repository, id, signal);
  else await appendChunk(context, repository, id, last);
  const { store, blobs, watcher, now } = context;
  await pinBlob(store.db, digest, now());
  let sizeBytes: number;
  try {
    ({ sizeBytes } = await blobs.commit(id, digest, { signal }));
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'DIGEST_MISMATCH') throw error;
    watcher?.ended(id);
    await deleteUpload(store.db, id);
    throw new DistributionError('DIGEST_INVALID', error.message, { cause: error, detail: { digest } });
  }
  const link = { id, repositoryId: repository.id, digest, sizeBytes, at: now() };
  const isLinked = await retried(() => endUpload(store.db, link));
  if (!isLinked) {
    // The collection came between, after a pause of a whole grace period.
    throw new DistributionError('BLOB_UPLOAD_UNKNOWN', 'Cannot finish the upload: it took too long; push again');
  }
  watcher?.committed(id, digest, sizeBytes);
}

/** Ends an upload and forgets its bytes. @throws {DistributionError} `BLOB_UPLOAD_UNKNOWN`. */
export async function cancelUpload(
  context: HostingContext,
  repository: HostedRepository,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  await getUpload(context, repository, id, signal);
  await context.blobs.cancel(id, { signal });
  await deleteUpload(context.store.db, id);
  context.watcher?.ended(id);
}

/** Gives a repository a blob that another one has. Returns whether that has it. Whether the caller may pull there was checked before. */
export async function mountBlob(
  { store, now }: HostingContext,
  { from, to, digest }: { readonly from: HostedRepository; readonly to: HostedRepository; readonly digest: Digest },
): Promise<boolean> {
  const mounted = await inTransaction(store.db, trx =>
    mountStoredBlob(trx, { from: from.id, to: to.id, digest, at: now() }),
  );
  return mounted !== undefined;
}

/** Bytes that the quota of the repository's space still allows. @throws {DistributionError} `DENIED` when there are fewer than `wanted`. */
async function bytesLeft({ store }: HostingContext, { space }: HostedRepository, wanted = 1): Promise<number> {
  if (space.quotaBytes === undefined) return Number.MAX_SAFE_INTEGER;
  const left = space.quotaBytes - (await findUsedBytes(store.db, space.name));
  if (left < wanted) throw overQuota(space.name, space.quotaBytes);
  return left;
}

function overQuota(space: string, quotaBytes: number): DistributionError {
  return new DistributionError(
    'DENIED',
    `Cannot push to "${space}": its quota of ${quotaBytes} bytes is used up, or this would be more; delete images, or ask for a larger one`,
  );
}

async function* watched(
  { watcher, store, now }: HostingContext,
  repository: HostedRepository,
  { id, offset }: { readonly id: string; readonly offset: number },
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let at = offset;
  let toldAt = performance.now();
  for await (const chunk of body) {
    const size = chunk.byteLength;
    yield chunk;
    // Only now it is kept, and the store is done with it.
    watcher?.saw(id, at, chunk);
    at += size;
    if (performance.now() - toldAt > TOUCH_MS) {
      toldAt = performance.now();
      await touchUpload(store.db, repository.id, id, now());
    }
  }
}

async function appendFailure(
  context: HostingContext,
  { space }: HostedRepository,
  { id, offset, limitBytes }: { readonly id: string; readonly offset: number; readonly limitBytes: number },
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof PlimsollError) || error instanceof DistributionError) return error;
  if (error.code === 'LIMIT_EXCEEDED') {
    if (space.quotaBytes !== undefined && limitBytes < context.limits.maxBlobBytes) {
      return overQuota(space.name, space.quotaBytes);
    }
    return new DistributionError('SIZE_INVALID', error.message, { cause: error });
  }
  if (error.code === 'CONFLICT') {
    const now = await context.blobs.getUpload(id, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    return new OffsetError(offset, now?.sizeBytes ?? offset);
  }
  if (isMissing(error)) return unknownUpload(error);
  return error;
}

async function keptBytes({ blobs }: HostingContext, id: string, signal: AbortSignal): Promise<UploadStatus> {
  try {
    return await blobs.getUpload(id, { signal });
  } catch (error) {
    throw isMissing(error) ? unknownUpload(error) : error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof PlimsollError && error.code === 'NOT_FOUND';
}

function unknownUpload(cause?: unknown): DistributionError {
  return new DistributionError(
    'BLOB_UPLOAD_UNKNOWN',
    'Cannot find the upload: it was finished, cancelled, or idle for too long; start again',
    { cause },
  );
}
