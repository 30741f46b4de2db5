import { mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { readFolder } from './read-folder.ts';

test('a folder too deep to be read is a gap, not silence', async () => {
  await using folder = await scratchFolder();
  await mkdir(folder.at(...Array.from({ length: 260 }, () => 'd')), { recursive: true });
  const { gaps } = await readFolder(folder.path, { byPath: [], byMagic: [] }, { signal: new AbortController().signal });
  expect(gaps.map(gap => gap.reason)).toEqual(['Folders deeper than 256 levels are not read']);
});
