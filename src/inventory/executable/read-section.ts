/**
 * The bytes of an executable by section name or by virtual address.
 */
import { inflateSync, zstdDecompressSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import type { Executable, Section } from './executable.ts';
import { BIG_ENDIAN, LITTLE_ENDIAN, readPointer } from './numbers.ts';

const COMPRESSION_ZLIB = 1;
const COMPRESSION_ZSTD = 2;

/** The first section of that name; Mach-O cuts names to 16 characters. */
export function findSection(executable: Executable, name: string): Section | undefined {
  return executable.sections.find(section => section.name === name);
}

/**
 * The content of a section, inflated when it is stored compressed (`SHF_COMPRESSED`, zlib or zstd).
 *
 * @throws {PlimsollError} `LIMIT_EXCEEDED` when it is over `limitBytes`, whatever its header promises; `FILE_INVALID` when it
 * cannot be inflated.
 */
export function readSection(executable: Executable, section: Section, limitBytes: number): Buffer {
  if (section.sizeBytes > limitBytes) throw tooLarge(section, limitBytes);
  const stored = executable.body.read(section.offset, section.sizeBytes);
  if (!section.isCompressed) return stored;

  // Elf32_Chdr: type, size, alignment; Elf64_Chdr: type, reserved, size, alignment.
  const numbers = executable.isBigEndian ? BIG_ENDIAN : LITTLE_ENDIAN;
  const headerBytes = 3 * executable.pointerBytes;
  if (readPointer(numbers, stored, executable.pointerBytes, executable.pointerBytes) > limitBytes) {
    throw tooLarge(section, limitBytes);
  }
  const type = numbers.u32(stored, 0);
  const packed = stored.subarray(headerBytes);
  try {
    if (type === COMPRESSION_ZLIB) return inflateSync(packed, { maxOutputLength: limitBytes });
    if (type === COMPRESSION_ZSTD) return zstdDecompressSync(packed, { maxOutputLength: limitBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(section, limitBytes);
    throw new PlimsollError('FILE_INVALID', `Its section "${section.name}" cannot be inflated`, { cause });
  }
  throw new PlimsollError('FILE_INVALID', `Its section "${section.name}" is compressed in an unknown way, ${type}`);
}

/** Up to `length` bytes from a virtual address, within one segment; empty when no segment of the file holds it. */
export function readAddress(executable: Executable, address: number, length: number): Buffer {
  for (const segment of executable.segments) {
    const within = address - segment.address;
    if (within < 0 || within >= segment.sizeBytes) continue;
    return executable.body.read(segment.offset + within, Math.min(length, segment.sizeBytes - within));
  }
  return Buffer.alloc(0);
}

function tooLarge(section: Section, limitBytes: number): PlimsollError {
  return new PlimsollError('LIMIT_EXCEEDED', `Its section "${section.name}" is over the limit of ${limitBytes} bytes`);
}
