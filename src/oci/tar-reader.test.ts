import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { makeTar } from '../../test/fixtures/image-builder.ts';
import { type TarEntry, TarReader } from './tar-reader.ts';

interface Read {
  readonly entry: TarEntry;
  readonly body: Buffer;
}

function readTar(bytes: Buffer, chunkBytes = bytes.length || 1): Read[] {
  const read: Read[] = [];
  const reader = new TarReader(entry => {
    const parts: Buffer[] = [];
    return {
      write: chunk => void parts.push(Buffer.from(chunk)),
      end: () => void read.push({ entry, body: Buffer.concat(parts) }),
    };
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  reader.end();
  return read;
}

/** A header block with a right checksum. */
function header(fields: {
  name?: string;
  size?: string;
  type?: string;
  magic?: string;
  link?: string;
  prefix?: string;
}): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name ?? 'file', 0, 'latin1');
  block.write('0000644\0', 100);
  block.write(fields.size ?? '00000000000\0', 124, 'latin1');
  block.write(fields.type ?? '0', 156, 'latin1');
  block.write(fields.link ?? '', 157, 'latin1');
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(fields.prefix ?? '', 345, 'latin1');
  return seal(block);
}

function seal(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

const padded = (text: string | Buffer) => {
  const body = Buffer.from(text as string);
  return Buffer.concat([body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
};
const octal = (size: number) => `${size.toString(8).padStart(11, '0')}\0`;
const END = Buffer.alloc(1024);

test('entries come with their bodies, however the bytes are cut', async () => {
  const tar = await makeTar([
    { path: 'etc/', folder: true },
    { path: 'etc/motd', content: 'hello\n' },
    { path: 'bin/sh', symlink: 'busybox' },
    { path: 'bin/ash', hardlink: 'bin/sh' },
    { path: `deep/${'x'.repeat(150)}/${'y'.repeat(120)}`, content: Buffer.alloc(3000, 7) },
  ]);
  for (const size of [1, 100, 511, 512, 513, 4096, tar.length]) {
    const read = readTar(tar, size);
    expect(read.map(({ entry, body }) => [entry.type, entry.name.length, entry.linkName, body.length])).toEqual([
      ['folder', 4, '', 0],
      ['file', 8, '', 6],
      ['symlink', 6, 'busybox', 0],
      ['hardlink', 7, 'bin/sh', 0],
      ['file', 276, '', 3000],
    ]);
  }
});

test.each([
  { why: 'a tar of before POSIX has no magic', blocks: [header({ magic: '' }), END], names: ['file'] },
  { why: 'ustar splits long names', blocks: [header({ prefix: 'a/b', name: 'c' }), END], names: ['a/b/c'] },
  {
    why: 'GNU keeps other things where ustar has its prefix',
    blocks: [header({ magic: 'ustar  \0', prefix: 'x', name: 'c' }), END],
    names: ['c'],
  },
  { why: 'runtimes tolerate a missing end', blocks: [header({})], names: ['file'] },
  {
    why: 'runtimes stop at two zero blocks, whatever follows',
    blocks: [header({ name: 'a' }), END, header({ name: 'b' })],
    names: ['a'],
  },
  {
    why: 'links have no body, whatever their size says',
    blocks: [header({ type: '2', size: octal(512), link: 'x' }), header({ name: 'b' }), END],
    names: ['file', 'b'],
  },
  { why: 'a name with a slash at the end was a folder', blocks: [header({ name: 'd/' }), END], names: ['d/'] },
  {
    why: 'a GNU long name comes first',
    blocks: [header({ type: 'L', size: octal(6), name: '././@LongLink' }), padded('long\0x'), header({}), END],
    names: ['long'],
  },
  {
    why: 'pax records win over the header',
    blocks: [header({ type: 'x', size: octal(13) }), padded('13 path=p/qr\n'), header({}), END],
    names: ['p/qr'],
  },
  {
    why: 'global pax records change nothing',
    blocks: [header({ type: 'g', size: octal(13) }), padded('13 path=p/qr\n'), header({}), END],
    names: ['file'],
  },
])('$why', ({ blocks, names }) => {
  expect(readTar(Buffer.concat(blocks)).map(read => read.entry.name)).toEqual(names);
});

test('a size beyond octal is read in base 256', () => {
  const block = header({});
  block.fill(0, 124, 136);
  block[124] = 0x80;
  block.writeUInt32BE(600, 132);
  const tar = Buffer.concat([seal(block), padded(Buffer.alloc(600, 1)), END]);
  expect(readTar(tar)[0]?.body.length).toBe(600);
});

test.each([
  { why: 'a wrong checksum', blocks: [header({}).fill(0x41, 0, 4)] },
  { why: 'text', blocks: [Buffer.from('<html>'.padEnd(1024, ' '))] },
  { why: 'a body that breaks off', blocks: [header({ size: octal(5000) }), Buffer.alloc(512)] },
  { why: 'half a header', blocks: [header({}).subarray(0, 300)] },
  { why: 'a long name that breaks off', blocks: [header({ type: 'L', size: octal(600) }), Buffer.alloc(100, 65)] },
  { why: 'a long name of 2 MB', blocks: [header({ type: 'L', size: octal(2_000_000) })] },
  { why: 'a size that is no number', blocks: [header({ size: 'zzzzzzzzzzz\0' })] },
  {
    why: 'a negative pax length, which would never end',
    blocks: [header({ type: 'x', size: octal(8) }), padded('-5 a=bc\n'), header({})],
  },
  {
    why: 'a pax length beyond the header',
    blocks: [header({ type: 'x', size: octal(8) }), padded('99 a=bc\n'), header({})],
  },
  {
    why: 'a pax size that is no number',
    blocks: [header({ type: 'x', size: octal(12) }), padded('12 size=-10\n'), header({})],
  },
  { why: 'a lone zero block, at which runtimes fail', blocks: [header({}), Buffer.alloc(512), header({})] },
])('it refuses $why', ({ blocks }) => {
  expect(() => readTar(Buffer.concat(blocks))).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }));
});

