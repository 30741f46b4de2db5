/**
 * Dart packages in pub's cache: `hosted/HOST/NAME-VERSION/pubspec.yaml`. Compiled Dart programs tell nothing.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parsePubspec } from './parse-pubspec.ts';

const MAX_BYTES = 1024 * 1024;

export const dartCataloguer: Cataloguer = {
  id: 'dart',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name === 'pubspec.yaml' && path.split('/').at(-4) === 'hosted',
  read(file) {
    const row = parsePubspec(bodyText(file.body, MAX_BYTES));
    return row && { packages: [toPackage(row)] };
  },
};
