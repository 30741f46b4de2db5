/**
 * PHP packages and extensions that `pear` and `pecl` installed: one record each in the registry folder.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { wholeBody } from '../file-body.ts';
import { toPearPackage } from './package.ts';
import { parseRegistry } from './parse-registry.ts';

const MAX_BYTES = 8 * 1024 * 1024;

export const pearCataloguer: Cataloguer = {
  id: 'pear',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name.endsWith('.reg') && entry.path.includes('/.registry/'),
  read: file => ({ packages: [toPearPackage(parseRegistry(wholeBody(file.body, MAX_BYTES)))] }),
};
