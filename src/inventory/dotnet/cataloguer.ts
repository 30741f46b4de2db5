/**
 * NuGet packages of .NET programs and of the shared frameworks, from their `*.deps.json`.
 *
 * The files in `shared/Microsoft.NETCore.App/VERSION/` name the package `Microsoft.NETCore.App.Runtime.PLATFORM`, as advisories do;
 * programs that bring their runtime name it with a prefix.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { parseJsonFile } from '../json-file.ts';
import { carriedPaths, toPackage } from './package.ts';
import { type LibraryRow, parseDeps } from './parse-deps.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** Publishing with trimming removes assemblies and leaves them in this file: what counts is what is there (`carriedBy`). */
export const dotnetCataloguer: Cataloguer = {
  id: 'dotnet',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name.endsWith('.deps.json'),
  read(file) {
    const deps = parseDeps(parseJsonFile(file.body, MAX_BYTES));
    const limits = new FactLimits();
    const rows = deps.rows.filter(() => limits.admitsPackage());
    const folder = file.path.slice(0, Math.max(0, file.path.lastIndexOf('/')));
    return {
      packages: rows.map(toPackage),
      carriedBy: carriers(rows, folder),
      gaps: [...deps.gaps, ...limits.gaps()],
    };
  },
};

/** The largest library, .NET's runtime, has under 400 files. */
const MAX_FILES = 1000;
/** Characters of paths in one fact; a long folder name times many files would be gigabytes. Libraries beyond simply count. */
const MAX_PATH_CHARS = 4 * 1024 * 1024;

function carriers(rows: readonly LibraryRow[], folder: string): (readonly [number, readonly string[]])[] {
  let chars = 0;
  return rows.flatMap((row, at) => {
    if (row.files.length > MAX_FILES || chars > MAX_PATH_CHARS) return [];
    const paths = carriedPaths(row, folder);
    for (const path of paths) chars += path.length;
    return [[at, paths] as const];
  });
}
