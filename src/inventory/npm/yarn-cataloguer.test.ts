import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { buildZip } from '../../../test/fixtures/zip-builder.ts';
import { yarnCataloguer } from './yarn-cataloguer.ts';

const CACHE = 'srv/app/.yarn/cache/qs-npm-6.5.0-0a1b2c-abc123.zip';

test.each([
  { path: CACHE, claimed: true, why: 'the cache of a project' },
  { path: 'root/.yarn/berry/cache/qs-npm-6.5.0-0a1b2c-8.zip', claimed: true, why: 'the cache of a user' },
  { path: 'srv/app/qs.zip', claimed: false, why: 'any other archive' },
  { path: 'srv/app/.yarn/cache/.gitignore', claimed: false, why: 'not an archive' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(yarnCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test('a zipped package is found inside its archive, its helpers are not', () => {
  const zip = buildZip([
    { name: 'node_modules/@x/qs/package.json', content: '{"name":"@x/qs","version":"6.5.0","license":"BSD-3-Clause"}' },
    { name: 'node_modules/@x/qs/esm/package.json', content: '{"name":"helper","version":"0.0.0"}' },
    { name: 'node_modules/@x/qs/index.js', content: '' },
  ]);
  expect(readClaimed(yarnCataloguer, CACHE, zip)?.packages).toEqual([
    {
      type: 'npm',
      name: '@x/qs',
      version: '6.5.0',
      licenses: ['BSD-3-Clause'],
      inside: 'node_modules/@x/qs/package.json',
    },
  ]);
});

test('an archive that is cut off is told', () => {
  expect(() => readClaimed(yarnCataloguer, CACHE, 'PK')).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});
