/**
 * Java runtimes, by the `release` file at the top of their folder.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parseRelease } from './parse-release.ts';

/** Most of it is the list of modules, 2 kB. */
const MAX_BYTES = 512 * 1024;

export const jvmCataloguer: Cataloguer = {
  id: 'jvm',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'release' && entry.sizeBytes <= MAX_BYTES,
  read(file) {
    const release = parseRelease(bodyText(file.body, MAX_BYTES));
    return release === undefined ? undefined : { packages: [toPackage(release)] };
  },
};
