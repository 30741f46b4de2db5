/**
 * Berkeley DB hash files (`Packages` of RHEL 8 and older): pages of key and value pairs, long values in chains of overflow pages.
 *
 * Every page is looked at in order rather than by bucket: the order does not matter here, and a damaged page costs only itself.
 *
 * Source: Berkeley DB, dbinc/db_page.h. The magic number tells the byte order of all numbers in the file.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FactLimits } from '../fact-limits.ts';
import type { FileBody } from '../file-body.ts';
import { MAX_HEADER_BYTES } from './parse-header.ts';

const META_BYTES = 512;
const HASH_MAGIC = 0x00061561;
const PAGE_HEADER_BYTES = 26;
const META_HASH = 8;
const PAGE_OVERFLOW = 7;
/** Sorted and, before Berkeley DB 4.6, unsorted hash pages. */
const PAGE_HASH: ReadonlySet<number> = new Set([13, 2]);
/** Free, overflow and header pages. */
const PAGE_WITHOUT_PAIRS: ReadonlySet<number> = new Set([0, PAGE_OVERFLOW, META_HASH]);
const ITEM_INLINE = 1;
const ITEM_OFF_PAGE = 3;
const ITEM_OFF_PAGE_BYTES = 12;
const FLAG_CHECKSUM = 1;

/** Whether a file begins as a Berkeley DB hash does, in either byte order. */
export function isBerkeleyHash(body: FileBody): boolean {
  const magic = body.read(12, 4);
  return magic.length === 4 && (magic.readUInt32LE(0) === HASH_MAGIC || magic.readUInt32BE(0) === HASH_MAGIC);
}

interface Database {
  readonly body: FileBody;
  readonly isBigEndian: boolean;
  readonly pageBytes: number;
  readonly lastPage: number;
  /** Overflow pages that belong to a value already. */
  readonly used: Set<number>;
}

/** The header blobs of the packages, in the order of their pages. @throws {PlimsollError} `FILE_INVALID`. */
export function* readBerkeleyHash(body: FileBody, limits: FactLimits): Generator<Buffer> {
  const database = openDatabase(body);
  if (database.lastPage < toUInt32(body.read(32, 4), 0, database.isBigEndian)) {
    limits.lose('database cut off; packages may be missing');
  }
  for (let number = 1; number <= database.lastPage; number += 1) {
    const page = readPage(database, number);
    const type = page?.[25] ?? 0;
    if (page !== undefined && PAGE_HASH.has(type)) yield* readPairs(database, page, limits);
    else if (page === undefined || !PAGE_WITHOUT_PAIRS.has(type)) limits.lose(DAMAGED_PAGE);
  }
}

const DAMAGED_PAGE = 'damaged database page(s); packages may be missing';
const DAMAGED_RECORD = 'damaged database record(s); packages may be missing';

function openDatabase(body: FileBody): Database {
  const meta = body.read(0, META_BYTES);
  if (meta.length < META_BYTES) throw new PlimsollError('FILE_INVALID', 'Its Berkeley DB header is cut off');
  const isBigEndian = meta.readUInt32BE(12) === HASH_MAGIC;
  const pageBytes = toUInt32(meta, 20, isBigEndian);
  if (pageBytes < 512 || pageBytes > 65536 || (pageBytes & (pageBytes - 1)) !== 0) {
    throw new PlimsollError('FILE_INVALID', `Its Berkeley DB header names a page size of ${pageBytes} bytes`);
  }
  const isPlain = meta[24] === 0 && meta[25] === META_HASH && ((meta[26] ?? 0) & FLAG_CHECKSUM) === 0;
  if (!isPlain) throw new PlimsollError('FILE_INVALID', 'It is encrypted, checksummed or no Berkeley DB hash');
  const lastPage = Math.min(toUInt32(meta, 32, isBigEndian), Math.floor(body.sizeBytes / pageBytes) - 1);
  return { body, isBigEndian, pageBytes, lastPage, used: new Set() };
}

/** A page that says its own number, or one never written, which is all zeros. */
function readPage({ body, pageBytes, lastPage, isBigEndian }: Database, number: number): Buffer | undefined {
  if (number < 1 || number > lastPage) return undefined;
  const page = body.read(number * pageBytes, pageBytes);
  if (page.length < pageBytes) return undefined;
  const stored = toUInt32(page, 8, isBigEndian);
  return stored === number || (stored === 0 && page[25] === 0) ? page : undefined;
}

function* readPairs(database: Database, page: Buffer, limits: FactLimits): Generator<Buffer> {
  const { isBigEndian, pageBytes } = database;
  const count = toUInt16(page, 20, isBigEndian);
  const itemsStart = PAGE_HEADER_BYTES + count * 2;
  if (itemsStart > pageBytes) {
    limits.lose(DAMAGED_PAGE);
    return;
  }
  // Items stand one before the other from the end of the page: each ends where the one before it in the list begins.
  let end = pageBytes;
  let key: Buffer | undefined;
  for (let index = 0; index < count; index += 1) {
    const start = toUInt16(page, PAGE_HEADER_BYTES + index * 2, isBigEndian);
    if (start < itemsStart || start >= end) {
      limits.lose(DAMAGED_PAGE);
      return;
    }
    const item = page.subarray(start, end);
    end = start;
    if (index % 2 === 0) {
      key = item;
    } else if (!isCounter(key)) {
      const value = readValue(database, item);
      if (value === undefined) limits.lose(DAMAGED_RECORD);
      else yield value;
    }
  }
}

/** Keys are package numbers; the record of number 0 holds the highest one given out. */
function isCounter(key: Buffer | undefined): boolean {
  return key?.length === 5 && key[0] === ITEM_INLINE && key.readUInt32LE(1) === 0;
}

function readValue(database: Database, item: Buffer): Buffer | undefined {
  if (item[0] === ITEM_INLINE) return item.subarray(1);
  if (item[0] !== ITEM_OFF_PAGE || item.length !== ITEM_OFF_PAGE_BYTES) return undefined;
  const { isBigEndian, pageBytes, used } = database;
  const sizeBytes = toUInt32(item, 8, isBigEndian);
  if (sizeBytes > MAX_HEADER_BYTES) return undefined;
  const parts: Buffer[] = [];
  let missing = sizeBytes;
  for (let number = toUInt32(item, 4, isBigEndian); missing > 0; ) {
    const page = used.has(number) ? undefined : readPage(database, number);
    if (page === undefined || page[25] !== PAGE_OVERFLOW) return undefined;
    used.add(number);
    const length = toUInt16(page, 22, isBigEndian);
    if (length === 0 || length > missing || PAGE_HEADER_BYTES + length > pageBytes) return undefined;
    parts.push(page.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + length));
    missing -= length;
    number = toUInt32(page, 16, isBigEndian);
  }
  return Buffer.concat(parts);
}

function toUInt16(bytes: Buffer, at: number, isBigEndian: boolean): number {
  return isBigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at);
}

function toUInt32(bytes: Buffer, at: number, isBigEndian: boolean): number {
  return isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
}
