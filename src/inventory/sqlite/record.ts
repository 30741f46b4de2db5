/**
 * Rows as SQLite stores them: a header of column types, then the values.
 *
 * Source: sqlite.org/fileformat2.html, sections 1.6 (variable-length integers) and 2.1 (record format).
 */
import type { PageSource } from './page-source.ts';

/** A stored value. Integers beyond 2^53 lose their last digits; a blob is a view of the record. */
export type SqliteValue = null | number | string | Buffer;

/** A variable-length integer and the offset behind it; a value beyond 2^53 is inexact. */
export interface Varint {
  readonly value: number;
  readonly next: number;
}

/** SQLite's own limit on the columns of a table, as compiled by default. */
const MAX_COLUMNS = 2000;

/** Reads the variable-length integer at `at`; `undefined` when it goes past `end`. */
export function readVarint(bytes: Buffer, at: number, end: number): Varint | undefined {
  let value = 0;
  for (let length = 0; length < 9; length += 1) {
    const byte = bytes[at + length];
    if (byte === undefined || at + length >= end) return undefined;
    if (length === 8) return { value: value * 256 + byte, next: at + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + length + 1 };
  }
  return undefined;
}

/** The values of a record; `undefined` when it is malformed. */
export function readRecord(record: Buffer, encoding: PageSource['encoding']): SqliteValue[] | undefined {
  const header = readVarint(record, 0, record.length);
  if (header === undefined || header.value > record.length) return undefined;
  const values: SqliteValue[] = [];
  let at = header.value;
  for (let next = header.next; next < header.value; ) {
    const type = readVarint(record, next, header.value);
    if (type === undefined || values.length >= MAX_COLUMNS) return undefined;
    next = type.next;
    const sizeBytes = sizeOf(type.value);
    if (at + sizeBytes > record.length) return undefined;
    values.push(readValue(record.subarray(at, at + sizeBytes), type.value, encoding));
    at += sizeBytes;
  }
  return values;
}

const FIXED_SIZES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

function sizeOf(type: number): number {
  return FIXED_SIZES[type] ?? Math.floor((type - 12) / 2);
}

function readValue(bytes: Buffer, type: number, encoding: PageSource['encoding']): SqliteValue {
  if (type === 0 || type === 10 || type === 11) return null;
  if (type === 7) return bytes.readDoubleBE(0);
  if (type === 8 || type === 9) return type - 8;
  if (type === 6) return Number(bytes.readBigInt64BE(0));
  if (type < 6) return bytes.readIntBE(0, bytes.length);
  if (type % 2 === 0) return bytes;
  if (encoding === 'utf16be')
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le');
  return bytes.toString(encoding);
}
