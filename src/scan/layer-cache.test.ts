import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLayer } from '../../test/fixtures/image-builder.ts';
import { cataloguers } from './cataloguers.ts';
import { LayerCache } from './layer-cache.ts';
import { readLayer } from './read-layer.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function readOne() {
  const layer = await makeLayer([
    { path: 'lib/apk/db/installed', content: 'P:musl\nV:1-r0\nA:x86\n' },
    { path: 'bin/sh', symlink: 'busybox' },
  ]);
  async function* bytes() {
    yield layer.bytes;
  }
  const { facts } = await readLayer(bytes(), { digest: layer.digest, sizeBytes: layer.bytes.length }, cataloguers);
  return { digest: layer.digest, facts };
}

/** Where the one entry of the cache lies. */
function entryPath(): string {
  const [name] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.gz'));
  return join(folder, name ?? 'none');
}

test('facts come back as they went in', async () => {
  const { digest, facts } = await readOne();
  const cache = new LayerCache(join(folder, 'made', 'when', 'missing'), cataloguers);
  expect(await cache.find(digest)).toBeUndefined();
  await cache.keep(digest, { facts, verifiedBy: 'toc' });
  const found = await cache.find(digest);
  expect(found).toMatchObject({ verifiedBy: 'toc', facts: { files: facts.files, symlinks: facts.symlinks } });
  expect(found?.facts.entries.toBase64()).toBe(facts.entries.toBase64());
});

test('facts of other versions of a cataloguer are not found', async () => {
  const { digest, facts } = await readOne();
  await new LayerCache(folder, cataloguers).keep(digest, { facts, verifiedBy: 'layer' });
  const newer = { ...cataloguers, byPath: cataloguers.byPath.map(one => ({ ...one, version: one.version + 1 })) };
  expect(await new LayerCache(folder, newer).find(digest)).toBeUndefined();
});

test.each([
  { why: 'cut short', change: (bytes: Buffer) => bytes.subarray(0, bytes.length / 2) },
  { why: 'altered', change: (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20)]) },
  { why: 'empty', change: () => Buffer.alloc(0) },
  { why: 'something else', change: () => Buffer.from('not ours') },
])('an entry that is $why counts as none', async ({ change }) => {
  const { digest, facts } = await readOne();
  const cache = new LayerCache(folder, cataloguers);
  await cache.keep(digest, { facts, verifiedBy: 'layer' });
  writeFileSync(entryPath(), change(readFileSync(entryPath())));
  expect(await cache.find(digest)).toBeUndefined();
});

test('a folder that cannot be written is told in one sentence', async () => {
  const { digest, facts } = await readOne();
  writeFileSync(join(folder, 'file'), '');
  await expect(
    new LayerCache(join(folder, 'file'), cataloguers).keep(digest, { facts, verifiedBy: 'layer' }),
  ).rejects.toMatchObject({
    code: 'FILE_UNKNOWN',
  });
});
