/**
 * .NET programs published as a single file: the NuGet packages whose assemblies are inside.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import { carriedPaths, toPackage } from '../dotnet/package.ts';
import { parseDeps } from '../dotnet/parse-deps.ts';
import { toBody } from '../file-body.ts';
import { parseJsonFile } from '../json-file.ts';
import { findBundle } from './find-bundle.ts';

const MAX_DEPS_BYTES = 32 * 1024 * 1024;

/**
 * A package counts only if one of its files is in the bundle, since publishing with trimming removes assemblies and leaves their names;
 * or if it has native files alone, which stay outside the bundle.
 */
export const dotnetBundleCataloguer: ExecutableCataloguer = {
  id: 'dotnet-bundle',
  version: 1,
  read(_file, executable) {
    const bundle = findBundle(executable);
    if (bundle === undefined) return undefined;
    const { paths, deps } = bundle;
    if (deps === undefined)
      return { gaps: ['.NET single-file program without dependency file: its packages are unknown'] };
    const text = toBody(executable.body.read(deps.offset, Math.min(deps.sizeBytes, MAX_DEPS_BYTES + 1)));
    const { rows, gaps } = parseDeps(parseJsonFile(text, MAX_DEPS_BYTES));
    const bundled = new Set(paths);
    const carried = rows.filter(
      row => !row.files.some(isAssembly) || carriedPaths(row, '').some(path => bundled.has(path)),
    );
    return { packages: carried.map(toPackage), gaps };
  },
};

function isAssembly(path: string): boolean {
  return path.endsWith('.dll');
}
