/**
 * Portable Executable: programs and libraries of Windows, and the .NET assemblies that use its container.
 *
 * Source: Microsoft, "PE Format".
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import type { Executable, Section, Segment } from './executable.ts';
import { checkCount, insideFile } from './limits.ts';
import { LITTLE_ENDIAN as numbers } from './numbers.ts';

const MAGIC_PE32 = 0x10b;
const MAGIC_PE32_PLUS = 0x20b;
const SECTION_BYTES = 40;
const FLAG_UNINITIALISED = 0x80;
const FLAG_EXECUTE = 0x2000_0000;
const FLAG_WRITE = 0x8000_0000;

/**
 * Opens a PE file; `undefined` when the `MZ` belongs to a DOS program or to no program at all. Addresses include the preferred
 * image base. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`.
 */
export function readPe(body: FileBody): Executable | undefined {
  const stub = body.read(0, 64);
  if (stub.length < 64) return undefined;
  const start = numbers.u32(stub, 0x3c);
  const header = body.read(start, 24);
  if (header.length < 24 || header.toString('latin1', 0, 4) !== 'PE\0\0') return undefined;
  const count = numbers.u16(header, 6);
  const optionalBytes = numbers.u16(header, 20);
  checkCount('sections', count);

  const optional = body.read(start + 24, optionalBytes);
  const magic = numbers.u16(optional, 0);
  if (magic !== MAGIC_PE32 && magic !== MAGIC_PE32_PLUS) {
    throw new PlimsollError('FILE_INVALID', 'It starts like a PE file, but has no optional header');
  }
  const base = magic === MAGIC_PE32 ? numbers.u32(optional, 28) : numbers.u64(optional, 24);
  const table = body.read(start + 24 + optionalBytes, count * SECTION_BYTES);

  const sections: Section[] = [];
  const segments: Segment[] = [];
  for (let at = 0; at + SECTION_BYTES <= table.length; at += SECTION_BYTES) {
    const flags = numbers.u32(table, at + 36);
    const stored = (flags & FLAG_UNINITIALISED) === 0 ? numbers.u32(table, at + 16) : 0;
    const range = insideFile(numbers.u32(table, at + 20), stored, body.sizeBytes);
    const address = base + numbers.u32(table, at + 12);
    sections.push({ name: nameAt(table, at), ...range, address, isCompressed: false });
    segments.push({
      ...range,
      address,
      isWritable: (flags & FLAG_WRITE) !== 0,
      isExecutable: (flags & FLAG_EXECUTE) !== 0,
    });
  }
  return {
    format: 'pe',
    isBigEndian: false,
    pointerBytes: magic === MAGIC_PE32 ? 4 : 8,
    sections,
    segments,
    body,
  };
}

function nameAt(table: Buffer, at: number): string {
  const end = table.subarray(at, at + 8).indexOf(0);
  return table.toString('latin1', at, at + (end === -1 ? 8 : end));
}
