import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { haskellCataloguer } from './cataloguer.ts';

const PATH = 'var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf';
const FOUND = { type: 'hackage', name: 'aeson', version: '2.0.3.0', licenses: ['BSD-3-Clause'] };
const read = (content: string) => readClaimed(haskellCataloguer, PATH, content)?.packages;

test.each([
  { path: PATH, claimed: true, why: 'the global database' },
  { path: 'root/.cabal/store/ghc-9.4.7/package.db/aeson-2-0a1b.conf', claimed: true, why: "cabal's store" },
  { path: 'etc/nginx/conf.d/site.conf', claimed: false, why: 'another program’s' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(haskellCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  {
    content:
      'name:          aeson\nversion:       2.0.3.0\nlicense:       BSD-3-Clause\ncopyright:\n    (c) 2011\n\n    (c) 2012\n',
    why: 'values beside their names',
  },
  { content: 'name:\n    aeson\n\nversion:\n    2.0.3.0\nlicense: BSD-3-Clause\n', why: 'values below their names' },
  {
    content: 'name: z-aeson-z-inner\npackage-name: aeson\nlib-name: inner\nversion: 2.0.3.0\nlicense: BSD-3-Clause\n',
    why: 'a library inside a package goes by the package',
  },
])('$why', ({ content }) => {
  expect(read(content)).toEqual([FOUND]);
});

test('a registration without a version is refused', () => {
  expect(() => read('name: aeson\n')).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});
