/**
 * Blobs in S3, or in what speaks its language: `blobs/sha256/<hex>`, and pieces of uploads as `uploads/<id>/<offset>`.
 *
 * Pieces are objects of their own, so that listing them tells how far an upload has come, after a restart or on another server. A blob is
 * put together by the service itself (a multipart upload whose parts are copies of the pieces), after its digest has been checked; its name
 * appears when that is complete. Pieces are as large as parts have to be, except for the last, which the next append takes in again.
 *
 * Source: Amazon S3 API reference; parts are of 5 MiB to 5 GiB, at most 10,000, and the last may be smaller ("Multipart upload limits").
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { PlimsollError } from '#base/errors.ts';
import { type Digest, isDigest, splitDigest } from '#oci/digest.ts';
import type { BlobOptions, BlobRange, BlobStore, Upload } from './blob-store.ts';
import { s3Failure } from './s3-failure.ts';

/** Where blobs are, and the client for it, which the store takes over. */
export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  /** Before all keys; empty, or ends with a slash. */
  readonly prefix: string;
  /** Bytes of a piece; smaller in tests. */
  readonly pieceBytes?: number | undefined;
  /** Below this a piece cannot be a part unless it is the last. */
  readonly minPieceBytes?: number | undefined;
}

/** Bytes of a piece: 10,000 of them are 160 GB. Two are in memory for each upload under way. */
const PIECE_BYTES = 16 * 1024 * 1024;
const MIN_PIECE_BYTES = 5 * 1024 * 1024;
const COPIES_AT_ONCE = 4;
/** To keep what came when a client has gone. */
const RESCUE_MS = 30_000;
const UPLOAD_ID = /^[0-9a-f-]{36}$/;
const OFFSET_DIGITS = 16;
const MARK = 'start';

/** A store there. */
export function openS3Store(place: S3Place): BlobStore {
  return new S3Store(place);
}

interface Piece {
  readonly key: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What an upload knows as long as this process lives; after a restart its pieces are read again. */
interface OpenUpload {
  readonly hash: Hash;
  hashedBytes: number;
  isBusy: boolean;
}

class S3Store implements BlobStore {
  readonly description: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #pieceBytes: number;
  readonly #minPieceBytes: number;
  readonly #uploads = new Map<string, OpenUpload>();

  constructor({ client, bucket, prefix, pieceBytes, minPieceBytes }: S3Place) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#pieceBytes = pieceBytes ?? PIECE_BYTES;
    this.#minPieceBytes = minPieceBytes ?? MIN_PIECE_BYTES;
    this.description = `s3://${bucket}/${prefix}`.replace(/\/$/, '');
  }

