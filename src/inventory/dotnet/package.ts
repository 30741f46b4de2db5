/** From a library of a dependency file to a package. */
import type { FoundPackage } from '../package.ts';
import type { LibraryRow } from './parse-deps.ts';

/** The NuGet package of one library. Licences are not in the file. */
export function toPackage(row: LibraryRow): FoundPackage {
  return { type: 'nuget', name: row.name, version: row.version };
}

/**
 * Where the files of a library may be, by the folder of its dependency file: publishing lays managed files flat beside it, and
 * keeps the rest of the path below `runtimes/` and for resources (`fr/X.resources.dll`). Without leading slash.
 */
export function carriedPaths(row: LibraryRow, folder: string): string[] {
  const paths = new Set<string>();
  for (const file of row.files) {
    const parts = file.split('/').filter(part => part !== '' && part !== '.' && part !== '..');
    for (const kept of [1, 2, parts.length]) paths.add([folder, ...parts.slice(-kept)].filter(Boolean).join('/'));
  }
  return [...paths];
}
