import { createGzip, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { digestOf } from '#oci/digest.ts';
import { type BuiltLayer, type EntrySpec, makeLayer } from '../../test/fixtures/image-builder.ts';
import { cataloguers } from './cataloguers.ts';
import { readLayer } from './read-layer.ts';

const MUSL = 'P:musl\nV:1.2.4-r2\nA:x86_64\n\n';
const DB = 'lib/apk/db/installed';

async function* chunksOf(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const promiseOf = (layer: Pick<BuiltLayer, 'bytes' | 'digest'> & { diffId?: BuiltLayer['diffId'] }) => ({
  digest: layer.digest,
  sizeBytes: layer.bytes.length,
  diffId: layer.diffId,
});

async function read(entries: readonly EntrySpec[]): Promise<LayerFacts> {
  const layer = await makeLayer(entries);
  return (await readLayer(chunksOf(layer.bytes), promiseOf(layer), cataloguers)).facts;
}

async function readBytes(bytes: Buffer): Promise<LayerFacts> {
  return (await readLayer(chunksOf(bytes), { digest: digestOf(bytes), sizeBytes: bytes.length }, cataloguers)).facts;
}

const names = (facts: LayerFacts) =>
  facts.files.flatMap(file => (file.fact.packages ?? []).map(found => `${file.path}: ${found.name}`));

test('claimed files become facts, links and whiteouts are recorded', async () => {
  const facts = await read([
    { path: 'lib/', folder: true },
    { path: DB, content: MUSL },
    { path: 'etc/motd', content: 'hello' },
    { path: 'bin/sh', symlink: 'busybox' },
    { path: 'bin/ash', hardlink: 'bin/busybox' },
    { whiteout: 'etc/old' },
    { opaque: 'srv' },
  ]);
  expect(names(facts)).toEqual([`${DB}: musl`]);
  expect(facts).toMatchObject({
    symlinks: [['bin/sh', 'busybox']],
    hardLinks: [['bin/ash', 'bin/busybox']],
    whiteouts: ['etc/old'],
    opaque: ['srv'],
    gaps: [],
  });
  expect([facts.entries.size, facts.folders.size]).toEqual([4, 1]);
});

test('of a name that occurs twice the last counts', async () => {
  expect(
    names(
      await read([
        { path: DB, content: MUSL },
        { path: `./${DB}`, content: 'P:zlib\nV:1-r0\n' },
      ]),
    ),
  ).toEqual([`${DB}: zlib`]);
  expect(
    names(
      await read([
        { path: DB, content: MUSL },
        { path: DB, symlink: 'elsewhere' },
      ]),
    ),
  ).toEqual([]);
});

test('absolute names are read, names that climb out are left out and told', async () => {
  const facts = await read([
    { path: `/${DB}`, content: MUSL },
    { path: '../../etc/passwd', content: 'root' },
    { path: 'a/../../lib/apk/db/installed', content: 'P:evil\nV:1\n' },
  ]);
  expect(names(facts)).toEqual([`${DB}: musl`]);
  expect(facts.gaps).toHaveLength(2);
});

test('names that are not UTF-8 do no harm', async () => {
  const tar = (
    await makeLayer([
      { path: 'XXXX', content: 'x' },
      { path: DB, content: MUSL },
    ])
  ).tar;
  const at = tar.indexOf('XXXX');
  tar.set([0xff, 0xfe, 0xc0, 0x80], at);
  tar.write('        ', at + 148);
  const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
  expect(names(await readBytes(gzipSync(tar)))).toEqual([`${DB}: musl`]);
});

test.each([
  {
    why: 'wrong bytes',
    change: (layer: BuiltLayer) => ({ bytes: Buffer.concat([layer.bytes.subarray(0, -1), Buffer.from('x')]) }),
  },
  { why: 'fewer bytes than promised', change: (layer: BuiltLayer) => ({ bytes: layer.bytes.subarray(0, -9) }) },
  {
    why: 'more bytes than promised',
    change: (layer: BuiltLayer) => ({ bytes: Buffer.concat([layer.bytes, Buffer.alloc(9)]) }),
  },
  { why: 'a tar that is not the one in the config', change: () => ({ diffId: digestOf('something else') }) },
])('nothing counts of a layer with $why', async ({ change }) => {
  const layer = await makeLayer([{ path: DB, content: MUSL }]);
  const changed = { ...layer, ...change(layer) };
  const promise = { ...promiseOf(layer), diffId: changed.diffId };
  await expect(readLayer(chunksOf(changed.bytes, 100), promise, cataloguers)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
});

test('a layer whose tar breaks off gives what came before, and says so', async () => {
  const layer = await makeLayer([
    { path: DB, content: MUSL },
    { path: 'big', content: Buffer.alloc(100_000) },
  ]);
  const facts = await readBytes(gzipSync(layer.tar.subarray(0, 50_000)));
  expect(names(facts)).toEqual([`${DB}: musl`]);
  expect(facts.gaps[0]?.reason).toContain('breaks off');
});

test('a layer whose gzip is damaged gives what came before, and says so', async () => {
  const noise = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * 7919 + (at >> 3) * 31) & 0xff));
  const layer = await makeLayer([
    { path: DB, content: MUSL },
    { path: 'noise', content: noise },
  ]);
  const damaged = Buffer.from(layer.bytes);
  damaged.fill(0xff, damaged.length - 2000);
  const facts = await readBytes(damaged);
  expect(facts.gaps[0]?.reason).toContain('not valid gzip');
});

