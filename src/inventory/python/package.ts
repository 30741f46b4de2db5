/** From the metadata of a distribution to a package. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { Metadata } from './parse-metadata.ts';
import type { Origin } from './parse-origin.ts';

/**
 * The package whose metadata is at `path`; `undefined` for the interpreter and its standard library, which are no distributions of the
 * index though Python 2 and 3.7 record them like such.
 *
 * `vendored` marks copies inside another package (`setuptools/_vendor`): pip does not list them, programs import them.
 */
export function toPackage(metadata: Metadata, path: string, origin: Origin = {}): FoundPackage | undefined {
  if (INTERPRETER.has(metadata.name.toLowerCase())) return undefined;
  return {
    type: 'pypi',
    name: metadata.name,
    version: metadata.version,
    ...declaredLicenses(metadata.licenses),
    ...declaredProperties({ ...origin, vendored: path.includes('/_vendor/') ? 'true' : undefined }),
  };
}

const INTERPRETER = new Set(['python', 'wsgiref']);
