/**
 * The write-ahead log of an SQLite database (`-wal`): committed pages that have not been copied into the database file yet.
 *
 * Source: sqlite.org/fileformat2.html, section 4. A frame counts when its salts are the log's and the running checksum fits, and
 * only up to the last frame that commits; what follows is left from an earlier use of the file, and no damage.
 */
import type { FileBody } from '../file-body.ts';

/** The committed pages of a log. */
export interface WriteAheadLog {
  readonly pageSize: number;
  /** Page number to the offset in the log where its newest committed content starts. */
  readonly pages: ReadonlyMap<number, number>;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/** Reads the log; `undefined` when it is empty or no log, or nothing in it was committed: SQLite ignores such a file as well. */
export function readWriteAheadLog(body: FileBody): WriteAheadLog | undefined {
  const header = body.read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES) return undefined;
  const magic = header.readUInt32BE(0);
  // The lowest bit of the magic tells the byte order of the words that are summed up; all other numbers are big endian.
  if (magic !== MAGIC && magic !== MAGIC + 1) return undefined;
  const isBigEndian = magic === MAGIC + 1;
  const pageSize = header.readUInt32BE(8);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) return undefined;

  const sum = { first: 0, second: 0 };
  addChecksum(sum, header, 0, 24, isBigEndian);
  if (!matches(sum, header, 24)) return undefined;

  const pages = new Map<number, number>();
  let pending = new Map<number, number>();
  const frameBytes = FRAME_HEADER_BYTES + pageSize;
  for (let at = HEADER_BYTES; at + frameBytes <= body.sizeBytes; at += frameBytes) {
    const frame = body.read(at, frameBytes);
    if (frame.length < frameBytes) break;
    if (header.compare(frame, 8, 16, 16, 24) !== 0) break;
    addChecksum(sum, frame, 0, 8, isBigEndian);
    addChecksum(sum, frame, FRAME_HEADER_BYTES, frameBytes, isBigEndian);
    if (!matches(sum, frame, 16)) break;
    pending.set(frame.readUInt32BE(0), at + FRAME_HEADER_BYTES);
    if (frame.readUInt32BE(4) !== 0) {
      for (const [page, offset] of pending) pages.set(page, offset);
      pending = new Map();
    }
  }
  return pages.size === 0 ? undefined : { pageSize, pages };
}

function addChecksum(
  sum: { first: number; second: number },
  bytes: Buffer,
  start: number,
  end: number,
  isBigEndian: boolean,
): void {
  let { first, second } = sum;
  for (let at = start; at + 8 <= end; at += 8) {
    first = (first + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + second) >>> 0;
    second = (second + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + first) >>> 0;
  }
  sum.first = first;
  sum.second = second;
}

function matches(sum: { first: number; second: number }, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === sum.first && bytes.readUInt32BE(at + 4) === sum.second;
}
