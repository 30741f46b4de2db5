import { randomFillSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { makeLayer } from '../../test/fixtures/image-builder.ts';
import { cataloguers } from './cataloguers.ts';
import { LayerPool } from './layer-pool.ts';
import { readLayer } from './read-layer.ts';

async function* chunksOf(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const DB = { path: 'lib/apk/db/installed', content: 'P:musl\nV:1-r0\nA:x86\n' };

test('a thread finds what this thread finds, layer after layer', async () => {
  await using pool = new LayerPool();
  for (let round = 0; round < 3; round++) {
    const layer = await makeLayer([{ path: 'noise', content: randomFillSync(Buffer.alloc(2_000_000)) }, DB]);
    const promise = { digest: layer.digest, sizeBytes: layer.bytes.length, diffId: layer.diffId };
    const { facts: here } = await readLayer(chunksOf(layer.bytes), promise, cataloguers);
    const { facts: there } = await pool.read({ chunks: chunksOf(layer.bytes) }, promise, undefined);
    expect(there.files).toEqual(here.files);
    expect(there.entries.toBase64()).toBe(here.entries.toBase64());
  }
});

test('wrong bytes are refused across threads by the same code, and the pool goes on', async () => {
  await using pool = new LayerPool();
  const layer = await makeLayer([DB]);
  const promise = { digest: layer.digest, sizeBytes: layer.bytes.length, diffId: layer.diffId };
  await expect(pool.read({ chunks: chunksOf(layer.bytes.subarray(1)) }, promise, undefined)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
  });
  expect((await pool.read({ chunks: chunksOf(layer.bytes) }, promise, undefined)).facts.files).toHaveLength(1);
});

test('a source that fails in the middle fails the layer with its own error', async () => {
  await using pool = new LayerPool();
  const layer = await makeLayer([{ path: 'noise', content: randomFillSync(Buffer.alloc(1_000_000)) }, DB]);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield layer.bytes.subarray(0, 500_000);
    throw new PlimsollError('REGISTRY_UNAVAILABLE', 'gone');
  }
  const promise = { digest: layer.digest, sizeBytes: layer.bytes.length, diffId: layer.diffId };
  await expect(pool.read({ chunks: broken() }, promise, undefined)).rejects.toMatchObject({
    code: 'REGISTRY_UNAVAILABLE',
  });
  expect((await pool.read({ chunks: chunksOf(layer.bytes) }, promise, undefined)).facts.files).toHaveLength(1);
});
