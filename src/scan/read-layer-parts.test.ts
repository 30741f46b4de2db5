import { randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TarLayer } from '#image/image.ts';
import {
  type LazyEntry,
  type LazyLayer,
  type LazyOptions,
  makeEstargz,
  makeZstdChunked,
  type TocRow,
} from '../../test/fixtures/lazy-layer.ts';
import { cataloguers } from './cataloguers.ts';
import { readLayer } from './read-layer.ts';
import { readLayerParts } from './read-layer-parts.ts';

const DB = 'lib/apk/db/installed';
const big = randomFillSync(Buffer.alloc(3_000_000));
const long = `${Array.from({ length: 3000 }, (_, at) => `P:package-${at}\nV:1.${at}-r0\nA:x86_64\n`).join('\n')}\n`;
const ENTRIES: readonly LazyEntry[] = [
  { path: 'lib/', folder: true },
  { path: 'srv/big.bin', content: big },
  { path: DB, content: long },
  { path: 'etc/empty', content: '' },
  { path: 'etc/link', symlink: '../lib' },
  { path: 'etc/alpine-release', content: '3.20.1\n' },
];

const FORMATS = [
  { format: 'eStargz', make: makeEstargz },
  { format: 'zstd:chunked', make: makeZstdChunked },
] as const;

/** A layer in a place that serves ranges, with the bytes that were fetched. */
function remote(layer: LazyLayer, change: Partial<TarLayer> = {}): TarLayer & { fetched: number } {
  const served = {
    kind: 'tar' as const,
    digest: layer.digest,
    sizeBytes: layer.bytes.length,
    diffId: layer.diffId,
    mediaType: layer.mediaType,
    annotations: layer.annotations,
    isForeign: false,
    isRemote: true,
    fetched: 0,
    open: async () => [layer.bytes] as unknown as AsyncIterable<Uint8Array>,
    openRange: async ({ offset, length }: { offset: number; length: number }) => {
      served.fetched += length;
      return layer.bytes.subarray(offset, offset + length);
    },
    ...change,
  };
  return served;
}

const signal = new AbortController().signal;

async function whole(layer: LazyLayer) {
  async function* bytes() {
    yield layer.bytes;
  }
  return (
    await readLayer(bytes(), { digest: layer.digest, sizeBytes: layer.bytes.length, diffId: layer.diffId }, cataloguers)
  ).facts;
}

test.each(FORMATS)(
  '$format: parts and whole layer give the same facts, for a fraction of the bytes',
  async ({ make }) => {
    for (const chunkBytes of [1 << 20, 20_000]) {
      const layer = await make(ENTRIES, { chunkBytes });
      const source = remote(layer);
      const facts = await readLayerParts(source, cataloguers, { signal });
      const wanted = await whole(layer);
      expect(facts?.files).toEqual(wanted.files);
      expect(facts?.files[0]?.fact.packages).toHaveLength(3000);
      expect(facts?.symlinks).toEqual(wanted.symlinks);
      expect(source.fetched).toBeLessThan(layer.bytes.length / 4);
    }
  },
);

test.each(FORMATS)(
  '$format: a source on this machine, a small layer, and one without a bound table are read whole',
  async ({ make }) => {
    const layer = await make(ENTRIES);
    expect(await readLayerParts(remote(layer, { isRemote: false }), cataloguers, { signal })).toBeUndefined();
    expect(await readLayerParts(remote(layer), cataloguers, { signal, minLayerBytes: 1e9 })).toBeUndefined();
    expect(await readLayerParts(remote(layer, { annotations: {} }), cataloguers, { signal })).toBeUndefined();
    expect(
      await readLayerParts(remote(layer, { openRange: async () => undefined }), cataloguers, { signal }),
    ).toBeUndefined();
  },
);

test.each(FORMATS)('$format: where most of the layer is wanted, the whole is cheaper', async ({ make }) => {
  const layer = await make([
    { path: 'usr/bin/app', content: big, mode: 0o755 },
    { path: DB, content: long },
  ]);
  expect(await readLayerParts(remote(layer), cataloguers, { signal })).toBeUndefined();
});

const row = (rows: TocRow[], name: string): TocRow => rows.find(one => one['name'] === name) ?? {};
/** The table with other fields for the database. */
function changed(rows: TocRow[], fields: TocRow): TocRow[] {
  Object.assign(row(rows, DB), fields);
  return rows;
}

const LIES: readonly { why: string; changeToc: NonNullable<LazyOptions['changeToc']> }[] = [
  {
    why: 'another content than its digest',
    changeToc: rows => changed(rows, { digest: row(rows, 'etc/alpine-release')['digest'] }),
  },
  {
    why: 'a part elsewhere',
    changeToc: rows => changed(rows, { offset: row(rows, 'etc/alpine-release')['offset'] }),
  },
  {
    why: 'a part beyond the layer',
    changeToc: rows => changed(rows, { offset: 1e12, endOffset: 1e12 + 5 }),
  },
  {
    why: 'a size that its parts do not add up to',
    changeToc: rows => changed(rows, { size: 5, chunkSize: 9 }),
  },
  { why: 'no digest', changeToc: rows => rows.map(({ digest: _, chunkDigest: __, ...rest }) => rest) },
  {
    why: 'a part without its file',
    changeToc: rows => [{ name: 'x', type: 'chunk', offset: 0, chunkSize: 1 }, ...rows],
  },
  { why: 'another version', changeToc: () => [{ nonsense: true }] },
];

test.each(FORMATS.flatMap(format => LIES.map(lie => ({ ...format, ...lie }))))(
  '$format: a table with $why counts as none',
  async ({ make, changeToc }) => {
    const layer = await make(ENTRIES, { changeToc });
    expect(await readLayerParts(remote(layer), cataloguers, { signal })).toBeUndefined();
  },
);

test.each(FORMATS)('$format: a table that is not the one the manifest binds counts as none', async ({ make }) => {
  const layer = await make(ENTRIES);
  const other = await make([{ path: DB, content: 'P:other\nV:1\n' }]);
  expect(
    await readLayerParts(remote({ ...layer, annotations: other.annotations }), cataloguers, { signal }),
  ).toBeUndefined();
});

test('damaged layers are never read by parts with other facts than the whole has', async () => {
  const layer = await makeEstargz(ENTRIES);
  const wanted = (await whole(layer)).files;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 30 }),
      async changes => {
        const bytes = Buffer.from(layer.bytes);
        for (const [at, value] of changes)
          bytes[at % 2 === 0 ? at % bytes.length : bytes.length - 1 - (at % 4000)] = value;
        const facts = await readLayerParts(remote({ ...layer, bytes }), cataloguers, { signal });
        if (facts !== undefined) expect(facts.files).toEqual(wanted);
      },
    ),
    { numRuns: 60 },
  );
});
