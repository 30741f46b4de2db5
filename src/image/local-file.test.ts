import { chmod, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { fileError, openPlainFile, readSlice, streamSlice } from './local-file.ts';
import { toScratchFile } from './scratch-file.ts';

const options = { signal: new AbortController().signal };
const isRoot = process.getuid?.() === 0;

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a plain file', () => {
  test('is streamed in chunks, and any part of it can be read', async () => {
    await using folder = await scratchFolder();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    await writeFile(folder.at('a'), bytes);
    const slice = await openPlainFile(folder.at('a'));
    expect((await collect(streamSlice(slice, options))).equals(bytes)).toBe(true);
    const part = fc.tuple(fc.nat(bytes.length), fc.nat(bytes.length));
    await fc.assert(
      fc.asyncProperty(part, fc.nat(1000), async ([one, two], skipped) => {
        const [from, to] = [Math.min(one, two), Math.max(one, two)];
        const inner = { ...slice, offset: from, sizeBytes: to - from };
        const length = Math.max(0, inner.sizeBytes - skipped);
        const read = await readSlice(inner, { offset: inner.sizeBytes - length, length }, 'a');
        expect(read.equals(bytes.subarray(to - length, to))).toBe(true);
      }),
      { numRuns: 50 },
    );
    await slice.file.close();
  });

  test.each([
    { offset: 5, length: 6 },
    { offset: 11, length: 0 },
    { offset: -1, length: 1 },
    { offset: 0, length: -1 },
    { offset: 0, length: Number.MAX_SAFE_INTEGER },
    { offset: Number.MAX_SAFE_INTEGER, length: Number.MAX_SAFE_INTEGER },
  ])('has no $length bytes at $offset when it has 10', async range => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('a'), '0123456789');
    const slice = await openPlainFile(folder.at('a'));
    await expect(readSlice(slice, range, 'a')).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await slice.file.close();
  });

  test('that is cut while it is read ends early; the check of its digest will tell', async () => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('a'), Buffer.alloc(300_000));
    const slice = await openPlainFile(folder.at('a'));
    await truncate(folder.at('a'), 100_000);
    expect(await collect(streamSlice(slice, options))).toHaveLength(100_000);
    await expect(readSlice(slice, { offset: 0, length: 300_000 }, 'a')).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    await slice.file.close();
  });

  test('that was closed is CANCELLED, not a bug', async () => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('a'), 'x');
    const slice = await openPlainFile(folder.at('a'));
    await slice.file.close();
    await expect(collect(streamSlice(slice, options))).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('behind a symbolic link is opened only where links are followed', async () => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('a'), 'x');
    await symlink('a', folder.at('l'));
    await expect(openPlainFile(folder.at('l'))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    const slice = await openPlainFile(folder.at('l'), { followLink: true });
    expect(slice.sizeBytes).toBe(1);
    await slice.file.close();
  });

  // Root may read everything.
  if (isRoot) return;
  test('that we may not read is FILE_DENIED', async () => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('a'), 'x');
    await chmod(folder.at('a'), 0);
    await expect(openPlainFile(folder.at('a'))).rejects.toMatchObject({ code: 'FILE_DENIED' });
  });
});

test.each([
  { code: 'ENOENT', is: 'FILE_UNKNOWN' },
  { code: 'ENOTDIR', is: 'FILE_UNKNOWN' },
  { code: 'EACCES', is: 'FILE_DENIED' },
  { code: 'EPERM', is: 'FILE_DENIED' },
  { code: 'ELOOP', is: 'ARCHIVE_INVALID' },
  { code: 'ENXIO', is: 'ARCHIVE_INVALID' },
])('the system’s $code is our $is', ({ code, is }) => {
  expect(fileError(Object.assign(new Error(code), { code }), '/a')).toMatchObject({ code: is });
});

test('an error that says nothing to us stays what it is', () => {
  const error = new Error('odd');
  expect(fileError(error, '/a')).toBe(error);
});

describe('a scratch file', () => {
  const source = async function* (...chunks: readonly string[]) {
    for (const chunk of chunks) yield Buffer.from(chunk);
  };

  test('has no name, and the bytes it was given', async () => {
    await using folder = await scratchFolder();
    const slice = await toScratchFile(source('ab', '', 'c'), 'x', { ...options, scratchFolder: folder.path });
    expect(await readdir(folder.path)).toEqual([]);
    expect((await collect(streamSlice(slice, options))).toString()).toBe('abc');
    await slice.file.close();
  });

  test('is not made where there is no folder', async () => {
    const making = toScratchFile(source('ab'), 'x', { ...options, scratchFolder: '/nowhere/at/all' });
    await expect(making).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
  });

  test('says when the disk is full', async () => {
    const full = async function* () {
      yield Buffer.from('a');
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    await expect(toScratchFile(full(), 'image "x"', options)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('set TMPDIR'),
    });
  });
});
