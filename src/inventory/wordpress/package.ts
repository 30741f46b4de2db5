/** From the headers of WordPress and its extensions to packages. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { Header } from './parse-header.ts';

/** A plugin or theme under its slug, the folder's name, which is its name in WordPress' directories and in advisories. */
export function toPackage(slug: string, kind: 'plugin' | 'theme', header: Header): FoundPackage {
  return {
    type: 'wordpress',
    name: slug,
    version: header.version,
    ...declaredLicenses([header.license]),
    ...declaredProperties({ kind, title: header.title }),
  };
}

/** WordPress itself. */
export function toCore(version: string): FoundPackage {
  return { type: 'wordpress', name: 'wordpress', version, ...declaredProperties({ kind: 'core' }) };
}
