/** What every blob store promises. */
import { createHash, randomUUID } from 'node:crypto';
import { readSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { type BlobStore, putBytes } from '../blob-store.ts';

const signal = new AbortController().signal;
const limitBytes = 64 * 1024 * 1024;
const missing = { code: 'NOT_FOUND' };

/** Runs the suite; `open` gives the same store each time it is called, as after a restart. */
export function describeBlobStore(title: string, open: () => Promise<BlobStore>): void {
  describe(title, () => {
    test('what is uploaded in pieces is read back whole and by range', async () => {
      await using store = await open();
      const bytes = new Uint8Array(300_000).map((_, at) => (at * 31) % 251);
      const digest = digestOf(bytes);
      const { id } = await store.startUpload({ signal });
      await store.append(id, chunksOf(bytes.subarray(0, 100_000)), { offset: 0, limitBytes, signal });
      await store.append(id, chunksOf(bytes.subarray(100_000)), { offset: 100_000, limitBytes, signal });
      expect(await store.commit(id, digest, { signal })).toEqual({ sizeBytes: 300_000 });
      expect(await store.findSize(digest, { signal })).toBe(300_000);
      expect(await read(await store.open(digest, { signal }))).toEqual(Buffer.from(bytes));
      const range = { offset: 99_990, length: 20 };
      expect(await read(await store.open(digest, { signal, range }))).toEqual(
        Buffer.from(bytes.subarray(99_990, 100_010)),
      );
    });

    test('any bytes, in any pieces, are what comes back', async () => {
      await using store = await open();
      const pieces = fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(pieces, fc.constantFrom('sha256', 'sha512'), async (parts, algorithm) => {
          const bytes = Buffer.concat(parts);
          const digest = digestOf(bytes, algorithm as 'sha256');
          const { id } = await store.startUpload({ signal });
          let offset = 0;
          for (const part of parts)
            offset = (await store.append(id, chunksOf(part), { offset, limitBytes, signal })).sizeBytes;
          await store.commit(id, digest, { signal });
          expect(await read(await store.open(digest, { signal }))).toEqual(bytes);
        }),
        { numRuns: 30 },
      );
    });

    test('where bytes are at hand, an upload shows what it has, and a blob its file', async () => {
      await using store = await open();
      const bytes = Buffer.from(`at hand in ${title}`);
      const { id } = await store.startUpload({ signal });
      await store.append(id, chunksOf(bytes), { offset: 0, limitBytes, signal });
      const range = { offset: 3, length: 4 };
      const part = await store.openUpload?.(id, { range, signal });
      if (part !== undefined) expect(await read(part)).toEqual(bytes.subarray(3, 7));
      const digest = digestOf(bytes);
      await store.commit(id, digest, { signal });
      await expect(store.openUpload?.(id, { range, signal }) ?? Promise.reject(missing)).rejects.toMatchObject(missing);
      {
        await using file = await store.openFile?.(digest);
        if (file !== undefined) {
          const seen = Buffer.alloc(file.sizeBytes);
          readSync(file.fd, seen, 0, seen.length, file.offset);
          expect(seen).toEqual(bytes);
        }
      }
      await store.remove(digest, { signal });
    });

    test('an upload goes on after a restart, and is still verified', async () => {
      const bytes = Buffer.from('first half, second half');
      let id: string;
      {
        await using store = await open();
        ({ id } = await store.startUpload({ signal }));
        await store.append(id, chunksOf(bytes.subarray(0, 10)), { offset: 0, limitBytes, signal });
      }
      await using store = await open();
      expect(await store.getUpload(id, { signal })).toEqual({ id, sizeBytes: 10 });
      await store.append(id, chunksOf(bytes.subarray(10)), { offset: 10, limitBytes, signal });
      await store.commit(id, digestOf(bytes), { signal });
      expect(await read(await store.open(digestOf(bytes), { signal }))).toEqual(bytes);
    });

    test('what arrived before a connection broke is kept', async () => {
      await using store = await open();
      const { id } = await store.startUpload({ signal });
      async function* broken() {
        yield Buffer.from('some');
        throw new Error('connection lost');
      }
      await expect(store.append(id, broken(), { offset: 0, limitBytes, signal })).rejects.toThrow('connection lost');
      const { sizeBytes } = await store.getUpload(id, { signal });
      expect(sizeBytes).toBe(4);
      await store.append(id, chunksOf(Buffer.from(' more')), { offset: 4, limitBytes, signal });
      await store.commit(id, digestOf(Buffer.from('some more')), { signal });
    });

    test('bytes that are not what they are called are no blob, and the upload ends', async () => {
      await using store = await open();
      const lie = digestOf(Buffer.from('something else'));
      const { id } = await store.startUpload({ signal });
      await store.append(id, chunksOf(Buffer.from('bytes')), { offset: 0, limitBytes, signal });
      await expect(store.commit(id, lie, { signal })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(await store.findSize(lie, { signal })).toBeUndefined();
      await expect(store.getUpload(id, { signal })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('a chunk for another place is refused, and the upload stays as it was', async () => {
      await using store = await open();
      const { id } = await store.startUpload({ signal });
      await store.append(id, chunksOf(Buffer.from('abc')), { offset: 0, limitBytes, signal });
      for (const offset of [0, 2, 4]) {
        const late = store.append(id, chunksOf(Buffer.from('x')), { offset, limitBytes, signal });
        await expect(late).rejects.toMatchObject({ code: 'CONFLICT' });
      }
      await store.commit(id, digestOf(Buffer.from('abc')), { signal });
    });

    test('an upload past its limit is refused', async () => {
      await using store = await open();
      const { id } = await store.startUpload({ signal });
      const over = store.append(id, chunksOf(Buffer.alloc(11)), { offset: 0, limitBytes: 10, signal });
      await expect(over).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    });

    test('an upload has the id that its caller gave it', async () => {
      await using store = await open();
      const id = randomUUID();
      expect(await store.startUpload({ id, signal })).toEqual({ id, sizeBytes: 0 });
      expect(await store.getUpload(id, { signal })).toEqual({ id, sizeBytes: 0 });
      await store.cancel(id, { signal });
    });

    test('two who upload the same blob both succeed', async () => {
      await using store = await open();
      const bytes = Buffer.from(`the same ${title}`);
      await Promise.all([1, 2, 3].map(() => putBytes(store, bytes, digestOf(bytes), { signal })));
      expect(await store.findSize(digestOf(bytes), { signal })).toBe(bytes.length);
    });

    test('ids from outside lead nowhere else', async () => {
      await using store = await open();
      for (const id of ['../blobs/x', '', 'x'.repeat(36), '..', '/etc/passwd']) {
        await expect(store.getUpload(id, { signal })).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await store.cancel(id, { signal });
      }
    });

    test('what is removed is gone, and what is there is listed', async () => {
      await using store = await open();
      const bytes = Buffer.from(`listed ${title}`);
      const digest = digestOf(bytes);
      await putBytes(store, bytes, digest, { signal });
      const { id } = await store.startUpload({ signal });
      await store.append(id, chunksOf(Buffer.from('1')), { offset: 0, limitBytes, signal });
      expect(await Array.fromAsync(store.listBlobs({ signal }))).toContainEqual(
        expect.objectContaining({ digest, sizeBytes: bytes.length }),
      );
      expect(await Array.fromAsync(store.listUploads({ signal }))).toContainEqual(expect.objectContaining({ id }));
      await store.remove(digest, { signal });
      await store.remove(digest, { signal });
      expect(await store.findSize(digest, { signal })).toBeUndefined();
      await expect(store.open(digest, { signal }).then(read)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
    });

    test('an empty blob is a blob', async () => {
      await using store = await open();
      const digest = digestOf(new Uint8Array());
      await putBytes(store, new Uint8Array(), digest, { signal });
      expect(await store.findSize(digest, { signal })).toBe(0);
      expect(await read(await store.open(digest, { signal }))).toEqual(Buffer.alloc(0));
    });

    test('many megabytes pass without being kept in memory', async () => {
      await using store = await open();
      const block = Buffer.alloc(1024 * 1024, 7);
      const hash = createHash('sha256');
      const { id } = await store.startUpload({ signal });
      async function* many() {
        for (let count = 0; count < 48; count += 1) {
          hash.update(block);
          yield block;
        }
      }
      await store.append(id, many(), { offset: 0, limitBytes, signal });
      const digest = `sha256:${hash.digest('hex')}` as ReturnType<typeof digestOf>;
      await store.commit(id, digest, { signal });
      let total = 0;
      for await (const chunk of await store.open(digest, { signal })) total += chunk.byteLength;
      expect(total).toBe(48 * 1024 * 1024);
      await store.remove(digest, { signal });
    });
  });
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 60_000) yield bytes.subarray(at, at + 60_000);
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}
