/**
 * C and C++ packages from Conan.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parseConaninfo } from './parse-conaninfo.ts';

const MAX_BYTES = 1024 * 1024;

export const conanCataloguer: Cataloguer = {
  id: 'conan',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'conaninfo.txt',
  read(file) {
    const packages = parseConaninfo(file.path, bodyText(file.body, MAX_BYTES)).map(toPackage);
    return packages.length === 0 ? undefined : { packages };
  },
};
