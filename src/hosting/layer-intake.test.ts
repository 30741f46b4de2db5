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

async function open(maxWaitingBytes?: number, maxReaders = 2) {
  const folder = await scratchFolder();
  const blobs = await openFolderStore(folder.path);
  const kept = new Map<Digest, CachedFacts>();
  const keep = async (layer: Digest, entry: CachedFacts) => void kept.set(layer, entry);
  const intake = new LayerIntake({ blobs, pool, keep, maxReaders, maxWaitingBytes, log: quiet });
  /** Pushes as the registry does: shown after they are kept. */
  const push = async (bytes: Uint8Array, chunkBytes: number, upTo = bytes.length) => {
    const { id } = await blobs.startUpload({ signal });
    async function* chunks() {
      for (let at = 0; at < upTo; at += chunkBytes) {
        const chunk = Uint8Array.from(bytes.subarray(at, Math.min(upTo, at + chunkBytes)));
        yield chunk;
        intake.saw(id, at, chunk);
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
  return { folder, intake, kept, push, commit };
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

test.each(['gzip', 'zstd', 'none'] as const)(
  'a layer (%s) has been read when its upload ends, whatever the pieces it came in',
  async compression => {
    const { folder, intake, kept, push, commit } = await open();
    await using _ = folder;
    const { bytes } = await layerOf(compression);
    const digest = await commit(await push(bytes, 50_000), bytes);
    const found = await intake.find(digest);
    expect(found?.verifiedBy).toBe('layer');
    expect(found?.facts.files.map(({ path }) => path)).toContain('lib/apk/db/installed');
    expect(kept.get(digest)).toBe(found);
    await intake[Symbol.asyncDispose]();
  },
);

test('a thread that falls behind reads the rest from the blob store, and the push does not wait', async () => {
  const { folder, intake, push, commit } = await open(100_000);
  await using _ = folder;
  const { bytes } = await layerOf('none');
  const digest = await commit(await push(bytes, 40_000), bytes);
  const found = await intake.find(digest);
  expect(found?.facts.files.map(({ path }) => path)).toContain('lib/apk/db/installed');
  await intake[Symbol.asyncDispose]();
});

test('what is no layer is not read, and neither are more layers than there are threads for', async () => {
  const { folder, intake, push, commit } = await open(undefined, 1);
  await using _ = folder;
  const json = Buffer.from('{"architecture":"amd64"}');
  expect(await intake.find(await commit(await push(json, 10), json))).toBeUndefined();
  const [first, second] = [await layerOf('gzip'), await layerOf('none')];
  const open1 = await push(first.bytes, 50_000);
  const open2 = await push(second.bytes, 50_000);
  expect(await intake.find(await commit(open2, second.bytes))).toBeUndefined();
  expect(await intake.find(await commit(open1, first.bytes))).toBeDefined();
  await intake[Symbol.asyncDispose]();
});

test('an upload that ends, or goes on elsewhere, leaves nothing', async () => {
  const { folder, intake, kept, push } = await open();
  await using _ = folder;
  const { bytes } = await layerOf('gzip');
  intake.ended(await push(bytes, 50_000, 150_000));
  const id = await push(bytes, 50_000, 150_000);
  intake.saw(id, 200_000, bytes.subarray(200_000));
  await intake.settled();
  expect(kept.size).toBe(0);
  await intake[Symbol.asyncDispose]();
});