describe('sparse files as GNU tar writes them', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-sparse-'));
    writeFileSync(join(folder, 'holes'), 'start');
    truncateSync(join(folder, 'holes'), 3_000_000);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['--format=gnu'],
    ['--format=pax'],
    ['--sparse-version=0.0', '--format=pax'],
    ['--sparse-version=0.1', '--format=pax'],
  ])('%s', (...options) => {
    const tar = execFileSync('tar', ['-C', folder, '--sparse', ...options, '-cf', '-', 'holes'], {
      maxBuffer: 1 << 26,
    });
    expect(tar.length).toBeLessThan(100_000);
    const [read] = readTar(tar);
    expect(read?.entry.name).toBe('holes');
    expect(read?.entry.sparse?.realSizeBytes).toBe(3_000_000);
  });
});

test('no bytes make it throw anything but LAYER_INVALID, nor go on without end', () => {
  const noise = fc.uint8Array({ maxLength: 2000 }).map(bytes => Buffer.from(bytes));
  const headers = fc
    .record({
      name: fc.string({ maxLength: 90 }),
      size: fc.string({ maxLength: 12 }),
      type: fc.constantFrom('0', '1', '2', '5', 'x', 'g', 'L', 'K', 'S', 'Z'),
    })
    .map(header);
  const parts = fc.array(fc.oneof(noise, headers, fc.constant(Buffer.alloc(512))), { maxLength: 6 });
  fc.assert(
    fc.property(parts, fc.integer({ min: 1, max: 700 }), (blocks, size) => {
      try {
        readTar(Buffer.concat(blocks), size);
      } catch (error) {
        expect(error).toBeInstanceOf(PlimsollError);
        expect((error as PlimsollError).code).toBe('LAYER_INVALID');
      }
    }),
    { numRuns: 500 },
  );
});
