/**
 * Blobs in a folder: `blobs/sha256/ab/abcd…` and `uploads/<id>`.
 *
 * A blob appears by rename, after its bytes and then its folder have been synced: what was acknowledged is there after a crash, and nothing
 * half-written ever has the name of a blob.
 */
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, opendir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { type Digest, isDigest, splitDigest } from '#oci/digest.ts';
import type { BlobFile, BlobOptions, BlobRange, BlobStore, Upload } from './blob-store.ts';

/** What an upload knows as long as this process lives; after a restart its file is read again. */
interface OpenUpload {
  readonly hash: Hash;
  hashedBytes: number;
  isBusy: boolean;
}

const UPLOAD_ID = /^[0-9a-f-]{36}$/;

/** The disk is asked for its room again after so many bytes of an upload. */
const ROOM_EVERY_BYTES = 32 * 1024 * 1024;

/** How a folder is used. */
export interface FolderStoreOptions {
  /** Free space on the disk that uploads leave to others, such as the database beside them. */
  readonly keptFreeBytes?: number | undefined;
}

/** A store in `folder`, which is made when it is missing. */
export async function openFolderStore(folder: string, options: FolderStoreOptions = {}): Promise<BlobStore> {
  await mkdir(join(folder, 'blobs'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'uploads'), { recursive: true, mode: 0o700 });
  return new FolderStore(folder, options);
}

class FolderStore implements BlobStore {
  readonly description: string;
  readonly #folder: string;
  readonly #keptFreeBytes: number;
  readonly #uploads = new Map<string, OpenUpload>();

  constructor(folder: string, { keptFreeBytes = 0 }: FolderStoreOptions) {
    this.#folder = folder;
    this.#keptFreeBytes = keptFreeBytes;
    this.description = `folder ${folder}`;
  }

