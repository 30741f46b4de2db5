import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openFolderStore } from './folder-store.ts';
import { describeBlobStore } from './testing/blob-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-blobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeBlobStore('blobs in a folder', () => openFolderStore(folder));

test('an upload leaves room on the disk to others, and goes on when there is some', async () => {
  async function* bytes() {
    yield Buffer.from('some');
  }
  const { signal } = new AbortController();
  const options = { offset: 0, limitBytes: 100, signal };
  await using tight = await openFolderStore(folder, { keptFreeBytes: Number.MAX_SAFE_INTEGER });
  const { id } = await tight.startUpload({ signal });
  await expect(tight.append(id, bytes(), options)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('the disk is nearly full'),
  });
  await using roomy = await openFolderStore(folder, { keptFreeBytes: 1 });
  expect(await roomy.append(id, bytes(), options)).toEqual({ id, sizeBytes: 4 });
  await roomy.cancel(id, { signal });
});
