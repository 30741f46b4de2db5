/**
 * Java compiled to a program by GraalVM: the libraries it was built from, when it was asked to keep their list.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import { findSbom } from './find-sbom.ts';
import { parseComponents } from './parse-components.ts';

export const graalvmCataloguer: ExecutableCataloguer = {
  id: 'graalvm',
  version: 1,
  read(_file, executable) {
    const text = findSbom(executable);
    return text === undefined ? undefined : parseComponents(text);
  },
};
