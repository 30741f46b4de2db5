/**
 * The files a package header lists, as far as they may be evidence of other packages.
 */
import type { FactLimits } from '../fact-limits.ts';
import { type Header, TAG } from './parse-header.ts';

const FLAG_GHOST = 0x40;
const MODE_TYPE = 0o170000;
const MODE_REGULAR = 0o100000;

/**
 * Paths of the regular files of a package, without leading slash. Ghosts are left out: the package reserves their names and brings no
 * content. So are folders and links, which are never evidence themselves.
 */
export function ownedFiles(header: Header, limits: FactLimits): string[] {
  const modes = header.numbers(TAG.FILEMODES);
  const flags = header.numbers(TAG.FILEFLAGS);
  const owned: string[] = [];
  const add = (index: number, path: string) => {
    const mode = modes?.at(index);
    if (mode !== undefined && (mode & MODE_TYPE) !== MODE_REGULAR) return;
    if (((flags?.at(index) ?? 0) & FLAG_GHOST) !== 0) return;
    const relative = path.startsWith('/') ? path.slice(1) : path;
    if (limits.admitsPath(relative)) owned.push(relative);
  };

  const names = header.strings(TAG.BASENAMES);
  if (names === undefined) {
    // rpm 3 kept whole paths.
    for (const [index, path] of (header.strings(TAG.OLDFILENAMES) ?? []).entries()) add(index, path.toString('utf8'));
    return owned;
  }
  const folders = header.strings(TAG.DIRNAMES)?.map(folder => folder.toString('utf8')) ?? [];
  const folderOf = header.numbers(TAG.DIRINDEXES);
  for (const [index, name] of names.entries()) {
    const folder = folders[folderOf?.at(index) ?? -1];
    if (folder === undefined) limits.lose('owned path(s) without a folder');
    else add(index, folder + name.toString('utf8'));
  }
  return owned;
}
