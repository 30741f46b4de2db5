/**
 * How much of an executable's own tables is believed. Real programs stay far below; beyond it the file is an attack or damaged.
 */
import { PlimsollError } from '#base/errors.ts';

/** Sections and segments of one file. A debug build of a browser has under 200, a kernel under 100. */
const MAX_TABLE_ENTRIES = 10_000;
/** Bytes of load commands in a Mach-O file, and of section names in an ELF file. */
export const MAX_TABLE_BYTES = 1024 * 1024;

/** Fails when a table names more entries than any real program has. @throws {PlimsollError} `LIMIT_EXCEEDED`. */
export function checkCount(what: string, count: number, limit: number = MAX_TABLE_ENTRIES): void {
  if (count > limit) throw new PlimsollError('LIMIT_EXCEEDED', `It names ${count} ${what}, the limit is ${limit}`);
}

/** The part of `offset` and `length` that lies inside a file of `sizeBytes`; empty when it starts beyond. */
export function insideFile(offset: number, length: number, sizeBytes: number): { offset: number; sizeBytes: number } {
  if (!(offset >= 0 && offset <= sizeBytes && length >= 0)) return { offset: 0, sizeBytes: 0 };
  return { offset, sizeBytes: Math.min(length, sizeBytes - offset) };
}
