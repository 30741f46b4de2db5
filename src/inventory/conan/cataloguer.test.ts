import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { conanCataloguer } from './cataloguer.ts';

const CACHE = 'root/.conan/data/libpng/1.6.39/_/_/package/0a1b2c/conaninfo.txt';
const INFO = `[settings]
    os=Linux
[requires]
    zlib/1.Y.Z
[full_requires]
    zlib/1.2.13:0a1b2c
    fmt/9.1.0@team/stable#f00:1234
    broken
[options]
    shared=False
`;
const ZLIB = { type: 'conan', name: 'zlib', version: '1.2.13' };
const FMT = { type: 'conan', name: 'fmt', version: '9.1.0', properties: { user: 'team', channel: 'stable' } };

test.each([
  {
    path: CACHE,
    found: [{ type: 'conan', name: 'libpng', version: '1.6.39' }, ZLIB, FMT],
    why: 'the path names the package',
  },
  { path: 'app/build/conaninfo.txt', found: [ZLIB, FMT], why: 'what a program was linked with' },
])('$why', ({ path, found }) => {
  expect(readClaimed(conanCataloguer, path, INFO)?.packages).toEqual(found);
});

test('versions that are patterns are no versions of anything', () => {
  expect(readClaimed(conanCataloguer, 'app/conaninfo.txt', '[requires]\n  zlib/1.Y.Z\n')).toBeUndefined();
});

test('only files of that very name are claimed', () => {
  expect(conanCataloguer.claims(fileEntry('app/conanfile.txt'))).toBe(false);
});
