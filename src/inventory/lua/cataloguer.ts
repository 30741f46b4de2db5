/**
 * Lua rocks that LuaRocks installed. Rockspecs elsewhere belong to source trees.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { isTree, parseRockspec } from './parse-rockspec.ts';

const MAX_BYTES = 1024 * 1024;

export const luaCataloguer: Cataloguer = {
  id: 'lua',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name.endsWith('.rockspec') && isTree(entry.path.split('/').at(-4) ?? ''),
  read(file) {
    const rock = parseRockspec(file.path, bodyText(file.body, MAX_BYTES));
    return rock && { packages: [toPackage(rock)] };
  },
};
