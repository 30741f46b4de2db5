/**
 * ELF programs and shared libraries, 32 and 64 bits, both byte orders.
 *
 * Source: System V ABI, "Object Files". Object files, kernel modules and core dumps are ELF too, but not executables.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import type { Executable, Section, Segment } from './executable.ts';
import { checkCount, insideFile, MAX_TABLE_BYTES } from './limits.ts';
import { BIG_ENDIAN, LITTLE_ENDIAN, type NumberReader, readPointer } from './numbers.ts';

const TYPE_PROGRAM = 2;
const TYPE_SHARED = 3;
const SEGMENT_LOAD = 1;
const SECTION_NO_BITS = 8;
const FLAG_COMPRESSED = 0x800;
const FLAG_EXECUTE = 1;
const FLAG_WRITE = 2;
/** Entries may be longer than their fields, says the ABI; none is this long. */
const MAX_ENTRY_BYTES = 256;
/** Longer names are cut; the ones we look for have at most 20 characters. */
const MAX_NAME_BYTES = 64;

/** Where the fields of the two classes are. */
interface Layout {
  readonly headerBytes: number;
  readonly pointerBytes: 4 | 8;
  readonly segments: { offset: number; entryBytes: number; count: number; minBytes: number };
  readonly sections: { offset: number; entryBytes: number; count: number; names: number; minBytes: number };
  readonly segment: { offset: number; address: number; sizeBytes: number; flags: number };
  readonly section: { flags: number; address: number; offset: number; sizeBytes: number; link: number };
}

const LAYOUT_32: Layout = {
  headerBytes: 52,
  pointerBytes: 4,
  segments: { offset: 28, entryBytes: 42, count: 44, minBytes: 32 },
  sections: { offset: 32, entryBytes: 46, count: 48, names: 50, minBytes: 40 },
  segment: { offset: 4, address: 8, sizeBytes: 16, flags: 24 },
  section: { flags: 8, address: 12, offset: 16, sizeBytes: 20, link: 24 },
};
const LAYOUT_64: Layout = {
  headerBytes: 64,
  pointerBytes: 8,
  segments: { offset: 32, entryBytes: 54, count: 56, minBytes: 56 },
  sections: { offset: 40, entryBytes: 58, count: 60, names: 62, minBytes: 64 },
  segment: { offset: 8, address: 16, sizeBytes: 32, flags: 4 },
  section: { flags: 8, address: 16, offset: 24, sizeBytes: 32, link: 40 },
};

/**
 * Opens an ELF program or shared library; `undefined` for object files, kernel modules and core dumps.
 *
 * A section table outside the file counts as stripped. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`.
 */
export function readElf(body: FileBody): Executable | undefined {
  const header = body.read(0, 64);
  const layout = header[4] === 1 ? LAYOUT_32 : header[4] === 2 ? LAYOUT_64 : undefined;
  const numbers = header[5] === 1 ? LITTLE_ENDIAN : header[5] === 2 ? BIG_ENDIAN : undefined;
  if (layout === undefined || numbers === undefined || header.length < layout.headerBytes) {
    throw new PlimsollError('FILE_INVALID', 'It starts like an ELF file, but its header is damaged or cut off');
  }
  const type = numbers.u16(header, 16);
  if (type !== TYPE_PROGRAM && type !== TYPE_SHARED) return undefined;
  return {
    format: 'elf',
    isBigEndian: numbers === BIG_ENDIAN,
    pointerBytes: layout.pointerBytes,
    segments: readSegments(body, header, layout, numbers),
    sections: readSections(body, header, layout, numbers),
    body,
  };
}

function readSegments(body: FileBody, header: Buffer, layout: Layout, numbers: NumberReader): Segment[] {
  const { segments: at, segment: field, pointerBytes } = layout;
  const entryBytes = numbers.u16(header, at.entryBytes);
  const count = numbers.u16(header, at.count);
  if (count === 0 || entryBytes < at.minBytes || entryBytes > MAX_ENTRY_BYTES) return [];
  checkCount('segments', count);
  const table = body.read(readPointer(numbers, header, at.offset, pointerBytes), count * entryBytes);
  const segments: Segment[] = [];
  for (let start = 0; start + at.minBytes <= table.length; start += entryBytes) {
    if (numbers.u32(table, start) !== SEGMENT_LOAD) continue;
    const flags = numbers.u32(table, start + field.flags);
    const offset = readPointer(numbers, table, start + field.offset, pointerBytes);
    const sizeBytes = readPointer(numbers, table, start + field.sizeBytes, pointerBytes);
    segments.push({
      ...insideFile(offset, sizeBytes, body.sizeBytes),
      address: readPointer(numbers, table, start + field.address, pointerBytes),
      isWritable: (flags & FLAG_WRITE) !== 0,
      isExecutable: (flags & FLAG_EXECUTE) !== 0,
    });
  }
  return segments;
}

function readSections(body: FileBody, header: Buffer, layout: Layout, numbers: NumberReader): Section[] {
  const { sections: at, section: field, pointerBytes } = layout;
  const tableOffset = readPointer(numbers, header, at.offset, pointerBytes);
  const entryBytes = numbers.u16(header, at.entryBytes);
  if (tableOffset === 0 || tableOffset >= body.sizeBytes) return [];
  if (entryBytes < at.minBytes || entryBytes > MAX_ENTRY_BYTES) return [];
  let count = numbers.u16(header, at.count);
  let namesIndex = numbers.u16(header, at.names);
  if (count === 0 || namesIndex === 0xffff) {
    // Past 65,279 sections the real numbers are in the first entry: System V ABI, "Section Header".
    const first = body.read(tableOffset, entryBytes);
    if (count === 0) count = readPointer(numbers, first, field.sizeBytes, pointerBytes);
    if (namesIndex === 0xffff) namesIndex = numbers.u32(first, field.link);
  }
  checkCount('sections', count);
  const table = body.read(tableOffset, count * entryBytes);
  const rangeOf = (start: number) =>
    insideFile(
      readPointer(numbers, table, start + field.offset, pointerBytes),
      readPointer(numbers, table, start + field.sizeBytes, pointerBytes),
      body.sizeBytes,
    );
  const namesRange = rangeOf(namesIndex * entryBytes);
  const names = body.read(namesRange.offset, Math.min(namesRange.sizeBytes, MAX_TABLE_BYTES));

  const sections: Section[] = [];
  for (let start = 0; start + at.minBytes <= table.length; start += entryBytes) {
    const type = numbers.u32(table, start + 4);
    if (type === 0) continue;
    const range = rangeOf(start);
    sections.push({
      name: nameAt(names, numbers.u32(table, start)),
      offset: range.offset,
      sizeBytes: type === SECTION_NO_BITS ? 0 : range.sizeBytes,
      address: readPointer(numbers, table, start + field.address, pointerBytes),
      isCompressed: (numbers.u32(table, start + field.flags + flagWord(layout, numbers)) & FLAG_COMPRESSED) !== 0,
    });
  }
  return sections;
}

/** The flags we know are in the low 32 bits, which come last in a big-endian 64-bit field. */
function flagWord(layout: Layout, numbers: NumberReader): number {
  return layout.pointerBytes === 8 && numbers === BIG_ENDIAN ? 4 : 0;
}

function nameAt(names: Buffer, start: number): string {
  const limit = Math.min(names.length, start + MAX_NAME_BYTES);
  let end = start;
  while (end < limit && names[end] !== 0) end += 1;
  return names.toString('latin1', start, end);
}
