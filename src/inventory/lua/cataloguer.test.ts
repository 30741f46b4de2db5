import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { luaCataloguer } from './cataloguer.ts';

const PATH = 'usr/local/lib/luarocks/rocks-5.1/kong-lapis/1.16.0.1-1/kong-lapis-1.16.0.1-1.rockspec';
const FOUND = { type: 'luarocks', name: 'kong-lapis', version: '1.16.0.1-1' };

test.each([
  { path: PATH, claimed: true, why: 'an installed rock' },
  {
    path: 'srv/app/lua_modules/lib/luarocks/rocks-5.4/a/1-1/a-1-1.rockspec',
    claimed: true,
    why: 'a tree of a project',
  },
  { path: 'srv/app/app-scm-0.rockspec', claimed: false, why: 'a source tree' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(luaCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  {
    content: 'package = "kong-lapis"\nversion = "1.16.0.1-1"\ndescription = {\n  license = "MIT",\n}\n',
    found: { ...FOUND, licenses: ['MIT'] },
    why: 'the usual form',
  },
  { content: 'local v = "1.16"\nversion = v .. ".0.1-1"\n', found: FOUND, why: 'a version that Lua puts together' },
  { content: '', found: FOUND, why: 'the folders tell what LuaRocks installed' },
])('$why', ({ content, found }) => {
  expect(readClaimed(luaCataloguer, PATH, content)?.packages).toEqual([found]);
});

test('a rockspec that is not named for its folders was not installed there', () => {
  const path = 'usr/local/lib/luarocks/rocks-5.1/a/1-1/b-1-1.rockspec';
  expect(readClaimed(luaCataloguer, path, 'package = "b"')).toBeUndefined();
});