  async findSize(digest: Digest, { signal }: BlobOptions): Promise<number | undefined> {
    try {
      const found = await this.#client.send(new HeadObjectCommand(this.#at(this.#blobKey(digest))), {
        abortSignal: signal,
      });
      return found.ContentLength ?? 0;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw s3Failure(error, `find ${digest} in`, this.description);
    }
  }

  async open(
    digest: Digest,
    { range, signal }: BlobOptions & { readonly range?: BlobRange | undefined },
  ): Promise<AsyncIterable<Uint8Array>> {
    if (range?.length === 0) return noBytes();
    return await this.#read(this.#blobKey(digest), signal, range, `blob ${digest}`);
  }

  async startUpload({
    id = randomUUID(),
    signal,
  }: BlobOptions & { readonly id?: string | undefined }): Promise<Upload> {
    await this.#put(`${this.#uploadPrefix(id)}${MARK}`, new Uint8Array(), signal);
    this.#uploads.set(id, { hash: createHash('sha256'), hashedBytes: 0, isBusy: false });
    return { id, sizeBytes: 0 };
  }

  async getUpload(id: string, { signal }: BlobOptions): Promise<Upload> {
    return { id, sizeBytes: endOf(await this.#pieces(id, signal)) };
  }

  async append(
    id: string,
    chunks: AsyncIterable<Uint8Array>,
    { offset, limitBytes, signal }: BlobOptions & { readonly offset: number; readonly limitBytes: number },
  ): Promise<Upload> {
    const pieces = await this.#pieces(id, signal);
    const state = this.#stateOf(id);
    if (state.isBusy) {
      throw new PlimsollError('CONFLICT', 'Cannot append to the upload: another request is appending to it');
    }
    const sizeBytes = endOf(pieces);
    if (sizeBytes !== offset) {
      throw new PlimsollError('CONFLICT', `Cannot append to the upload at byte ${offset}: it has ${sizeBytes} bytes`);
    }
    state.isBusy = true;
    try {
      return { id, sizeBytes: await this.#grow({ id, state, pieces, limitBytes, signal }, chunks) };
    } finally {
      state.isBusy = false;
    }
  }

  async commit(id: string, digest: Digest, { signal }: BlobOptions): Promise<{ readonly sizeBytes: number }> {
    const pieces = await this.#pieces(id, signal);
    const sizeBytes = endOf(pieces);
    const got = await this.#digestOf(id, pieces, digest, signal);
    if (got !== digest) {
      await this.cancel(id, { signal });
      throw new PlimsollError('DIGEST_MISMATCH', `Cannot keep the upload as ${digest}: its bytes are ${got}`);
    }
    if ((await this.findSize(digest, { signal })) === undefined) await this.#assemble(pieces, digest, signal);
    await this.cancel(id, { signal });
    return { sizeBytes };
  }

  async cancel(id: string, { signal }: BlobOptions): Promise<void> {
    this.#uploads.delete(id);
    if (!UPLOAD_ID.test(id)) return;
    for await (const { key } of this.#list(this.#uploadPrefix(id), signal)) await this.#delete(key, signal);
  }

  async remove(digest: Digest, { signal }: BlobOptions): Promise<void> {
    await this.#delete(this.#blobKey(digest), signal);
  }

  async *listBlobs({ signal }: BlobOptions) {
    const start = `${this.#prefix}blobs/`;
    for await (const { key, sizeBytes, modifiedAt } of this.#list(start, signal)) {
      const digest = key.slice(start.length).replace('/', ':');
      if (isDigest(digest)) yield { digest, sizeBytes, modifiedAt };
    }
  }

  async *listUploads({ signal }: BlobOptions) {
    const start = `${this.#prefix}uploads/`;
    let last: { id: string; sizeBytes: number; modifiedAt: Date } | undefined;
    for await (const { key, sizeBytes, modifiedAt } of this.#list(start, signal)) {
      const id = key.slice(start.length, start.length + 36);
      if (!UPLOAD_ID.test(id)) continue;
      if (last !== undefined && last.id === id) {
        last.sizeBytes += sizeBytes;
        if (modifiedAt > last.modifiedAt) last.modifiedAt = modifiedAt;
        continue;
      }
      if (last !== undefined) yield last;
      last = { id, sizeBytes, modifiedAt };
    }
    if (last !== undefined) yield last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#uploads.clear();
    this.#client.destroy();
  }

  /** Writes pieces as they fill up; the last is written whatever happens. Returns the size of the upload. */
  async #grow(
    {
      id,
      state,
      pieces,
      limitBytes,
      signal,
    }: {
      readonly id: string;
      readonly state: OpenUpload;
      readonly pieces: readonly Piece[];
      readonly limitBytes: number;
      readonly signal: AbortSignal;
    },
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<number> {
    const tail = pieces.at(-1);
    const isSmall = tail !== undefined && tail.sizeBytes < this.#minPieceBytes;
    let start = isSmall ? tail.offset : endOf(pieces);
    let held: Uint8Array[] = isSmall ? await Array.fromAsync(await this.#read(tail.key, signal)) : [];
    let heldBytes = isSmall ? tail.sizeBytes : 0;
    let flying: Promise<void> = Promise.resolve();
    const send = async (under: AbortSignal) => {
      await flying;
      const bytes = Buffer.concat(held);
      flying = this.#put(`${this.#uploadPrefix(id)}${String(start).padStart(OFFSET_DIGITS, '0')}`, bytes, under);
      // Looked at by whoever sends next.
      flying.catch(() => undefined);
      start += bytes.byteLength;
      held = [];
      heldBytes = 0;
    };
    let isNew = false;
    try {
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        const at = start + heldBytes;
        if (at + chunk.byteLength > limitBytes) {
          throw new PlimsollError('LIMIT_EXCEEDED', `Cannot take the upload: over ${limitBytes} bytes`);
        }
        if (state.hashedBytes === at) {
          state.hash.update(chunk);
          state.hashedBytes += chunk.byteLength;
        }
        // The chunk is its giver's again when the next is asked for.
        held.push(new Uint8Array(chunk));
        heldBytes += chunk.byteLength;
        isNew = true;
        if (heldBytes >= this.#pieceBytes) await send(signal);
      }
    } finally {
      if (isNew && heldBytes > 0) await send(AbortSignal.timeout(RESCUE_MS));
      await flying;
    }
    return start + heldBytes;
  }

  /** Lets the service put a blob together. */
  async #assemble(pieces: readonly Piece[], digest: Digest, signal: AbortSignal): Promise<void> {
    const key = this.#blobKey(digest);
    const [first] = pieces;
    if (first === undefined) {
      await this.#put(key, new Uint8Array(), signal);
      return;
    }
    const options = { abortSignal: signal };
    try {
      if (pieces.length === 1) {
        await this.#client.send(new CopyObjectCommand({ ...this.#at(key), CopySource: this.#source(first) }), options);
        return;
      }
      const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(this.#at(key)), options);
      const upload = { ...this.#at(key), UploadId };
      try {
        const parts: { PartNumber: number; ETag: string | undefined }[] = [];
        for (let from = 0; from < pieces.length; from += COPIES_AT_ONCE) {
          const some = pieces.slice(from, from + COPIES_AT_ONCE).map(async (piece, at) => {
            const PartNumber = from + at + 1;
            const copy = new UploadPartCopyCommand({ ...upload, PartNumber, CopySource: this.#source(piece) });
            const { CopyPartResult } = await this.#client.send(copy, options);
            return { PartNumber, ETag: CopyPartResult?.ETag };
          });
          parts.push(...(await Promise.all(some)));
        }
        await this.#client.send(
          new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }),
          options,
        );
      } catch (error) {
        await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
        throw error;
      }
    } catch (error) {
      throw s3Failure(error, `keep ${digest} in`, this.description);
    }
  }

  /** The digest of an upload's bytes: known already when they all came through this process. */
  async #digestOf(id: string, pieces: readonly Piece[], wanted: Digest, signal: AbortSignal): Promise<string> {
    const { algorithm } = splitDigest(wanted);
    const state = this.#stateOf(id);
    if (algorithm === 'sha256' && state.hashedBytes === endOf(pieces)) {
      return `sha256:${state.hash.copy().digest('hex')}`;
    }
    const hash = createHash(algorithm);
    for (const { key } of pieces) for await (const chunk of await this.#read(key, signal)) hash.update(chunk);
    return `${algorithm}:${hash.digest('hex')}`;
  }

  /** The pieces of an upload, without a gap. @throws {PlimsollError} `NOT_FOUND`. */
  async #pieces(id: string, signal: AbortSignal): Promise<readonly Piece[]> {
    const prefix = this.#uploadPrefix(id);
    const pieces: Piece[] = [];
    let isThere = false;
    for await (const { key, sizeBytes } of UPLOAD_ID.test(id) ? this.#list(prefix, signal) : []) {
      isThere = true;
      const offset = Number(key.slice(prefix.length));
      if (key.endsWith(MARK) || offset !== endOf(pieces)) continue;
      pieces.push({ key, offset, sizeBytes });
    }
    if (!isThere) {
      throw new PlimsollError('NOT_FOUND', 'Cannot find the upload: it was finished, cancelled or never begun');
    }
    return pieces;
  }

  async #read(
    key: string,
    signal: AbortSignal,
    range?: BlobRange,
    what = 'a piece of the upload',
  ): Promise<AsyncIterable<Uint8Array>> {
    const part = range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#at(key), ...part }), {
        abortSignal: signal,
      });
      return Body === undefined ? noBytes() : (Body as unknown as AsyncIterable<Uint8Array>);
    } catch (error) {
      if (isMissing(error)) {
        throw new PlimsollError('BLOB_UNKNOWN', `Cannot read ${what}: there is none`, { cause: error });
      }
      throw s3Failure(error, `read ${what} from`, this.description);
    }
  }

  async #put(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.send(new PutObjectCommand({ ...this.#at(key), Body: bytes }), { abortSignal: signal });
    } catch (error) {
      throw s3Failure(error, 'write to', this.description);
    }
  }

  async #delete(key: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#at(key)), { abortSignal: signal });
    } catch (error) {
      if (!isMissing(error)) throw s3Failure(error, 'remove from', this.description);
    }
  }

  async *#list(prefix: string, signal: AbortSignal) {
    let token: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await this.#client.send(command, { abortSignal: signal }).catch((error: unknown) => {
        throw s3Failure(error, 'list', this.description);
      });
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key, sizeBytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  #stateOf(id: string): OpenUpload {
    let state = this.#uploads.get(id);
    if (state === undefined) {
      state = { hash: createHash('sha256'), hashedBytes: 0, isBusy: false };
      this.#uploads.set(id, state);
    }
    return state;
  }

  #at(key: string) {
    return { Bucket: this.#bucket, Key: key };
  }

  #source({ key }: Piece): string {
    return `${this.#bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  }

  #blobKey(digest: Digest): string {
    const { algorithm, hex } = splitDigest(digest);
    return `${this.#prefix}blobs/${algorithm}/${hex}`;
  }

  #uploadPrefix(id: string): string {
    return `${this.#prefix}uploads/${id}/`;
  }
}

function endOf(pieces: readonly Piece[]): number {
  const last = pieces.at(-1);
  return last === undefined ? 0 : last.offset + last.sizeBytes;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NoSuchKey' || error.name === 'NotFound');
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}
