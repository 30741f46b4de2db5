/**
 * The files a package header lists, as far as they may be evidence of other packages.
 */
import type { FactLimits } from '../fact-limits.ts';
import type { FileList } from './file-list.ts';
import { type Header, TAG } from './parse-header.ts';

const FLAG_GHOST = 0x40;
const MODE_TYPE = 0o170000;
const MODE_REGULAR = 0o100000;

/**
 * Paths of the regular files of a package, without leading slash. Ghosts are left out: the package reserves their names and brings no
 * content. So are folders and links, which are never evidence themselves.
 */
export function ownedFiles(header: Header, list: FileList | undefined, limits: FactLimits): string[] {
  const owned: string[] = [];
  const add = (path: string, mode: number | undefined, flags: number) => {
    if (mode !== undefined && (mode & MODE_TYPE) !== MODE_REGULAR) return;
    if ((flags & FLAG_GHOST) !== 0) return;
    const relative = path.startsWith('/') ? path.slice(1) : path;
    if (limits.admitsPath(relative)) owned.push(relative);
  };

  if (list === undefined) {
    const modes = header.numbers(TAG.FILEMODES);
    const flags = header.numbers(TAG.FILEFLAGS);
    // rpm 3 kept whole paths.
    for (const [index, path] of (header.strings(TAG.OLDFILENAMES) ?? []).entries()) {
      add(path.toString('utf8'), modes?.at(index), flags?.at(index) ?? 0);
    }
    return owned;
  }
  for (const [index, name] of list.names.entries()) {
    const folder = list.folders[list.folderOf(index)];
    if (folder === undefined) limits.lose('owned path(s) without a folder');
    else add(folder + name, list.mode(index), list.flags(index));
  }
  return owned;
}
