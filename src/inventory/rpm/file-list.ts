/** The files that a package header lists, read once for all who ask about them. */
import { type Header, TAG } from './parse-header.ts';

/** Files by position. Lists of a damaged header may be shorter than `names`: what is beyond them reads as `undefined`. */
export interface FileList {
  /** Without their folder. */
  readonly names: readonly string[];
  /** Folders as written, `/usr/bin/`. */
  readonly folders: readonly string[];
  /** Position of the folder of each file; -1 when it has none. */
  folderOf(index: number): number;
  /** With the bits of the file's type. */
  mode(index: number): number | undefined;
  /** `RPMFILE_…`; 0 when the header has none. */
  flags(index: number): number;
}

/** The list, `undefined` for a header of rpm 3, which kept whole paths, or one without files. */
export function readFileList(header: Header): FileList | undefined {
  const names = header.strings(TAG.BASENAMES)?.map(name => name.toString('utf8'));
  if (names === undefined) return undefined;
  const folders = header.strings(TAG.DIRNAMES)?.map(folder => folder.toString('utf8')) ?? [];
  const folderOf = header.numbers(TAG.DIRINDEXES);
  const modes = header.numbers(TAG.FILEMODES);
  const flags = header.numbers(TAG.FILEFLAGS);
  return {
    names,
    folders,
    folderOf: index => folderOf?.at(index) ?? -1,
    mode: index => modes?.at(index),
    flags: index => flags?.at(index) ?? 0,
  };
}
