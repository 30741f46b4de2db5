import { readdir, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { compress, type EntrySpec, makeTar } from '../../test/fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { openArchive } from './archive-tree.ts';
import { readSlice } from './local-file.ts';
import type { ScratchOptions } from './scratch-file.ts';

const options = { signal: new AbortController().signal };

/** The text of `paths` in an archive of `bytes`; `undefined` for what is not there. */
async function read(
  bytes: Uint8Array,
  paths: readonly string[],
  more: Partial<ScratchOptions> = {},
): Promise<(string | undefined)[]> {
  await using folder = await scratchFolder();
  await writeFile(folder.at('a.tar'), bytes);
  await using tree = await openArchive(folder.at('a.tar'), { ...options, ...more });
  const texts: (string | undefined)[] = [];
  for (const path of paths) {
    await using file = await tree.open(path);
    const range = { offset: 0, length: file?.sizeBytes ?? 0 };
    texts.push(file && (await readSlice(file, range, path)).toString());
  }
  return texts;
}

describe('the files of a tar', () => {
  test.each([
    { entries: [{ path: 'a', content: 'x' }], path: 'a', text: 'x', why: 'a file' },
    { entries: [{ path: './d//a', content: 'x' }], path: 'd/a', text: 'x', why: 'names are normalised' },
    { entries: [{ path: '/d/a', content: 'x' }], path: 'd/a', text: 'x', why: 'an absolute name is one in the tar' },
    { entries: [{ path: '/etc/passwd', content: 'x' }], path: '/etc/passwd', text: 'x', why: 'and so is the question' },
    { entries: [{ path: '../a', content: 'x' }], path: '../a', text: undefined, why: 'a name that climbs out is none' },
    { entries: [{ path: 'd/../a', content: 'x' }], path: 'a', text: 'x', why: 'one that climbs within is one' },
    { entries: [], path: 'a', text: undefined, why: 'nothing there' },
    { entries: [{ path: 'a/', folder: true }], path: 'a', text: undefined, why: 'a folder is no file' },
    {
      entries: [
        { path: 'a', content: 'first' },
        { path: 'a', content: 'last' },
      ],
      path: 'a',
      text: 'last',
      why: 'the later of two counts, as when unpacked',
    },
    { entries: [{ path: 'a', content: '' }], path: 'a', text: '', why: 'an empty file' },
    {
      entries: [{ path: 'ä'.repeat(120), content: 'x' }],
      path: 'ä'.repeat(120),
      text: 'x',
      why: 'a name in a pax header',
    },
    {
      entries: [
        { path: 'd/l', symlink: '../e/a' },
        { path: 'e/a', content: 'x' },
      ],
      path: 'd/l',
      text: 'x',
      why: 'a symbolic link to a later file',
    },
    {
      entries: [
        { path: 'd/l', symlink: '/e/a' },
        { path: 'e/a', content: 'x' },
      ],
      path: 'd/l',
      text: 'x',
      why: 'an absolute link leads to the root of the tar',
    },
    {
      entries: [
        { path: 'd/l', hardlink: 'e/a' },
        { path: 'e/a', content: 'x' },
      ],
      path: 'd/l',
      text: 'x',
      why: 'a hard link counts from the root',
    },
    {
      entries: [{ path: 'l', symlink: '../../../etc/passwd' }],
      path: 'l',
      text: undefined,
      why: 'a link to our files',
    },
    { entries: [{ path: 'l', symlink: '/etc/passwd' }], path: 'l', text: undefined, why: 'another' },
    { entries: [{ path: 'l', symlink: 'nowhere' }], path: 'l', text: undefined, why: 'a link to nothing' },
  ] satisfies { entries: EntrySpec[]; path: string; text: string | undefined; why: string }[])(
    '$why',
    async ({ entries, path, text }) => {
      expect(await read(await makeTar(entries), [path])).toEqual([text]);
    },
  );

  test.each(['none', 'gzip', 'zstd'] as const)('are the same when it is compressed with %s', async compression => {
    const tar = await makeTar([
      { path: 'big', content: 'x'.repeat(300_000) },
      { path: 'a', content: 'y' },
    ]);
    const [big, a] = await read(compress(tar, compression, 3), ['big', 'a']);
    expect(big).toHaveLength(300_000);
    expect(a).toBe('y');
  });

  test('end where the tar ends, whatever follows', async () => {
    const hidden = await makeTar([{ path: 'b', content: 'y' }]);
    const tar = Buffer.concat([await makeTar([{ path: 'a', content: 'x' }]), Buffer.from('noise'), hidden]);
    expect(await read(tar, ['a', 'b'])).toEqual(['x', undefined]);
  });

  test('are found without reading the large ones before them', async () => {
    await using folder = await scratchFolder();
    const path = folder.at('huge.tar');
    await writeFile(path, tarHeader('huge', 40 * 1024 ** 3));
    await truncate(path, 512 + 40 * 1024 ** 3);
    await using tree = await openArchive(path, options);
    await using file = await tree.open('huge');
    expect(file?.sizeBytes).toBe(40 * 1024 ** 3);
  });
});

describe('a damaged or hostile archive', () => {
  test.each([
    {
      make: () =>
        makeTar([
          { path: 'l', symlink: 'm' },
          { path: 'm', symlink: 'l' },
        ]),
      says: 'links lead nowhere',
      why: 'a ring',
    },
    { make: () => makeTar([{ path: 'l', special: 'fifo' }]), says: 'a device or pipe', why: 'a pipe' },
    { make: () => makeTar([{ path: 'l', special: 'character-device' }]), says: 'a device or pipe', why: 'a device' },
    { make: async () => Buffer.from('hello, I am no tar at all'.repeat(100)), says: 'not a tar', why: 'text' },
    { make: async () => Buffer.from('7z\xbc\xaf'), says: 'not a tar', why: 'a few bytes' },
    { make: async () => Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]), says: 'decompress it first', why: 'xz' },
    { make: async () => tarHeader('a', 1000), says: 'breaks off in "a"', why: 'the body is missing' },
    { make: async () => tarHeader('a', 2 ** 40), says: 'breaks off in "a"', why: 'a size beyond any disk' },
    {
      make: async () => (await makeTar([{ path: 'l', content: 'x' }])).subarray(0, 700),
      says: undefined,
      why: 'padding is missing',
    },
    {
      make: async () => (await sample()).subarray(0, 3 * 512 + 300),
      says: 'breaks off',
      why: 'it breaks off in a body',
    },
    { make: async () => (await sample()).subarray(0, 300), says: 'breaks off', why: 'it breaks off in a header' },
    { make: async () => gzipSync(await sample()).subarray(0, 200), says: 'it breaks off', why: 'its gzip breaks off' },
    {
      make: async () => compress(await sample(), 'zstd').subarray(0, -20),
      says: 'it breaks off',
      why: 'its zstd breaks off',
    },
    { make: async () => flipped(gzipSync(await sample())), says: 'not valid gzip', why: 'its gzip is damaged' },
    { make: async () => gzipSync('no tar either, but compressed'), says: 'not a tar', why: 'compressed text' },
  ])('is told: $why', async ({ make, says }) => {
    const reading = read(await make(), ['l']);
    if (says === undefined) await expect(reading).resolves.toEqual(['x']);
    else {
      await expect(reading).rejects.toMatchObject({ code: 'ARCHIVE_INVALID', message: expect.stringContaining(says) });
    }
  });

  test('may be empty: then there is nothing in it', async () => {
    expect(await read(Buffer.alloc(0), ['a'])).toEqual([undefined]);
    expect(await read(Buffer.alloc(10_240), ['a'])).toEqual([undefined]);
  });

  test('does not fill the disk, and leaves nothing there', async () => {
    await using scratch = await scratchFolder();
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const more = { scratchFolder: scratch.path, maxScratchBytes: 1_000_000 };
    await expect(read(bomb, ['a'], more)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('1000000 bytes'),
    });
    expect(await readdir(scratch.path)).toEqual([]);
  });

  test('of too many names is refused', async () => {
    const header = tarHeader('a'.repeat(99), 0);
    const names = new Array(100_001).fill(undefined).map((_, at) => withName(header, `${at}`));
    await expect(read(Buffer.concat(names), [])).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('never makes it throw anything but a PlimsollError', async () => {
    const tar = await sample();
    await using folder = await scratchFolder();
    const damaged = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      fc
        .array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
        .map(changes => changed(tar, changes)),
      fc.nat(tar.length).map(length => tar.subarray(0, length)),
    );
    await fc.assert(
      fc.asyncProperty(damaged, fc.boolean(), async (bytes, isCompressed) => {
        await tryAll(folder, isCompressed ? gzipSync(bytes, { level: 1 }) : bytes);
      }),
      { numRuns: 150 },
    );
  });

  test('is not read once the work was cancelled', async () => {
    await expect(read(await sample(), [], { signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(read(gzipSync(await sample()), [], { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});

describe('what is no archive file', () => {
  test.each([
    { path: '/nowhere/at/all.tar', code: 'FILE_UNKNOWN', says: 'no such file' },
    { path: '/etc/passwd/a.tar', code: 'FILE_UNKNOWN', says: 'not a folder' },
    { path: '/etc', code: 'ARCHIVE_INVALID', says: 'a folder' },
    { path: '/dev/zero', code: 'ARCHIVE_INVALID', says: 'a device' },
    { path: `/${'a'.repeat(5000)}`, code: 'FILE_UNKNOWN', says: 'too long' },
  ])('$path is $code', async ({ path, code, says }) => {
    await expect(openArchive(path, options)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });
});

function sample(): Promise<Buffer> {
  return makeTar([
    { path: 'blobs/ä', content: 'x'.repeat(1000) },
    { path: 'l', symlink: 'blobs/ä' },
    { path: 'h', hardlink: 'l' },
    { path: 'd/', folder: true },
  ]);
}

async function tryAll(folder: ScratchFolder, bytes: Uint8Array): Promise<void> {
  const path = folder.at('a.tar');
  await writeFile(path, bytes);
  try {
    await using tree = await openArchive(path, { ...options, scratchFolder: folder.path });
    for (const name of ['l', 'h', 'd', 'blobs/ä']) {
      await using file = await tree.open(name);
      if (file !== undefined) await readSlice(file, { offset: 0, length: Math.min(10, file.sizeBytes) }, name);
    }
  } catch (error) {
    expect(error).toBeInstanceOf(PlimsollError);
  }
}

function changed(bytes: Buffer, changes: readonly (readonly [at: number, value: number])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, value] of changes) copy[at] = value;
  return copy;
}

function flipped(bytes: Buffer): Buffer {
  const at = Math.floor(bytes.length / 2);
  return changed(bytes, [[at, (bytes[at] ?? 0) ^ 0xff]]);
}

/** A header that promises more than `makeTar` would write. */
function tarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write('0000644\0', 100);
  header.write('ustar\x0000', 257);
  header.write('0', 156);
  header.writeUInt8(0x80, 124);
  header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  return withName(header, name);
}

function withName(header: Buffer, name: string): Buffer {
  const named = Buffer.from(header);
  named.fill(0, 0, 100).write(name, 0);
  named.fill(' ', 148, 156);
  const sum = named.reduce((total, byte) => total + byte, 0);
  named.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return named;
}
