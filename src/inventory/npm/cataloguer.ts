/**
 * Node.js packages: the `package.json` at the root of each installed package.
 *
 * What bundlers compiled into one file leaves no manifest and is not found. Lock files say what somebody wanted and are not read.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { parseJsonFile } from '../json-file.ts';
import { isInstalledRoot } from './installed-root.ts';
import { toPackage } from './package.ts';
import { parseManifest } from './parse-manifest.ts';

const MAX_BYTES = 8 * 1024 * 1024;

export const npmCataloguer: Cataloguer = {
  id: 'npm',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === 'package.json' && isInstalledRoot(entry.path),
  read(file) {
    const manifest = parseManifest(parseJsonFile(file.body, MAX_BYTES));
    return manifest && { packages: [toPackage(manifest)] };
  },
};
