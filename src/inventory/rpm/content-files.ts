/**
 * The files whose content a package vouches for: what an image must not change behind rpm's back.
 *
 * Kept for every package with the time of its installation, in short: a database lists tens of thousands of files. Left out is what
 * anybody may change: configuration, documentation, licences, what need not be there (`missingok`), artifacts of the build and ghosts, by
 * the flags of rpm; and the folders `etc`, `var`, `run`, `usr/lib/.build-id`, `usr/tmp` and a few like them.
 * Source: rpm, lib/rpmfiles.h (`RPMFILE_…`); preflight's check HasModifiedFiles, whose exemptions these are.
 */
import type { FactLimits } from '../fact-limits.ts';
import type { FileList } from './file-list.ts';
import { type Header, TAG } from './parse-header.ts';

/** The packages of one database with the files they vouch for. */
export interface RpmContent {
  /** Seconds since 1970, by index into the packages of the fact; 0 when the header does not say. */
  readonly installTimes: readonly number[];
  /** By index into the packages: a text for each folder, with the folder in its first line and a name in each other. */
  readonly folders: readonly (readonly string[])[];
}

const FLAG = { CONFIG: 1, DOC: 2, MISSINGOK: 8, GHOST: 0x40, LICENSE: 0x80, README: 0x100, ARTIFACT: 0x1000 } as const;
const ANYBODYS = FLAG.CONFIG | FLAG.DOC | FLAG.MISSINGOK | FLAG.GHOST | FLAG.LICENSE | FLAG.README | FLAG.ARTIFACT;
const EXEMPT = ['etc', 'var', 'run', 'usr/lib/.build-id', 'usr/tmp', 'usr/share/openstack-dashboard'];
const MODE_TYPE = 0o170000;
const MODE_FOLDER = 0o040000;
const SEPARATOR = '\n';

/** A database beyond these keeps what came before, and says so. */
const MAX_FILES = 2_000_000;
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** Gathers the files of one database. */
export class RpmContentBuilder {
  readonly #limits: FactLimits;
  readonly #installTimes: number[] = [];
  readonly #folders: string[][] = [];
  #files = 0;
  #characters = 0;

  constructor(limits: FactLimits) {
    this.#limits = limits;
  }

  /** The next package. */
  add(header: Header, list: FileList | undefined): void {
    this.#installTimes.push(header.numbers(TAG.INSTALLTIME)?.at(0) ?? 0);
    this.#folders.push(list === undefined ? [] : this.#foldersOf(list));
  }

  build(): RpmContent {
    return { installTimes: this.#installTimes, folders: this.#folders };
  }

  #foldersOf(list: FileList): string[] {
    // Databases of rpm 3, with whole paths, are of systems that no image is built from.
    const folders = list.folders.map(trimmed);
    const isExempt = folders.map(folder => EXEMPT.some(one => folder === one || folder.startsWith(`${one}/`)));
    const lists = new Map<number, string[]>();
    for (const [index, name] of list.names.entries()) {
      const at = list.folderOf(index);
      if (isExempt[at] !== false) continue;
      if ((list.flags(index) & ANYBODYS) !== 0) continue;
      if (((list.mode(index) ?? 0) & MODE_TYPE) === MODE_FOLDER) continue;
      const folder = folders[at] ?? '';
      if (name === '' || name.includes(SEPARATOR) || (name.endsWith('.cache') && /^usr(?:\/|$)/.test(folder))) continue;
      if (folder === '' && EXEMPT.includes(name)) continue;
      if (this.#files >= MAX_FILES || this.#characters > MAX_CHARACTERS) {
        this.#limits.lose('file(s) of packages beyond the limits; changes to them are not seen');
        continue;
      }
      this.#files += 1;
      this.#characters += name.length + 1;
      const known = lists.get(at);
      if (known !== undefined) known.push(name);
      else {
        this.#characters += folder.length;
        lists.set(at, [folder, name]);
      }
    }
    return [...lists.values()].map(lines => lines.join(SEPARATOR));
  }
}

/** The folders of the package at `index`, without leading slash and `''` for the root, each with the names of files it vouches for there. */
export function* contentFolders(
  { folders }: RpmContent,
  index: number,
): Generator<readonly [folder: string, names: readonly string[]]> {
  for (const text of folders[index] ?? []) {
    const [folder = '', ...names] = text.split(SEPARATOR);
    yield [folder, names];
  }
}

/** `/usr/bin/` is `usr/bin`. */
function trimmed(folder: string): string {
  return folder.replace(/^\/+/, '').replace(/\/$/, '');
}
