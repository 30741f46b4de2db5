import { createHash, randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { openFolderStore } from '#blob/folder-store.ts';
import type { Digest } from '#oci/digest.ts';
import type { CachedFacts } from '#scan/layer-cache.ts';
import { LayerPool } from '#scan/layer-pool.ts';
import { makeLayer } from '../../test/fixtures/image-builder.ts';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { LayerIntake } from './layer-intake.ts';

const signal = new AbortController().signal;
const pool = new LayerPool();
afterAll(() => pool[Symbol.asyncDispose]());
const quiet = { info() {}, warn() {} };
const APK = 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n';

/** `showsUploads`: whether the blob store is one that has uploads at hand, as a folder has, or one across a network. */
async function open({ showsUploads = true, trailMs = 0, maxReaders = 2, maxWaitingBytes = 1e8 } = {}) {
  const folder = await scratchFolder();
  const blobs = await openFolderStore(folder.path);
  const reader = showsUploads ? blobs : { findSize: blobs.findSize.bind(blobs), open: blobs.open.bind(blobs) };
  const kept = new Map<Digest, CachedFacts>();
  const keep = async (layer: Digest, entry: CachedFacts) => void kept.set(layer, entry);
  const intake = new LayerIntake({ blobs: reader, pool, keep, maxReaders, maxWaitingBytes, trailMs, log: quiet });
  /** Pushes as the registry does: shown after they are kept. */
  const push = async (bytes: Uint8Array, chunkBytes: number, upTo = bytes.length) => {
    const { id } = await blobs.startUpload({ signal });
    async function* chunks() {
      for (let at = 0; at < upTo; at += chunkBytes) {
        const chunk = Uint8Array.from(bytes.subarray(at, Math.min(upTo, at + chunkBytes)));
        yield chunk;
        intake.saw(id, at, chunk);
        // Memory of a piece is used again for the next.
        chunk.fill(0);
      }
    }
    await blobs.append(id, chunks(), { offset: 0, limitBytes: 1e9, signal });
    return id;
  };
  const commit = async (id: string, bytes: Uint8Array) => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
    const { sizeBytes } = await blobs.commit(id, digest, { signal });
    intake.committed(id, digest, sizeBytes);
    return digest;
  };
  /** Facts of a layer, once it is not being read any more. */
  const factsOf = async (layer: Digest) => {
    await intake.find(layer);
    return kept.get(layer);
  };
  return { folder, intake, kept, push, commit, factsOf };
}

const filler = randomBytes(400_000);
const layerOf = (compression: 'gzip' | 'zstd' | 'none') =>
  makeLayer(
    [
      { path: 'data', content: filler },
      { path: 'lib/apk/db/installed', content: APK },
    ],
    { compression },
  );

const stores = [
  { store: 'a folder', options: { showsUploads: true } },
  { store: 'a folder, read only when all is there', options: { showsUploads: true, trailMs: 1e6 } },
  { store: 'a store across a network', options: { showsUploads: false } },
];

test.each(stores.flatMap(row => (['gzip', 'zstd', 'none'] as const).map(compression => ({ ...row, compression }))))(
  'a layer ($compression) that is pushed to $store has been read a moment after its upload, whatever the pieces it came in',
  async ({ options, compression }) => {
    const { folder, intake, push, commit, factsOf } = await open(options);
    await using _ = folder;
    const { bytes } = await layerOf(compression);
    const digest = await commit(await push(bytes, 50_000), bytes);
    const found = await factsOf(digest);
    expect(found?.verifiedBy).toBe('layer');
    expect(found?.facts.files.map(({ path }) => path)).toContain('lib/apk/db/installed');
    await intake[Symbol.asyncDispose]();
  },
);

test('a thread that falls behind reads the rest from the blob store, and the push does not wait', async () => {
  const { folder, intake, push, commit, factsOf } = await open({ showsUploads: false, maxWaitingBytes: 100_000 });
  await using _ = folder;
  const { bytes } = await layerOf('none');
  const digest = await commit(await push(bytes, 40_000), bytes);
  const found = await factsOf(digest);
  expect(found?.facts.files.map(({ path }) => path)).toContain('lib/apk/db/installed');
  await intake[Symbol.asyncDispose]();
});

test('what is no layer is not read; of more layers than there are threads for, each has its turn', async () => {
  const { folder, intake, push, commit, factsOf } = await open({ maxReaders: 1 });
  await using _ = folder;
  const json = Buffer.from('{"architecture":"amd64"}');
  expect(await factsOf(await commit(await push(json, 10), json))).toBeUndefined();
  const [first, second, third] = [await layerOf('gzip'), await layerOf('none'), await layerOf('zstd')];
  // It is still coming when the others are asked for, and keeps its thread.
  const open1 = await push(first.bytes, 50_000, 150_000);
  const digests = [];
  for (const { bytes } of [second, third]) digests.push(await commit(await push(bytes, 50_000), bytes));
  expect(await Promise.all(digests.map(factsOf))).toEqual([expect.anything(), expect.anything()]);
  intake.ended(open1);
  await intake[Symbol.asyncDispose]();
});

test('across a network, no more layers are kept in memory than there are threads for', async () => {
  const { folder, intake, push, commit, factsOf } = await open({ showsUploads: false, maxReaders: 1 });
  await using _ = folder;
  const [first, second] = [await layerOf('gzip'), await layerOf('none')];
  const open1 = await push(first.bytes, 50_000);
  const open2 = await push(second.bytes, 50_000);
  expect(await factsOf(await commit(open2, second.bytes))).toBeUndefined();
  expect(await factsOf(await commit(open1, first.bytes))).toBeDefined();
  await intake[Symbol.asyncDispose]();
});

test.each(stores)('an upload to $store that ends, or goes on elsewhere, leaves nothing', async ({ options }) => {
  const { folder, intake, kept, push } = await open(options);
  await using _ = folder;
  const { bytes } = await layerOf('gzip');
  intake.ended(await push(bytes, 50_000, 150_000));
  const id = await push(bytes, 50_000, 150_000);
  intake.saw(id, 200_000, bytes.subarray(200_000));
  await intake.settled();
  expect(kept.size).toBe(0);
  await intake[Symbol.asyncDispose]();
});

test('what was pushed and not read when the server stops is left to the scan', async () => {
  const { folder, intake, kept, push, commit } = await open({ trailMs: 1e6 });
  await using _ = folder;
  const { bytes } = await layerOf('gzip');
  await commit(await push(bytes, 50_000), bytes);
  await intake[Symbol.asyncDispose]();
  expect(kept.size).toBe(0);
});
