import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openFolderStore } from './folder-store.ts';
import { describeBlobStore } from './testing/blob-store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-blobs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeBlobStore('blobs in a folder', () => openFolderStore(folder));
