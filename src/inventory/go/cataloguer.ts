/**
 * Go programs and shared libraries: the modules they were built from, by the build information inside.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import { findBuildInfo } from './find-build-info.ts';
import { findLinkerConstant } from './linker-constant.ts';
import { toPackages } from './package.ts';
import { parseModules } from './parse-modules.ts';

export const goCataloguer: ExecutableCataloguer = {
  id: 'go',
  version: 1,
  read(_file, executable) {
    const raw = findBuildInfo(executable);
    if (raw === undefined) return undefined;
    const build = parseModules(raw.modules);
    const gaps = [...build.gaps];
    // The tools of the Go distribution are made of the standard library alone; anything else without modules hides them.
    const isGoTool = build.mainPackage?.startsWith('cmd/') === true;
    if (build.mainModule === undefined && build.dependencies.length === 0 && !isGoTool) {
      gaps.push('Go program built without module information: its modules are unknown');
    }
    const linkerConstant = () => findLinkerConstant(executable, raw.goVersion);
    return { packages: toPackages(raw.goVersion, build, linkerConstant), gaps };
  },
};
