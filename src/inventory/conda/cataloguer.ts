/**
 * Conda packages, as conda, mamba, micromamba and pixi record them in each environment's `conda-meta/NAME-VERSION-BUILD.json`.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { parseJsonFile } from '../json-file.ts';
import { toPackage } from './package.ts';
import { parseRecord } from './parse-record.ts';

/** Records list every file of the package, several times: those of toolkits reach 20 MiB. */
const MAX_BYTES = 48 * 1024 * 1024;

export const condaCataloguer: Cataloguer = {
  id: 'conda',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name.endsWith('.json') && name.includes('-') && path.split('/').at(-2) === 'conda-meta',
  read: file => ({ packages: [toPackage(parseRecord(parseJsonFile(file.body, MAX_BYTES)))] }),
};
