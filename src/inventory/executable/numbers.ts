/**
 * Integers of either byte order, read without throwing past the end: a field that is not there reads as 0.
 *
 * Headers of executables point at one another; a wrong pointer must become a failed bounds check, not an exception in a loop.
 */

/** Reads unsigned integers of one byte order. */
export interface NumberReader {
  u16(bytes: Buffer, at: number): number;
  u32(bytes: Buffer, at: number): number;
  /** Exact up to 2^53; above that rounded, which no offset or size inside a file can be. */
  u64(bytes: Buffer, at: number): number;
}

const TWO_TO_32 = 0x1_0000_0000;

export const LITTLE_ENDIAN: NumberReader = {
  u16: (bytes, at) => (fits(bytes, at, 2) ? bytes.readUInt16LE(at) : 0),
  u32: (bytes, at) => (fits(bytes, at, 4) ? bytes.readUInt32LE(at) : 0),
  u64: (bytes, at) => (fits(bytes, at, 8) ? bytes.readUInt32LE(at + 4) * TWO_TO_32 + bytes.readUInt32LE(at) : 0),
};

export const BIG_ENDIAN: NumberReader = {
  u16: (bytes, at) => (fits(bytes, at, 2) ? bytes.readUInt16BE(at) : 0),
  u32: (bytes, at) => (fits(bytes, at, 4) ? bytes.readUInt32BE(at) : 0),
  u64: (bytes, at) => (fits(bytes, at, 8) ? bytes.readUInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4) : 0),
};

/** The reader for pointers of `pointerBytes` (4 or 8). */
export function readPointer(numbers: NumberReader, bytes: Buffer, at: number, pointerBytes: number): number {
  return pointerBytes === 4 ? numbers.u32(bytes, at) : numbers.u64(bytes, at);
}

function fits(bytes: Buffer, at: number, length: number): boolean {
  return at >= 0 && at + length <= bytes.length;
}
