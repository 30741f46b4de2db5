/** Blobs of the registry, and uploads of them. Bodies are streams in both directions. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANONYMOUS, findPlace, permittedActions, type RegistryCaller } from '#hosting/caller.ts';
import { deleteBlob, getBlobSize, keepForPush } from '#hosting/content.ts';
import { DistributionError } from '#hosting/distribution-error.ts';
import {
  appendChunk,
  type Chunk,
  cancelUpload,
  ensureRepositoryAt,
  finishUpload,
  getUpload,
  mountBlob,
  startUpload,
} from '#hosting/upload.ts';
import { type Digest, isDigest } from '#oci/digest.ts';
import { isRepositoryName } from '#oci/reference.ts';
import { findHoldersOf } from '#store/hosting-blob.ts';
import type { HostedRepository } from '#store/hosting-space.ts';
import { authorise } from './authorise.ts';
import { hasBody, rangeOf, readContentLength, readContentRange, readOne, readRange } from './headers.ts';
import type { OciContext } from './oci-context.ts';

/** A request with the signal that ends when its connection does. */
export interface Exchange {
  readonly context: OciContext;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly signal: AbortSignal;
}

/** How many repositories are looked at for one that a blob may be mounted from. */
const MAX_MOUNT_SOURCES = 20;

/** `GET`, `HEAD` and `DELETE` of a blob. */
export async function serveBlob({ context, request, reply, signal }: Exchange, name: string, reference: string) {
  const { hosting } = context;
  if (request.method === 'DELETE') {
    const { place } = await authorise(context, request, name, ['delete']);
    await deleteBlob(hosting, place.repository, digestFrom(reference));
    return await reply.code(202).send();
  }
  const digest = digestFrom(reference);
  const { caller, place } = await authorise(context, request, name, ['pull'], { blob: digest });
  const sizeBytes = await getBlobSize(hosting, place.repository, digest);
  reply.headers({
    'docker-content-digest': digest,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  });
  if (request.method === 'HEAD') {
    // Clients ask so before they push; what they are told is there must still be when the manifest comes.
    if (place.repository !== undefined && permittedActions(caller, place).has('push')) {
      await keepForPush(hosting, place.repository, digest);
    }
    return await reply.header('content-length', sizeBytes).send();
  }
  const range = readRange(request.headers.range, sizeBytes);
  const chunks = await hosting.blobs.open(digest, { signal, ...(range === undefined ? {} : { range }) });
  if (range !== undefined) {
    reply.code(206);
    reply.header('content-range', `bytes ${range.offset}-${range.offset + range.length - 1}/${sizeBytes}`);
  }
  reply.header('content-length', range?.length ?? sizeBytes);
  return await reply.send(chunks instanceof Readable ? chunks : Readable.from(chunks, { objectMode: false }));
}

/** `POST` that starts an upload, mounts a blob, or brings a whole one. */
export async function startUploads(exchange: Exchange, name: string) {
  const { context, request, reply, signal } = exchange;
  const { caller, place } = await authorise(context, request, name, ['pull', 'push']);
  const algorithm = readOne(request, 'digest-algorithm');
  if (algorithm !== undefined && algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw new DistributionError('DIGEST_INVALID', 'Cannot start the upload: digests are of sha256 or sha512');
  }
  const mount = readOne(request, 'mount');
  const whole = readOne(request, 'digest');
  const digest = whole === undefined ? undefined : digestFrom(whole);
  const repository = await ensureRepositoryAt(context.hosting, caller, place);
  if (mount !== undefined && isDigest(mount)) {
    const isMounted = await tryMount(exchange, caller, { repository, digest: mount, from: readOne(request, 'from') });
    if (isMounted) return await sendCreated(reply, name, mount);
  }
  const upload = await startUpload(context.hosting, caller, repository, signal);
  if (digest === undefined) return await sendAccepted(reply, name, upload);
  try {
    await finishUpload(context.hosting, repository, upload.id, { digest, last: chunkOf(exchange), signal });
  } catch (error) {
    // Its client does not know of it.
    const late = AbortSignal.timeout(10_000);
    await cancelUpload(context.hosting, repository, upload.id, late).catch(() => undefined);
    throw error;
  }
  return await sendCreated(reply, name, digest);
}

/** `GET`, `PATCH`, `PUT` and `DELETE` of an upload. */
export async function serveUpload(exchange: Exchange, name: string, id: string) {
  const { context, request, reply, signal } = exchange;
  const { hosting } = context;
  const { place } = await authorise(context, request, name, ['pull', 'push']);
  const { repository } = place;
  if (repository === undefined) {
    throw new DistributionError('BLOB_UPLOAD_UNKNOWN', `Cannot find the upload: "${name}" does not exist`);
  }
  switch (request.method) {
    case 'HEAD':
    case 'GET': {
      const upload = await getUpload(hosting, repository, id, signal);
      reply.headers({ location: locationOf(name, id), range: rangeOf(upload.sizeBytes), 'docker-upload-uuid': id });
      return await reply.code(204).send();
    }
    case 'PATCH':
      return await sendAccepted(reply, name, await appendChunk(hosting, repository, id, chunkOf(exchange)));
    case 'PUT': {
      const digest = digestFrom(readOne(request, 'digest') ?? '');
      const last = hasBody(request) ? chunkOf(exchange) : undefined;
      await finishUpload(hosting, repository, id, { digest, last, signal });
      return await sendCreated(reply, name, digest);
    }
    case 'DELETE':
      await cancelUpload(hosting, repository, id, signal);
      return await reply.code(204).send();
    default:
      throw new DistributionError('UNSUPPORTED', `Cannot ${request.method} an upload`);
  }
}

/** Where the caller may read the blob, so that nobody gets bytes by knowing their digest. */
async function tryMount(
  { context }: Exchange,
  caller: RegistryCaller,
  {
    repository,
    digest,
    from,
  }: { readonly repository: HostedRepository; readonly digest: Digest; readonly from: string | undefined },
): Promise<boolean> {
  const { hosting } = context;
  const names = from === undefined ? await findHoldersOf(hosting.store.db, digest, MAX_MOUNT_SOURCES) : [from];
  for (const name of names) {
    if (!isRepositoryName(name)) continue;
    const place = await findPlace(hosting, name);
    const mayPull = [caller, ANONYMOUS].some(one => permittedActions(one, place).has('pull'));
    if (!mayPull || place.repository === undefined) continue;
    if (await mountBlob(hosting, { from: place.repository, to: repository, digest })) return true;
  }
  return false;
}

function chunkOf({ request, signal }: Exchange): Chunk {
  const sizeBytes = readContentLength(request);
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  return { body, sizeBytes, signal, ...readContentRange(request, sizeBytes) };
}

async function sendAccepted(reply: FastifyReply, name: string, upload: { id: string; sizeBytes: number }) {
  reply.headers({
    location: locationOf(name, upload.id),
    range: rangeOf(upload.sizeBytes),
    'docker-upload-uuid': upload.id,
  });
  return await reply.code(202).send();
}

async function sendCreated(reply: FastifyReply, name: string, digest: Digest) {
  reply.headers({ location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
  return await reply.code(201).send();
}

function locationOf(name: string, id: string): string {
  return `/v2/${name}/blobs/uploads/${id}`;
}

/** A digest from a path or query. @throws {DistributionError} `DIGEST_INVALID`. */
export function digestFrom(text: string): Digest {
  if (isDigest(text)) return text;
  throw new DistributionError(
    'DIGEST_INVALID',
    'Cannot read the digest: expected sha256 or sha512 and its hex in lower case',
  );
}
