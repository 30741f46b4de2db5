/**
 * The door to executables: told by their first bytes, never by name or mode.
 */
import type { FileBody } from '../file-body.ts';
import type { Executable } from './executable.ts';
import { readElf } from './read-elf.ts';
import { isMachO, readMachO } from './read-mach-o.ts';
import { readPe } from './read-pe.ts';

const ELF_MAGIC = 0x7f454c46;
const MZ_MAGIC = 0x4d5a;

/**
 * Whether a file whose first bytes are `head` (at least 4, better 8) may be an ELF, PE or Mach-O executable. Cheap enough to ask of
 * every file; `openExecutable` has the last word.
 */
export function isExecutableMagic(head: Buffer): boolean {
  if (head.length < 4) return false;
  return head.readUInt32BE(0) === ELF_MAGIC || head.readUInt16BE(0) === MZ_MAGIC || isMachO(head);
}

/**
 * Opens a program or shared library; `undefined` when the file is none: other content, an object file, a DOS program. Reads only
 * headers and tables, a few kilobytes. @throws {PlimsollError} `FILE_INVALID` for a damaged header, `LIMIT_EXCEEDED`.
 */
export function openExecutable(body: FileBody): Executable | undefined {
  const head = body.read(0, 8);
  if (!isExecutableMagic(head)) return undefined;
  if (head.readUInt32BE(0) === ELF_MAGIC) return readElf(body);
  return isMachO(head) ? readMachO(body) : readPe(body);
}
