/**
 * Paths of a Nix store, `/nix/store/HASH-NAME`, whose name is all there is to tell package and version from.
 *
 * Source: Nix manual, "Store path" and `builtins.parseDrvName`; the output names are those of nixpkgs, doc/stdenv/multiple-output.
 */

/** What a store path tells. */
export interface StorePath {
  readonly name: string;
  readonly version: string;
  /** The 32 characters that stand for everything it was built from. */
  readonly hash: string;
}

const PATH = /^(?:\/?nix\/store\/)?([0-9a-df-np-sv-z]{32})-([\w.+?=-]{1,211})$/;
const OUTPUTS: ReadonlySet<string> = new Set([
  'out',
  'bin',
  'lib',
  'dev',
  'devdoc',
  'devman',
  'doc',
  'man',
  'info',
  'static',
  'debug',
  'dist',
  'py',
  'python',
  'modules',
  'data',
  'getent',
  'libgcc',
  'terminfo',
]);
/** Inputs of builds, which a store may still hold. */
const SOURCES = ['.drv', '.patch', '.diff', '.gz', '.xz', '.bz2', '.zst', '.tar', '.tgz', '.zip', '.lock'];

/**
 * Reads a store path; `undefined` when it is none, names no version, or is an input of a build. `deriver`: the path of the derivation
 * that built it, whose name has no output (`openssl-3.0.13.drv` built `openssl-3.0.13-bin`).
 */
export function parseStorePath(path: string, deriver?: string): StorePath | undefined {
  const [, hash, label] = PATH.exec(path) ?? [];
  if (hash === undefined || label === undefined || SOURCES.some(suffix => label.endsWith(suffix))) return undefined;
  const [, , derived] = PATH.exec(deriver ?? '') ?? [];
  const stem = derived?.endsWith('.drv') ? derived.slice(0, -'.drv'.length) : undefined;
  const whole = stem !== undefined && (label === stem || label.startsWith(`${stem}-`)) ? stem : withoutOutput(label);
  const hyphen = whole.search(/-\d/);
  return hyphen <= 0 ? undefined : { name: whole.slice(0, hyphen), version: whole.slice(hyphen + 1), hash };
}

function withoutOutput(label: string): string {
  const hyphen = label.lastIndexOf('-');
  return hyphen > 0 && OUTPUTS.has(label.slice(hyphen + 1)) ? label.slice(0, hyphen) : label;
}
