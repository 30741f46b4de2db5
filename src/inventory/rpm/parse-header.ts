/**
 * A package header as rpm keeps it in its database: an index of tags, then their data, all big endian.
 *
 * Source: rpm, docs/manual/format_header.md and lib/header.cc. Regions (tags 61 to 63) only say which entries the signature covers;
 * entries after a region were added on installation and replace older ones of the same tag.
 */
import { PlimsollError } from '#base/errors.ts';

/** The largest header rpm itself accepts (HEADER_DATA_MAX and the index before it). */
export const MAX_HEADER_BYTES = 256 * 1024 * 1024 + 65_535 * 16 + 8;

const MAX_ENTRIES = 65_535;
const MAX_DATA_BYTES = 256 * 1024 * 1024;
const ENTRY_BYTES = 16;
/** The longest string that is read; licence lists are the longest found. */
const MAX_STRING_BYTES = 16_384;

/** Tags that are read here, by rpm's own numbers and names. */
export const TAG = {
  SIGPGP: 259,
  SIGGPG: 262,
  DSAHEADER: 267,
  RSAHEADER: 268,
  OPENPGP: 278,
  NAME: 1000,
  VERSION: 1001,
  RELEASE: 1002,
  EPOCH: 1003,
  INSTALLTIME: 1008,
  VENDOR: 1011,
  LICENSE: 1014,
  ARCH: 1022,
  OLDFILENAMES: 1027,
  FILEMODES: 1030,
  FILEFLAGS: 1037,
  SOURCERPM: 1044,
  DIRINDEXES: 1116,
  BASENAMES: 1117,
  DIRNAMES: 1118,
  MODULARITYLABEL: 5096,
} as const;

const TYPE = { INT16: 3, INT32: 4, STRING: 6, BIN: 7, STRING_ARRAY: 8, I18NSTRING: 9 } as const;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** The values of a header by tag; a tag that is missing, of another type or beyond the data reads as `undefined`. */
export interface Header {
  /** Whether an entry points beyond the data, so that a tag reads as missing which is not. */
  readonly isDamaged: boolean;
  /** A string, or the first of several. */
  string(tag: number): string | undefined;
  /** All strings of an array, as views of their bytes. */
  strings(tag: number): Buffer[] | undefined;
  /** The numbers of an array of 16 or 32 bits, unsigned. */
  numbers(tag: number): NumberArray | undefined;
  bytes(tag: number): Buffer | undefined;
}

/** Numbers read where they stand. */
export interface NumberArray {
  readonly length: number;
  at(index: number): number | undefined;
}

/** Opens a header. @throws {PlimsollError} `FILE_INVALID` when its sizes are impossible, `LIMIT_EXCEEDED` when they are too large. */
export function parseHeader(blob: Buffer): Header {
  if (blob.length < 8) throw new PlimsollError('FILE_INVALID', `A package header has ${blob.length} bytes`);
  const entryCount = blob.readUInt32BE(0);
  const dataBytes = blob.readUInt32BE(4);
  if (entryCount > MAX_ENTRIES || dataBytes > MAX_DATA_BYTES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `A package header has ${entryCount} entries and ${dataBytes} bytes of data`,
    );
  }
  const dataStart = 8 + entryCount * ENTRY_BYTES;
  if (dataStart + dataBytes > blob.length) {
    throw new PlimsollError(
      'FILE_INVALID',
      `A package header of ${dataStart + dataBytes} bytes ends after ${blob.length}`,
    );
  }
  const data = blob.subarray(dataStart, dataStart + dataBytes);
  const entries = new Map<number, Entry>();
  let isDamaged = false;
  for (let at = 8; at < dataStart; at += ENTRY_BYTES) {
    const offset = blob.readUInt32BE(at + 8);
    const count = blob.readUInt32BE(at + 12);
    if (offset + (count > 0 ? 1 : 0) > dataBytes) isDamaged = true;
    else entries.set(blob.readUInt32BE(at), { type: blob.readUInt32BE(at + 4), offset, count });
  }

  const find = (tag: number, ...types: number[]): Entry | undefined => {
    const entry = entries.get(tag);
    return entry !== undefined && types.includes(entry.type) ? entry : undefined;
  };
  return {
    isDamaged,
    string(tag) {
      const entry = find(tag, TYPE.STRING, TYPE.STRING_ARRAY, TYPE.I18NSTRING);
      if (entry === undefined) return undefined;
      const end = data.indexOf(0, entry.offset);
      return end === -1 || end - entry.offset > MAX_STRING_BYTES ? undefined : data.toString('utf8', entry.offset, end);
    },
    strings(tag) {
      const entry = find(tag, TYPE.STRING_ARRAY, TYPE.I18NSTRING);
      if (entry === undefined || entry.count > data.length - entry.offset) return undefined;
      const found: Buffer[] = [];
      let start = entry.offset;
      for (let left = entry.count; left > 0; left -= 1) {
        const end = data.indexOf(0, start);
        if (end === -1) return undefined;
        found.push(data.subarray(start, end));
        start = end + 1;
      }
      return found;
    },
    numbers(tag) {
      const entry = find(tag, TYPE.INT16, TYPE.INT32);
      if (entry === undefined) return undefined;
      const { type, offset, count } = entry;
      const width = type === TYPE.INT16 ? 2 : 4;
      if (count * width > data.length - offset) return undefined;
      const at = (index: number) =>
        index < 0 || index >= count ? undefined : data.readUIntBE(offset + index * width, width);
      return { length: count, at };
    },
    bytes(tag) {
      const entry = find(tag, TYPE.BIN);
      if (entry === undefined || entry.count > data.length - entry.offset) return undefined;
      return data.subarray(entry.offset, entry.offset + entry.count);
    },
  };
}
