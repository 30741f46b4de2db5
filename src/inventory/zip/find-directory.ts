/**
 * Finds the central directory of a zip: the end record at the tail of the file says where it is.
 *
 * Source: PKWARE APPNOTE 6.3.10, 4.3.14 to 4.3.16. Offsets in a zip count from its own first byte, which is not the file's first
 * when a script stands before it (Spring Boot's launch script, self-extracting archives): the directory ends where the end
 * record begins, and that tells by how much all offsets must be shifted.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';

/** Where the central directory is. */
export interface DirectoryPlace {
  /** Offset in the file, in bytes. */
  readonly start: number;
  readonly sizeBytes: number;
  /** What to add to an offset that the archive states to get an offset in the file. */
  readonly shift: number;
  /** As stated; modulo 65,536 in old archives with more. */
  readonly entryCount: number;
}

const END_SIGNATURE = Buffer.from('PK\x05\x06', 'latin1');
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const MAX_COMMENT_BYTES = 0xffff;
/** The part of the file that must hold the end record: it, the longest comment, and the zip64 locator before it. */
export const TAIL_BYTES = END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES;

/** End records tried, from the last one; more than one is rare, thousands are there to keep us busy. */
const MAX_CANDIDATES = 64;

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const SIGNATURE = { entry: 0x02014b50, end64: 0x06064b50, locator: 0x07064b50 } as const;

/** What an end record states, 32 or 64 bit. */
interface EndRecord {
  readonly entryCount: number;
  readonly sizeBytes: number;
  readonly offset: number;
  /** Where the directory must end: at this record. */
  readonly position: number;
}

/**
 * Where the central directory is: of the last end record that leads to one. Bytes after it are ignored if they fit into the tail.
 *
 * @throws {PlimsollError} `FILE_INVALID` when there is none: no zip, or a truncated one.
 */
export function findDirectory(body: FileBody): DirectoryPlace {
  const tailStart = Math.max(0, body.sizeBytes - TAIL_BYTES);
  const tail = body.read(tailStart, TAIL_BYTES);
  let empty: DirectoryPlace | undefined;
  let at = tail.lastIndexOf(END_SIGNATURE);
  for (let tries = 0; at !== -1 && tries < MAX_CANDIDATES; tries += 1) {
    const end = endRecordAt(tail, at, tailStart + at);
    const place = end && (locate(body, end64(body, tail, at, end)) ?? locate(body, end));
    // An empty archive appended to another one would hide it from us, while some readers still see both.
    if (place?.sizeBytes === 0) empty ??= place;
    else if (place !== undefined) return place;
    at = at === 0 ? -1 : tail.lastIndexOf(END_SIGNATURE, at - 1);
  }
  if (empty !== undefined) return empty;
  throw new PlimsollError('FILE_INVALID', 'It is no zip archive, or its end is missing');
}

function endRecordAt(tail: Buffer, at: number, position: number): EndRecord | undefined {
  if (at + END_BYTES > tail.length || at + END_BYTES + tail.readUInt16LE(at + 20) > tail.length) return undefined;
  return {
    entryCount: tail.readUInt16LE(at + 10),
    sizeBytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
    position,
  };
}

/** The zip64 end record that goes with `end`, if there is one that does not contradict it (as Java's reader asks, too). */
function end64(body: FileBody, tail: Buffer, at: number, end: EndRecord): EndRecord | undefined {
  const locator = at - LOCATOR_BYTES;
  if (locator < 0 || tail.readUInt32LE(locator) !== SIGNATURE.locator) return undefined;
  const locatorPosition = end.position - LOCATOR_BYTES;
  const stated = Number(tail.readBigUInt64LE(locator + 8));
  // Stated from the archive's first byte; with a script before it only "directly before the locator" finds it.
  for (const position of [stated, locatorPosition - END64_BYTES]) {
    if (position < 0 || position + END64_BYTES > locatorPosition) continue;
    const record = body.read(position, END64_BYTES);
    if (record.length < END64_BYTES || record.readUInt32LE(0) !== SIGNATURE.end64) continue;
    const entryCount = Number(record.readBigUInt64LE(32));
    const sizeBytes = Number(record.readBigUInt64LE(40));
    const offset = Number(record.readBigUInt64LE(48));
    const agrees =
      (end.entryCount === U16_MAX || end.entryCount === entryCount) &&
      (end.sizeBytes === U32_MAX || end.sizeBytes === sizeBytes) &&
      (end.offset === U32_MAX || end.offset === offset);
    if (agrees) return { entryCount, sizeBytes, offset, position };
  }
  return undefined;
}

/** The directory that `end` describes: right before the record or, when its size lies, at the offset it states. */
function locate(body: FileBody, end: EndRecord | undefined): DirectoryPlace | undefined {
  if (end === undefined) return undefined;
  const { entryCount, position } = end;
  const start = position - end.sizeBytes;
  if (end.sizeBytes === 0 && entryCount === 0) return { start: position, sizeBytes: 0, shift: 0, entryCount };
  if (start >= 0 && end.offset <= start && startsEntry(body, start)) {
    return { start, sizeBytes: end.sizeBytes, shift: start - end.offset, entryCount };
  }
  if (end.offset < position && startsEntry(body, end.offset)) {
    return { start: end.offset, sizeBytes: position - end.offset, shift: 0, entryCount };
  }
  return undefined;
}

function startsEntry(body: FileBody, offset: number): boolean {
  const bytes = body.read(offset, 4);
  return bytes.length === 4 && bytes.readUInt32LE(0) === SIGNATURE.entry;
}
