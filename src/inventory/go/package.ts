/** From the build information of a Go program to packages: modules, the standard library, the program itself. */
import type { FoundPackage } from '../package.ts';
import { findKnownProgram, GO_COMMAND } from './known-program.ts';
import { findLinkerVersion } from './linker-version.ts';
import type { GoBuild, GoModule } from './parse-modules.ts';
import { parseToolchain } from './toolchain.ts';

/** A module built from a working copy: it exists, and no version can be told or matched. */
const NO_VERSION = '(devel)';
/** `go build file.go` invents this module; it is not one. */
const NO_MODULE = 'command-line-arguments';
/** What the analysis of vulnerabilities needs: many concern one system, and a commit says more than `(devel)`. */
const TARGET_SETTINGS = ['GOARCH', 'GOOS'] as const;
const SOURCE_SETTINGS = ['vcs.modified', 'vcs.revision', 'vcs.time'] as const;

/**
 * The packages of one Go program.
 *
 * Every module carries `GOOS` and `GOARCH` in its properties; the main module also `vcs.revision`, `vcs.time` and `vcs.modified`,
 * and `version-from: ldflags` when its version comes from the linker flags. A replaced module is named for what was really built,
 * `replaces` says what for; one replaced by a folder keeps its name, has no version, and `replaced-by` names the folder.
 */
export function toPackages(goVersion: string, build: GoBuild): FoundPackage[] {
  const target = pick(build, TARGET_SETTINGS);
  const main = toMainPackage(build, target);
  const library = toStandardLibrary(goVersion, target);
  const program = findKnownProgram({
    mainPackage: build.mainPackage,
    mainModule: build.mainModule?.path,
    version: build.mainModule === undefined ? linkerVersion(build) : main?.version,
    toolchain: library.version,
  });
  return [
    ...(main === undefined ? [] : [main]),
    ...build.dependencies.map(module => toPackage(module, target)),
    library,
    // Advisories about the go command itself name the module `toolchain`.
    ...(build.mainPackage === GO_COMMAND ? [{ ...library, name: 'toolchain' }] : []),
    ...(program === undefined ? [] : [program]),
  ];
}

function toPackage(module: GoModule, properties: Record<string, string>): FoundPackage {
  const { replacement } = module;
  if (replacement === undefined) {
    return { type: 'golang', name: module.path, version: module.version || NO_VERSION, properties };
  }
  const isFolder = /^(?:\.{0,2}\/|[A-Za-z]:)/.test(replacement.path);
  return {
    type: 'golang',
    name: isFolder ? module.path : replacement.path,
    version: isFolder ? NO_VERSION : replacement.version || NO_VERSION,
    properties: {
      ...properties,
      ...(isFolder
        ? { 'replaced-by': replacement.path }
        : { replaces: module.version === '' ? module.path : `${module.path}@${module.version}` }),
    },
  };
}

function toMainPackage(build: GoBuild, target: Record<string, string>): FoundPackage | undefined {
  const { mainModule, mainPackage } = build;
  if (mainModule === undefined || mainModule.path === NO_MODULE || mainPackage === NO_MODULE) return undefined;
  const found = toPackage(mainModule, { ...target, ...pick(build, SOURCE_SETTINGS) });
  if (found.version !== NO_VERSION) return found;
  const version = linkerVersion(build);
  if (version === undefined) return found;
  return { ...found, version, properties: { ...found.properties, 'version-from': 'ldflags' } };
}

function linkerVersion({ settings, mainModule }: GoBuild): string | undefined {
  return findLinkerVersion(settings.get('-ldflags') ?? '', mainModule?.path);
}

function toStandardLibrary(goVersion: string, target: Record<string, string>): FoundPackage {
  const toolchain = parseToolchain(goVersion);
  return {
    type: 'golang',
    name: 'stdlib',
    version: toolchain.version,
    properties: {
      ...target,
      ...(toolchain.isPlain ? {} : { toolchain: goVersion.slice(0, 200) }),
      ...(toolchain.isVendor ? { 'vendor-toolchain': 'true' } : {}),
    },
  };
}

function pick({ settings }: GoBuild, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = settings.get(name);
    if (value !== undefined) picked[name] = value.slice(0, 200);
  }
  return picked;
}