  async findSize(digest: Digest): Promise<number | undefined> {
    return (await statOf(this.#blobPath(digest)))?.size;
  }

  async open(
    digest: Digest,
    { range, signal }: BlobOptions & { readonly range?: BlobRange | undefined },
  ): Promise<AsyncIterable<Uint8Array>> {
    if (range?.length === 0) return noBytes();
    const handle = await this.#openBlob(digest);
    const part = range === undefined ? {} : { start: range.offset, end: range.offset + range.length - 1 };
    return handle.createReadStream({ ...part, signal, highWaterMark: 256 * 1024 });
  }

  async openFile(digest: Digest): Promise<BlobFile> {
    const handle = await this.#openBlob(digest);
    const { size } = await handle.stat();
    return {
      fd: handle.fd,
      offset: 0,
      sizeBytes: size,
      [Symbol.asyncDispose]: () => handle.close(),
    };
  }

  async openUpload(
    id: string,
    { range, signal }: BlobOptions & { readonly range: BlobRange },
  ): Promise<AsyncIterable<Uint8Array>> {
    if (range.length === 0) return noBytes();
    if (!UPLOAD_ID.test(id)) throw noUpload();
    let handle: FileHandle;
    try {
      handle = await open(this.#uploadPath(id), 'r');
    } catch {
      throw noUpload();
    }
    const end = range.offset + range.length - 1;
    return handle.createReadStream({ start: range.offset, end, signal, highWaterMark: 256 * 1024 });
  }

  async startUpload({ id = randomUUID() }: { readonly id?: string | undefined }): Promise<Upload> {
    const handle = await open(this.#uploadPath(id), 'wx', 0o600);
    await handle.close();
    this.#uploads.set(id, { hash: createHash('sha256'), hashedBytes: 0, isBusy: false });
    return { id, sizeBytes: 0 };
  }

  async getUpload(id: string): Promise<Upload> {
    const found = UPLOAD_ID.test(id) ? await statOf(this.#uploadPath(id)) : undefined;
    if (found === undefined) throw noUpload();
    return { id, sizeBytes: found.size };
  }

  async append(
    id: string,
    chunks: AsyncIterable<Uint8Array>,
    { offset, limitBytes, signal }: BlobOptions & { readonly offset: number; readonly limitBytes: number },
  ): Promise<Upload> {
    const { sizeBytes } = await this.getUpload(id);
    const state = this.#stateOf(id);
    if (state.isBusy)
      throw new PlimsollError('CONFLICT', 'Cannot append to the upload: another request is appending to it');
    if (sizeBytes !== offset) {
      throw new PlimsollError('CONFLICT', `Cannot append to the upload at byte ${offset}: it has ${sizeBytes} bytes`);
    }
    state.isBusy = true;
    let at = sizeBytes;
    let hasRoomUntil = at;
    try {
      await using handle = await open(this.#uploadPath(id), 'r+');
      for await (const chunk of chunks) {
        signal.throwIfAborted();
        if (at + chunk.byteLength > limitBytes) {
          throw new PlimsollError('LIMIT_EXCEEDED', `Cannot take the upload: over ${limitBytes} bytes`);
        }
        if (at >= hasRoomUntil) {
          await this.#requireRoom();
          hasRoomUntil = at + ROOM_EVERY_BYTES;
        }
        const writing = writeAll(handle, chunk, at);
        // Hashed while it is being written.
        if (state.hashedBytes === at) {
          state.hash.update(chunk);
          state.hashedBytes += chunk.byteLength;
        }
        await writing;
        at += chunk.byteLength;
      }
    } catch (error) {
      throw await this.#writeFailure(error);
    } finally {
      state.isBusy = false;
    }
    return { id, sizeBytes: at };
  }

  async commit(id: string, digest: Digest, { signal }: BlobOptions): Promise<{ readonly sizeBytes: number }> {
    const { sizeBytes } = await this.getUpload(id);
    const path = this.#uploadPath(id);
    const got = await this.#digestOf(id, sizeBytes, splitDigest(digest).algorithm, signal);
    if (got !== digest) {
      await this.cancel(id);
      throw new PlimsollError('DIGEST_MISMATCH', `Cannot keep the upload as ${digest}: its bytes are ${got}`);
    }
    const target = this.#blobPath(digest);
    const parent = dirname(target);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    {
      await using handle = await open(path, 'r');
      await handle.datasync();
    }
    await rename(path, target);
    await using folder = await open(parent, 'r');
    await folder.sync();
    this.#uploads.delete(id);
    return { sizeBytes };
  }

  async cancel(id: string): Promise<void> {
    this.#uploads.delete(id);
    if (UPLOAD_ID.test(id)) await rm(this.#uploadPath(id), { force: true });
  }

  async remove(digest: Digest): Promise<void> {
    await rm(this.#blobPath(digest), { force: true });
  }

  async *listBlobs({ signal }: BlobOptions) {
    const root = join(this.#folder, 'blobs');
    for (const algorithm of await readdir(root)) {
      for (const prefix of await readdir(join(root, algorithm))) {
        for await (const entry of await opendir(join(root, algorithm, prefix))) {
          signal.throwIfAborted();
          const digest = `${algorithm}:${entry.name}`;
          const found = isDigest(digest) ? await statOf(join(root, algorithm, prefix, entry.name)) : undefined;
          if (isDigest(digest) && found !== undefined) yield { digest, sizeBytes: found.size, modifiedAt: found.mtime };
        }
      }
    }
  }

  async *listUploads({ signal }: BlobOptions) {
    for await (const { name } of await opendir(join(this.#folder, 'uploads'))) {
      signal.throwIfAborted();
      const found = UPLOAD_ID.test(name) ? await statOf(this.#uploadPath(name)) : undefined;
      if (found !== undefined) yield { id: name, sizeBytes: found.size, modifiedAt: found.mtime };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#uploads.clear();
  }

  /** The digest of an upload's bytes: known already when they all came through this process. */
  async #digestOf(id: string, sizeBytes: number, algorithm: string, signal: AbortSignal): Promise<string> {
    const state = this.#stateOf(id);
    if (algorithm === 'sha256' && state.hashedBytes === sizeBytes) return `sha256:${state.hash.copy().digest('hex')}`;
    const hash = createHash(algorithm);
    for await (const chunk of createReadStream(this.#uploadPath(id), { signal })) hash.update(chunk);
    return `${algorithm}:${hash.digest('hex')}`;
  }

  #stateOf(id: string): OpenUpload {
    let state = this.#uploads.get(id);
    if (state === undefined) {
      state = { hash: createHash('sha256'), hashedBytes: 0, isBusy: false };
      this.#uploads.set(id, state);
    }
    return state;
  }

  async #openBlob(digest: Digest): Promise<FileHandle> {
    try {
      return await open(this.#blobPath(digest), 'r');
    } catch (cause) {
      throw new PlimsollError('BLOB_UNKNOWN', `Cannot read blob ${digest}: there is none`, { cause });
    }
  }

  #blobPath(digest: Digest): string {
    const { algorithm, hex } = splitDigest(digest);
    return join(this.#folder, 'blobs', algorithm, hex.slice(0, 2), hex);
  }

  #uploadPath(id: string): string {
    return join(this.#folder, 'uploads', id);
  }

  async #requireRoom(): Promise<void> {
    if (this.#keptFreeBytes === 0) return;
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize > this.#keptFreeBytes) return;
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot take the upload: the disk is nearly full, ${bavail * bsize} bytes are free and ${this.#keptFreeBytes} are left to the server`,
    );
  }

  async #writeFailure(error: unknown): Promise<unknown> {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') return error;
    const { bavail, bsize } = await statfs(this.#folder);
    return new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot take the upload: the disk is full, ${bavail * bsize} bytes are free`,
      {
        cause: error,
      },
    );
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, position + done);
    done += bytesWritten;
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

function noUpload(): PlimsollError {
  return new PlimsollError('NOT_FOUND', 'Cannot find the upload: it was finished, cancelled or never begun');
}