test('a web page in place of a layer is a gap, not a crash', async () => {
  const facts = await readBytes(Buffer.from('<html><body>Not found</body></html>'.repeat(50)));
  expect(facts.gaps).toHaveLength(1);
});

test('a gzip bomb is stopped', async () => {
  const facts = await readBytes(gzipSync(Buffer.alloc(160_000_000), { level: 9 }));
  expect(facts.gaps[0]?.reason).toMatch(/lone zero block|bomb|checksum|sizes|ends/);
});

test('a bomb inside a tar entry is stopped where it gets suspicious', async () => {
  const layer = await makeLayer([
    { path: DB, content: MUSL },
    { path: 'zeros', content: Buffer.alloc(150_000_000) },
  ]);
  const facts = await readBytes(layer.bytes);
  expect(names(facts)).toEqual([`${DB}: musl`]);
  expect(facts.gaps[0]?.reason).toContain('bomb');
});

test('a million empty files are counted in a few bytes each', async () => {
  const block = (await makeLayer([{ path: 'f/0000000', content: '' }])).tar.subarray(0, 512);
  async function* tar(): AsyncGenerator<Buffer> {
    for (let batch = 0; batch < 1000; batch++) {
      const blocks = Buffer.concat(Array.from({ length: 1000 }, () => block));
      for (let at = 0; at < 1000; at++) rename(blocks.subarray(at * 512, at * 512 + 512), batch * 1000 + at);
      yield blocks;
    }
    yield Buffer.alloc(1024);
  }
  const gzip = createGzip({ level: 1 });
  const packed: Buffer[] = [];
  const packing = (async () => {
    for await (const blocks of tar())
      if (!gzip.write(blocks)) await new Promise(resolve => gzip.once('drain', resolve));
    gzip.end();
  })();
  for await (const chunk of gzip) packed.push(chunk);
  await packing;
  const facts = await readBytes(Buffer.concat(packed));
  expect(facts.entries.size).toBe(1_000_000);
  expect(facts.gaps).toEqual([]);
});

function rename(block: Buffer, number: number): void {
  block.write(`f/${String(number).padStart(7, '0')}`, 0);
  block.write('        ', 148);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
}

test('a sparse file of 10 GB is not filled in', async () => {
  const block = Buffer.alloc(512);
  block.write(DB, 0);
  block.write('0000644\0', 100);
  block.write('00000001000\0', 124);
  block.write('S', 156);
  block.write('ustar  \0', 257);
  block.write('00000000000\0', 386);
  block.write('00000001000\0', 398);
  block.write('112402762000', 483);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const facts = await readBytes(gzipSync(Buffer.concat([block, Buffer.alloc(512, 'x'), Buffer.alloc(1024)])));
  expect(facts.gaps[0]).toMatchObject({ path: DB });
  expect(names(facts)).toEqual([]);
});

test('a database reached by a link under another name is read in a second pass', async () => {
  const layer = await makeLayer([
    { path: 'ostree/repo/objects/aa.file', content: MUSL },
    { path: DB, hardlink: 'ostree/repo/objects/aa.file' },
    { path: 'usr/lib/apk/db/installed', symlink: '/ostree/repo/objects/aa.file' },
  ]);
  const { facts, linksToRead } = await readLayer(chunksOf(layer.bytes), promiseOf(layer), cataloguers);
  expect(names(facts)).toEqual([]);
  expect([...linksToRead.keys()]).toEqual(['ostree/repo/objects/aa.file']);
  const second = await readLayer(chunksOf(layer.bytes), promiseOf(layer), cataloguers, linksToRead);
  expect(names(second.facts)).toEqual([`${DB}: musl`]);
});

test('a status file with a line of 50 MB ends with a gap or a package, quickly and in bounds', async () => {
  const facts = await read([
    {
      path: 'var/lib/dpkg/status',
      content: `Package: x\nStatus: install ok installed\nVersion: 1\nDescription: ${'y'.repeat(50_000_000)}\n`,
    },
  ]);
  expect(facts.files.length + facts.gaps.length).toBeGreaterThan(0);
});

test('no layer makes it throw anything but a PlimsollError', async () => {
  const layer = await makeLayer([
    { path: DB, content: MUSL },
    {
      path: 'var/lib/dpkg/status',
      content: 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n',
    },
    { path: 'usr/lib/node_modules/a/package.json', content: '{"name":"a","version":"1.0.0"}' },
  ]);
  const damaged = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 20 }).map(changes => {
    const copy = Buffer.from(layer.tar);
    for (const [at, value] of changes) copy[at % copy.length] = value;
    return copy;
  });
  await fc.assert(
    fc.asyncProperty(damaged, async bytes => {
      await readBytes(bytes).catch(error => expect(error).toBeInstanceOf(PlimsollError));
    }),
    { numRuns: 200 },
  );
});

test('a tar that lacks only the zeros that fill up its last record is the one in the config: zstd:chunked drops them', async () => {
  const { tar } = await makeLayer([{ path: DB, content: MUSL }]);
  const RECORD = 10_240;
  const full = Buffer.concat([tar, Buffer.alloc(RECORD - (tar.length % RECORD))]);
  const stored = await makeLayer(tar, { compression: 'zstd' });
  const promise = { ...promiseOf(stored), diffId: digestOf(full) };
  const { facts } = await readLayer(chunksOf(stored.bytes), promise, cataloguers);
  expect(names(facts)).toEqual([`${DB}: musl`]);
  const longer = { ...promise, diffId: digestOf(Buffer.concat([full, Buffer.alloc(RECORD)])) };
  await expect(readLayer(chunksOf(stored.bytes), longer, cataloguers)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
});
