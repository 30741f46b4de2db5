/** From the build information of a Go program to packages: modules, the standard library, the program itself. */
import { declaredProperties, declaredText } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import { findKnownProgram, GO_COMMAND, toDistribution, toProduct } from './known-program.ts';
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
 * The packages of one Go program. `linkerConstant` is asked only when a product that advisories know would have no version else.
 *
 * Every module carries `GOOS` and `GOARCH` in its properties; the main module also `vcs.revision`, `vcs.time` and `vcs.modified`,
 * and `version-from` when its version is not from its own line: `ldflags`, or `constant` when it was found among the constants. A
 * replaced module is named for what was really built, `replaces` says what for; one replaced by a folder keeps its name, has no
 * version, and `replaced-by` names the folder.
 */
export function toPackages(
  goVersion: string,
  build: GoBuild,
  linkerConstant: () => string | undefined,
): FoundPackage[] {
  const { mainModule, mainPackage } = build;
  const target = pick(build, TARGET_SETTINGS);
  const library = toStandardLibrary(goVersion, target);
  const known = findKnownProgram(mainModule?.path, mainPackage);
  const told = findToldVersion(build, known === undefined ? undefined : linkerConstant);
  const main = toMainPackage(build, target, told);
  const productVersion = main?.version ?? told?.version;
  return [
    ...(main === undefined ? [] : [main]),
    ...build.dependencies.map(module => toPackage(module, target)),
    library,
    ...(mainPackage === GO_COMMAND ? toDistribution(library.version) : []),
    ...(known === undefined || productVersion === undefined ? [] : toProduct(known, productVersion)),
  ];
}

/** The version that a build script told the linker, wherever it can still be seen. */
function findToldVersion(
  { settings, mainModule }: GoBuild,
  linkerConstant: (() => string | undefined) | undefined,
): { version: string; from: 'ldflags' | 'constant' } | undefined {
  if (mainModule !== undefined && hasVersion(mainModule)) return undefined;
  const flags = settings.get('-ldflags');
  const version = flags === undefined ? undefined : findLinkerVersion(flags, mainModule?.path);
  if (version !== undefined) return { version, from: 'ldflags' };
  const constant = linkerConstant?.();
  return constant === undefined ? undefined : { version: constant, from: 'constant' };
}

function hasVersion({ version }: GoModule): boolean {
  return version !== '' && version !== NO_VERSION;
}

type Properties = Readonly<Record<string, string | undefined>>;

function toPackage({ path, version, replacement }: GoModule, properties: Properties): FoundPackage {
  if (replacement === undefined) return golang(path, version || NO_VERSION, properties);
  if (/^(?:\.{0,2}\/|[A-Za-z]:)/.test(replacement.path)) {
    return golang(path, NO_VERSION, { ...properties, 'replaced-by': replacement.path });
  }
  const replaces = version === '' ? path : `${path}@${version}`;
  return golang(replacement.path, replacement.version || NO_VERSION, { ...properties, replaces });
}

function toMainPackage(
  build: GoBuild,
  target: Properties,
  told: { version: string; from: string } | undefined,
): FoundPackage | undefined {
  const { mainModule, mainPackage } = build;
  if (mainModule === undefined || mainModule.path === NO_MODULE || mainPackage === NO_MODULE) return undefined;
  const properties = { ...target, ...pick(build, SOURCE_SETTINGS) };
  return told === undefined
    ? toPackage(mainModule, properties)
    : golang(mainModule.path, told.version, { ...properties, 'version-from': told.from });
}

function toStandardLibrary(goVersion: string, target: Properties): FoundPackage {
  const { version, isPlain, isVendor } = parseToolchain(goVersion);
  return golang('stdlib', version, {
    ...target,
    toolchain: isPlain ? undefined : declaredText(goVersion),
    'vendor-toolchain': isVendor ? 'true' : undefined,
  });
}

function golang(name: string, version: string, properties: Properties): FoundPackage {
  return { type: 'golang', name, version, ...declaredProperties(properties) };
}

function pick({ settings }: GoBuild, names: readonly string[]): Properties {
  return Object.fromEntries(names.map(name => [name, declaredText(settings.get(name))]));
}
