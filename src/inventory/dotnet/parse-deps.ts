/**
 * The dependency file of a .NET program or shared framework: `NAME.deps.json`.
 *
 * Source: dotnet/sdk, "Runtime Configuration Files". `targets` says which files each library brings for a platform, `libraries` what
 * each library is. A library without files of its own was compiled against or merely referenced, and is not in the image.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { asRecord, isRecord, type JsonRecord } from '../json-file.ts';

/** One NuGet package that brought files. */
export interface LibraryRow {
  readonly name: string;
  readonly version: string;
  /** Its files as the deps file writes them: `lib/net8.0/Newtonsoft.Json.dll`, `runtimes/linux-x64/native/libe_sqlite3.so`. */
  readonly files: readonly string[];
}

/** In the libraries' keys of programs that bring their own runtime, before the name of the package. */
const RUNTIME_PACK = 'runtimepack.';
/** Kinds of library that are packages; `project` is the program itself, `reference` a bare DLL. */
const PACKAGE_KINDS = new Set(['package', 'runtimepack']);
/** What a library brings at run time; `compile` is for compilers only. */
const ASSET_GROUPS = ['runtime', 'native', 'resources', 'runtimeTargets'];

/**
 * The packages that bring at least one file, in the order of the file. Keys that are not `name/version` are told in `gaps`.
 *
 * @throws {PlimsollError} `FILE_INVALID` when it has neither targets nor libraries.
 */
export function parseDeps(json: unknown): { rows: LibraryRow[]; gaps: string[] } {
  const deps = asRecord(json);
  if (!isRecord(deps['targets']) || !isRecord(deps['libraries'])) {
    throw new PlimsollError('FILE_INVALID', 'It is no dependency file of .NET: no targets or no libraries');
  }
  const libraries = deps['libraries'];
  const rows: LibraryRow[] = [];
  let broken = 0;
  for (const [key, target] of Object.entries(runtimeTarget(deps, deps['targets']))) {
    const kind = declaredText(asRecord(Object.hasOwn(libraries, key) ? libraries[key] : undefined)['type']);
    if (kind !== undefined && !PACKAGE_KINDS.has(kind.toLowerCase())) continue;
    const files = ASSET_GROUPS.flatMap(group => Object.keys(asRecord(asRecord(target)[group]))).filter(isFile);
    if (files.length === 0) continue;
    const slash = key.lastIndexOf('/');
    const name = declaredText(key.slice(key.startsWith(RUNTIME_PACK) ? RUNTIME_PACK.length : 0, Math.max(0, slash)));
    const version = declaredText(key.slice(slash + 1));
    if (slash === -1 || name === undefined || version === undefined) broken += 1;
    else rows.push({ name, version, files });
  }
  return { rows, gaps: broken === 0 ? [] : [`${broken} library key(s) that are not name/version`] };
}

/** The target that runs: the one `runtimeTarget` names, else the only or the last one. */
function runtimeTarget(deps: JsonRecord, targets: JsonRecord): JsonRecord {
  const named = asRecord(deps['runtimeTarget'])['name'];
  if (typeof named === 'string' && isRecord(targets[named])) return targets[named];
  return asRecord(Object.values(targets).at(-1));
}

/** `_._` is NuGet's placeholder for "nothing for this platform". */
function isFile(path: string): boolean {
  return path !== '_._' && !path.endsWith('/_._');
}
