/**
 * The contract of a cataloguer: which files of a layer it wants, and what it makes of their bytes.
 *
 * A cataloguer sees one file (or one small group of files) of one layer and nothing else: no other layer, no network, no clock.
 * That makes its facts cacheable by layer digest and cataloguer version, and the squash of layers a pure step of its own.
 */
import type { FileBody } from './file-body.ts';
import type { FoundPackage, OsRelease } from './package.ts';
import type { RpmContent } from './rpm/content-files.ts';

/** A file entry of a layer, before its bytes are read. */
export interface FileEntry {
  /** Normalised, without leading slash: `usr/lib/os-release`. */
  readonly path: string;
  /** The last component of `path`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Permission bits, for example `0o755`. */
  readonly mode: number;
}

/** A file whose bytes a cataloguer asked for. */
export interface ClaimedFile extends FileEntry {
  readonly body: FileBody;
}

/** What one cataloguer learnt from one file. Plain data: it is stored as JSON in the layer cache. */
export interface FileFact {
  readonly packages?: readonly FoundPackage[];
  readonly osRelease?: OsRelease;
  /**
   * Paths this file says belong to packages of it: `[index into packages, paths]`. Only for package databases that list files
   * inside (apk, rpm, pacman); normalised, without leading slash. Keep only paths for which `isEvidencePath` holds.
   */
  readonly owned?: readonly (readonly [packageIndex: number, paths: readonly string[]])[];
  /** Paths owned by a package named elsewhere: dpkg's `info/NAME.list`. Same filter. */
  readonly ownedBy?: {
    readonly type: 'deb' | 'opkg' | 'alpm';
    readonly name: string;
    readonly arch?: string;
    readonly paths: readonly string[];
  };
  /** What the packages of an rpm database vouch for, and when they were installed. */
  readonly content?: RpmContent;
  /**
   * For records that may name more than is there: `[index into packages, paths]`. The package counts only if the final tree has one of
   * the paths; packages without an entry here always count. Normalised, without leading slash.
   */
  readonly carriedBy?: readonly (readonly [packageIndex: number, paths: readonly string[]])[];
  /** Anything else a later stage reads by name, as short plain JSON; documented at the cataloguer that writes it. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** What in this file could not be read; the rest of the fact still counts. */
  readonly gaps?: readonly string[];
}

/**
 * Finds packages in the files of a layer. One folder per ecosystem: `cataloguer.ts` (which paths, which parser),
 * `parse-*.ts` (bytes to rows), tests and `testdata/` beside them; one line in `cataloguers.ts`.
 */
export interface Cataloguer {
  /** For example `apk`. Stable: it is in cache keys. */
  readonly id: string;
  /** Raise it whenever `read` or `claims` would answer differently for the same file; cached facts of older versions are dropped. */
  readonly version: number;
  /** The largest file it reads, in bytes; a larger one becomes a gap. */
  readonly maxBytes: number;

  /** How much of a file it looks at, in bytes from its start; without, all of it. `maxBytes` then bounds nothing that is fetched. */
  readonly headBytes?: number;

  /**
   * Whether it wants the file, judged by path, size and mode. Called for every file of every layer: a few string comparisons,
   * `entry.name` first, no regular expression unless the name already fits.
   */
  claims(entry: FileEntry): boolean;

  /**
   * Makes facts of the file; `undefined` when it turns out to be none of ours (a `status` file that is not dpkg's).
   * Malformed parts become `gaps`, and a file that is hopeless throws `FILE_INVALID` or `LIMIT_EXCEEDED`, which the caller turns
   * into a gap. Bounded in time and memory whatever the bytes.
   */
  read(file: ClaimedFile): FileFact | undefined;

  /**
   * Path of the file that this one belongs to when both must be read together, for example `rpmdb.sqlite` for
   * `rpmdb.sqlite-wal`. Companions (up to 64 MiB) of one layer are handed to `read` of the main file as `companions`.
   */
  companionOf?(entry: FileEntry): string | undefined;
}

/** A main file with its companions, keyed by path. */
export interface ClaimedGroup extends ClaimedFile {
  readonly companions: ReadonlyMap<string, FileBody>;
}

/** Like `Cataloguer`, for executables known by their first bytes rather than their path: ELF, PE, Mach-O. */
export interface ExecutableCataloguer {
  readonly id: string;
  readonly version: number;
  /** Makes facts of an executable already opened; `undefined` when it has nothing of ours. */
  read(file: ClaimedFile, executable: import('./executable/executable.ts').Executable): FileFact | undefined;
}

/**
 * Whether a file at `path` could be evidence of a language package or program, so that its owner matters: executables and
 * libraries by place, and the metadata files that cataloguers claim. File lists of OS packages keep only such paths.
 */
export function isEvidencePath(path: string): boolean {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (EVIDENCE_NAMES.has(name)) return true;
  const dot = name.lastIndexOf('.');
  if (dot > 0 && EVIDENCE_SUFFIXES.has(name.slice(dot))) return true;
  if (name.includes('.so')) return true;
  // Evidence by place: distributions package WordPress with its plugins, and Haskell libraries with their registrations.
  if (path.includes('/wp-content/') || path.endsWith('/wp-includes/version.php')) return true;
  if (path.includes('/package.conf.d/')) return true;
  if (DATA_FOLDERS.test(path)) return false;
  const folder = slash === -1 ? '' : path.slice(0, slash);
  return dot <= 0 || /(?:^|\/)s?bin$/.test(folder) || (/^(?:usr\/)?lib(?:exec)?\//.test(folder) && !name.includes('.'));
}

/** Folders full of files without extension that are neither programs nor metadata: half of what distributions own. */
const DATA_FOLDERS =
  /^(?:etc|boot|usr\/share\/(?:zoneinfo|terminfo|locale|man|i18n|bug|lintian|bash-completion|doc|licenses)|(?:usr\/)?lib\/(?:terminfo|\.build-id))\//;
const EVIDENCE_NAMES = new Set([
  'package.json',
  'METADATA',
  'PKG-INFO',
  'installed.json',
  'release',
  'DESCRIPTION',
  'os-release',
]);
const EVIDENCE_SUFFIXES = new Set([
  '.jar',
  '.war',
  '.ear',
  '.par',
  '.sar',
  '.nar',
  '.jpi',
  '.hpi',
  '.kar',
  '.far',
  '.lpkg',
  '.rar',
  '.zap',
  '.gemspec',
  '.egg-info',
  '.egg',
  '.ez',
  '.json',
  '.app',
  '.reg',
  '.rockspec',
  '.so',
  '.dll',
  '.exe',
  '.dylib',
  '.spdx',
  '.gguf',
  '.safetensors',
  '.phar',
  '.node',
]);
