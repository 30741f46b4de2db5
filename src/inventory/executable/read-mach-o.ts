/**
 * Mach-O: programs and libraries of macOS, for one architecture or several ("fat", "universal").
 *
 * Source: Apple, `mach-o/loader.h` and `mach-o/fat.h`.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import type { Executable, Section, Segment } from './executable.ts';
import { checkCount, insideFile, MAX_TABLE_BYTES } from './limits.ts';
import { BIG_ENDIAN, LITTLE_ENDIAN, type NumberReader, readPointer } from './numbers.ts';

/** The magic as its first four bytes read big-endian; a `bits` value tells the class, a swapped one the byte order. */
const THIN_MAGIC = new Map([
  [0xfeedface, { pointerBytes: 4, numbers: BIG_ENDIAN }],
  [0xfeedfacf, { pointerBytes: 8, numbers: BIG_ENDIAN }],
  [0xcefaedfe, { pointerBytes: 4, numbers: LITTLE_ENDIAN }],
  [0xcffaedfe, { pointerBytes: 8, numbers: LITTLE_ENDIAN }],
]);
const FAT_MAGIC = 0xcafebabe;
const FAT_MAGIC_64 = 0xcafebabf;
/** A Java class file has the same magic and then its version, 45 or more; no fat file has that many architectures. */
const MAX_ARCHITECTURES = 42;

const FILE_TYPES = new Set([2, 6, 8]); // MH_EXECUTE, MH_DYLIB, MH_BUNDLE; object files and core dumps are none of ours
const COMMAND_SEGMENT = 0x1;
const COMMAND_SEGMENT_64 = 0x19;
const PROTECTION_WRITE = 2;
const PROTECTION_EXECUTE = 4;
const SECTION_ZERO_FILL = 1;

/** Whether `head`, the first bytes of a file, are those of a Mach-O file; with under 8 bytes a Java class may pass. */
export function isMachO(head: Buffer): boolean {
  const magic = BIG_ENDIAN.u32(head, 0);
  if (THIN_MAGIC.has(magic)) return true;
  return (magic === FAT_MAGIC || magic === FAT_MAGIC_64) && BIG_ENDIAN.u32(head, 4) <= MAX_ARCHITECTURES;
}

/**
 * Opens a Mach-O program or library; `undefined` for object files. Of a fat file it opens the first architecture, since all are
 * built from the same sources; `body` of the result is then that part. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`.
 */
export function readMachO(body: FileBody): Executable | undefined {
  const head = body.read(0, 8);
  const magic = BIG_ENDIAN.u32(head, 0);
  if (magic !== FAT_MAGIC && magic !== FAT_MAGIC_64) return readThin(body);

  const count = BIG_ENDIAN.u32(head, 4);
  const entryBytes = magic === FAT_MAGIC ? 20 : 32;
  if (count === 0 || count > MAX_ARCHITECTURES) return undefined;
  const entry = body.read(8, entryBytes);
  const pointerBytes = magic === FAT_MAGIC ? 4 : 8;
  const offset = readPointer(BIG_ENDIAN, entry, 8, pointerBytes);
  const length = readPointer(BIG_ENDIAN, entry, 8 + pointerBytes, pointerBytes);
  const range = insideFile(offset, length, body.sizeBytes);
  return readThin({
    sizeBytes: range.sizeBytes,
    read: (at, wanted) => body.read(range.offset + at, Math.max(0, Math.min(wanted, range.sizeBytes - at))),
  });
}

function readThin(body: FileBody): Executable | undefined {
  const header = body.read(0, 32);
  const kind = THIN_MAGIC.get(BIG_ENDIAN.u32(header, 0));
  if (kind === undefined || header.length < 32) {
    throw new PlimsollError('FILE_INVALID', 'It starts like a Mach-O file, but its header is damaged or cut off');
  }
  const { pointerBytes, numbers } = kind;
  if (!FILE_TYPES.has(numbers.u32(header, 12))) return undefined;
  const commandCount = numbers.u32(header, 16);
  const commandBytes = numbers.u32(header, 20);
  checkCount('load commands', commandCount);
  checkCount('bytes of load commands', commandBytes, MAX_TABLE_BYTES);
  const commands = body.read(pointerBytes === 8 ? 32 : 28, commandBytes);

  const sections: Section[] = [];
  const segments: Segment[] = [];
  for (let at = 0, seen = 0; seen < commandCount && at + 8 <= commands.length; seen += 1) {
    const command = numbers.u32(commands, at);
    const sizeBytes = numbers.u32(commands, at + 4);
    if (sizeBytes < 8) break;
    if (command === (pointerBytes === 8 ? COMMAND_SEGMENT_64 : COMMAND_SEGMENT)) {
      const bytes = commands.subarray(at, at + sizeBytes);
      segments.push(toSegment(bytes, pointerBytes, numbers, body.sizeBytes));
      addSections(sections, bytes, pointerBytes, numbers, body.sizeBytes);
    }
    at += sizeBytes;
  }
  return { format: 'mach-o', isBigEndian: numbers === BIG_ENDIAN, pointerBytes, sections, segments, body };
}

/** `segment_command`: cmd, cmdsize, name[16], address, memory size, offset, file size, maxprot, initprot, nsects, flags. */
function toSegment(bytes: Buffer, pointerBytes: number, numbers: NumberReader, fileBytes: number): Segment {
  const offset = readPointer(numbers, bytes, 24 + 2 * pointerBytes, pointerBytes);
  const sizeBytes = readPointer(numbers, bytes, 24 + 3 * pointerBytes, pointerBytes);
  const protection = numbers.u32(bytes, 24 + 4 * pointerBytes + 4);
  return {
    ...insideFile(offset, sizeBytes, fileBytes),
    address: readPointer(numbers, bytes, 24, pointerBytes),
    isWritable: (protection & PROTECTION_WRITE) !== 0,
    isExecutable: (protection & PROTECTION_EXECUTE) !== 0,
  };
}

/** `section`: name[16], segment name[16], address, size, offset (always 32 bits), align, reloff, nreloc, flags, reserved. */
function addSections(
  sections: Section[],
  bytes: Buffer,
  pointerBytes: number,
  numbers: NumberReader,
  fileBytes: number,
): void {
  const tableAt = 24 + 4 * pointerBytes + 16;
  const entryBytes = pointerBytes === 8 ? 80 : 68;
  const count = numbers.u32(bytes, tableAt - 8);
  checkCount('sections', sections.length + count);
  for (let at = tableAt, seen = 0; seen < count && at + entryBytes <= bytes.length; seen += 1, at += entryBytes) {
    const field = at + 32 + 2 * pointerBytes;
    const isZeroFill = (numbers.u32(bytes, field + 16) & 0xff) === SECTION_ZERO_FILL;
    const sizeBytes = isZeroFill ? 0 : readPointer(numbers, bytes, at + 32 + pointerBytes, pointerBytes);
    const end = bytes.subarray(at, at + 16).indexOf(0);
    sections.push({
      name: bytes.toString('latin1', at, at + (end === -1 ? 16 : end)),
      ...insideFile(numbers.u32(bytes, field), sizeBytes, fileBytes),
      address: readPointer(numbers, bytes, at + 32, pointerBytes),
      isCompressed: false,
    });
  }
}
