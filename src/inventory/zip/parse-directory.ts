/**
 * The central directory of a zip: one record per entry, names and sizes as the archive states them.
 *
 * Source: PKWARE APPNOTE 6.3.10, 4.3.12 and 4.5.3 (the zip64 extra field).
 */
import { PlimsollError } from '#base/errors.ts';
import { MAX_ENTRIES, type ZipBudget } from './budget.ts';

/** One entry as the central directory states it; nothing of it is proven until it is read. */
export interface ZipEntry {
  /** As written, decoded as UTF-8: may be absolute, hold `..` or backslashes. Never a path to write to. Ends in `/` for folders. */
  readonly name: string;
  /** Bytes when inflated, as stated. */
  readonly sizeBytes: number;
  /** Bytes in the archive, as stated. */
  readonly storedBytes: number;
  /** 0 stored, 8 deflated; others cannot be read. */
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Offset of the local header in the file, in bytes. */
  readonly offset: number;
}

/** The entries that were asked for, and what is wrong with the directory. */
export interface Directory {
  /** In the archive's order. */
  readonly entries: readonly ZipEntry[];
  /** All entries, also those not asked for. */
  readonly entryCount: number;
  /** Those of them that end in `skipSuffix`. */
  readonly skippedCount: number;
  readonly gaps: readonly string[];
}

const SIGNATURE = 0x02014b50;
const RECORD_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
const U32_MAX = 0xffff_ffff;
const ZIP64_FIELD = 0x0001;
/** Set in the flags when an entry is encrypted (bit 0) or the directory itself is masked (bit 13). */
const ENCRYPTED = 0x2001;

/**
 * Lists the entries whose name `wants` accepts; the others are only counted and checked for overlaps.
 *
 * `shift` is added to every offset. A directory that breaks off is told in `gaps`, with what came before kept. Two entries that
 * share bytes are told, too: no archiver writes that, zip bombs do. @throws {PlimsollError} `LIMIT_EXCEEDED` for too many entries.
 */
export function parseDirectory(
  bytes: Buffer,
  options: {
    readonly shift: number;
    readonly statedCount: number;
    readonly budget: ZipBudget;
    readonly wants: (name: string) => boolean;
    /** Names with this ending are not even decoded: of a jar's entries nine in ten are classes. */
    readonly skipSuffix?: string;
  },
): Directory {
  const entries: ZipEntry[] = [];
  const gaps: string[] = [];
  const suffix = Buffer.from(options.skipSuffix ?? '');
  let entryCount = 0;
  let skippedCount = 0;
  let reach = 0;
  let isOrdered = true;
  let at = 0;

  while (at + RECORD_BYTES <= bytes.length && bytes.readUInt32LE(at) === SIGNATURE) {
    const nameStart = at + RECORD_BYTES;
    const extraStart = nameStart + bytes.readUInt16LE(at + 28);
    const extraEnd = extraStart + bytes.readUInt16LE(at + 30);
    const next = extraEnd + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) break;
    if (entryCount === MAX_ENTRIES) {
      throw new PlimsollError('LIMIT_EXCEEDED', `The archive has more than ${MAX_ENTRIES} entries`);
    }
    options.budget.spendEntry();
    entryCount += 1;

    const place = parsePlace(bytes, at, extraStart, extraEnd);
    const offset = place.offset + options.shift;
    if (offset < reach) isOrdered = false;
    reach = offset + LOCAL_HEADER_BYTES + place.storedBytes;
    const name = endsWith(bytes, nameStart, extraStart, suffix)
      ? undefined
      : bytes.toString('utf8', nameStart, extraStart);
    if (name === undefined) skippedCount += 1;
    else if (options.wants(name)) {
      entries.push({
        name,
        sizeBytes: place.sizeBytes,
        storedBytes: place.storedBytes,
        method: bytes.readUInt16LE(at + 10),
        isEncrypted: (bytes.readUInt16LE(at + 8) & ENCRYPTED) !== 0,
        offset,
      });
    }
    at = next;
  }

  if (at < bytes.length || entryCount % 0x10000 !== options.statedCount % 0x10000) {
    gaps.push(`The directory of the archive breaks off after ${entryCount} of ${options.statedCount} entries`);
  }
  const overlapping = isOrdered ? 0 : countOverlaps(bytes, entryCount);
  if (overlapping > 0) gaps.push(`${overlapping} entries of the archive overlap others`);
  return { entries, entryCount, skippedCount, gaps };
}

/** Whether the bytes from `start` to `end` end in `suffix`; never for an empty one. */
function endsWith(bytes: Buffer, start: number, end: number, suffix: Buffer): boolean {
  if (suffix.length === 0 || end - start < suffix.length) return false;
  for (let back = 1; back <= suffix.length; back += 1) {
    if (bytes[end - back] !== suffix[suffix.length - back]) return false;
  }
  return true;
}

/** Sizes and offset of the record at `at`, from the zip64 extra field where the 32-bit ones are full. */
function parsePlace(bytes: Buffer, at: number, extraStart: number, extraEnd: number) {
  let storedBytes = bytes.readUInt32LE(at + 20);
  let sizeBytes = bytes.readUInt32LE(at + 24);
  let offset = bytes.readUInt32LE(at + 42);
  if (storedBytes !== U32_MAX && sizeBytes !== U32_MAX && offset !== U32_MAX) return { storedBytes, sizeBytes, offset };
  for (let field = extraStart; field + 4 <= extraEnd; field += 4 + bytes.readUInt16LE(field + 2)) {
    if (bytes.readUInt16LE(field) !== ZIP64_FIELD) continue;
    const end = Math.min(extraEnd, field + 4 + bytes.readUInt16LE(field + 2));
    let value = field + 4;
    // Only the full ones are there, in this order.
    const take = (stated: number) => {
      if (stated !== U32_MAX || value + 8 > end) return stated;
      value += 8;
      return Number(bytes.readBigUInt64LE(value - 8));
    };
    sizeBytes = take(sizeBytes);
    storedBytes = take(storedBytes);
    offset = take(offset);
    break;
  }
  return { storedBytes, sizeBytes, offset };
}

/**
 * How many entries begin before another one ends. Two records of the very same entry are none: Gradle wrote such archives
 * (spring-boot-jarmode-layertools 2.4.1 lists its licence twice).
 */
function countOverlaps(bytes: Buffer, entryCount: number): number {
  const starts = new Float64Array(entryCount);
  const ends = new Float64Array(entryCount);
  let at = 0;
  for (let index = 0; index < entryCount; index += 1) {
    const extraStart = at + RECORD_BYTES + bytes.readUInt16LE(at + 28);
    const extraEnd = extraStart + bytes.readUInt16LE(at + 30);
    const place = parsePlace(bytes, at, extraStart, extraEnd);
    starts[index] = place.offset;
    ends[index] = place.offset + LOCAL_HEADER_BYTES + place.storedBytes;
    at = extraEnd + bytes.readUInt16LE(at + 32);
  }
  const order = Uint32Array.from(starts.keys());
  order.sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || (ends[a] ?? 0) - (ends[b] ?? 0));
  let overlaps = 0;
  let reach = -1;
  let last = -1;
  for (const index of order) {
    const start = starts[index] ?? 0;
    const end = ends[index] ?? 0;
    if (start < reach && !(start === starts[last] && end === ends[last])) overlaps += 1;
    reach = Math.max(reach, end);
    last = index;
  }
  return overlaps;
}
