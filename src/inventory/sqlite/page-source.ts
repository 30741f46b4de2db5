/**
 * The pages of an SQLite database, out of the file or, where it is newer, its write-ahead log.
 *
 * Source: sqlite.org/fileformat2.html, section 1.3.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import { readWriteAheadLog } from './write-ahead-log.ts';

/** Random access to the pages of one database. */
export interface PageSource {
  /** Bytes of a page that hold content: its size without the reserved bytes at its end. */
  readonly usableBytes: number;
  /** How text values are stored. */
  readonly encoding: 'utf8' | 'utf16le' | 'utf16be';
  /** The content of page `number`, counted from 1; `undefined` when the files do not have it whole. */
  page(number: number): Buffer | undefined;
}

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;

/** Whether a file begins as every SQLite database does. */
export function isSqlite(body: FileBody): boolean {
  return body.read(0, MAGIC.length).toString('latin1') === MAGIC;
}

/** Opens a database with the log beside it, if there is one. @throws {PlimsollError} `FILE_INVALID`. */
export function openPages(body: FileBody, log: FileBody | undefined): PageSource {
  if (!isSqlite(body)) throw new PlimsollError('FILE_INVALID', 'It is no SQLite database');
  // The header holds the page size, which cannot change while there is a log.
  const header = body.read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES) throw new PlimsollError('FILE_INVALID', 'Its SQLite header is cut off');
  const stored = header.readUInt16BE(16);
  const pageSize = stored === 1 ? 65536 : stored;
  const usableBytes = pageSize - (header[20] ?? 0);
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || usableBytes < 480) {
    throw new PlimsollError('FILE_INVALID', `Its SQLite header names a page size of ${pageSize} bytes`);
  }
  const encoding = ENCODINGS[header.readUInt32BE(56)] ?? 'utf8';
  const newer = log === undefined ? undefined : readWriteAheadLog(log);

  const page = (number: number): Buffer | undefined => {
    if (number < 1) return undefined;
    const offset = newer?.pageSize === pageSize ? newer.pages.get(number) : undefined;
    const bytes =
      offset === undefined || log === undefined
        ? body.read((number - 1) * pageSize, pageSize)
        : log.read(offset, pageSize);
    return bytes.length === pageSize ? bytes : undefined;
  };
  return { usableBytes, encoding, page };
}

const ENCODINGS: Readonly<Record<number, PageSource['encoding']>> = { 1: 'utf8', 2: 'utf16le', 3: 'utf16be' };
