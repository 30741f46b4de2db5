/**
 * Haskell packages in GHC's databases, those of cabal and stack included. Compiled programs tell nothing.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parseRegistration } from './parse-registration.ts';

const MAX_BYTES = 4 * 1024 * 1024;
const DATABASES = new Set(['package.conf.d', 'package.db', 'pkgdb']);

export const haskellCataloguer: Cataloguer = {
  id: 'haskell',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name.endsWith('.conf') && DATABASES.has(path.split('/').at(-2) ?? ''),
  read: file => ({ packages: [toPackage(parseRegistration(bodyText(file.body, MAX_BYTES)))] }),
};
