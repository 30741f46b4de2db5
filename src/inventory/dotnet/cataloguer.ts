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
import { parseDeps } from './parse-deps.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Writes `extra.carriedBy`: `[index into packages, paths]`. The package counts only if one of the paths is in the final tree:
 * publishing with trimming removes assemblies and leaves them in this file.
 */
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
      extra: { carriedBy: rows.map((row, at) => [at, carriedPaths(row, folder)]) },
      gaps: [...deps.gaps, ...limits.gaps()],
    };
  },
};
