/**
 * Reads zip archives out of hostile images: jar, war, egg, and whatever else is a zip.
 *
 * Why our own reader: a cataloguer is synchronous and has random access to bytes it must not trust. The kept npm libraries are
 * callback or stream readers over file descriptors, or unpack everything into memory, and none counts what is really inflated
 * over nested archives. Only the central directory and the entries asked for are read here.
 *
 * Source: PKWARE APPNOTE 6.3.10. Sizes in headers are claims: inflating counts real bytes and stops at the limit.
 */
import { inflateRawSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type FileBody, toBody } from '../file-body.ts';
import { ZipBudget } from './budget.ts';
import { findDirectory, TAIL_BYTES } from './find-directory.ts';
import { parseDirectory, type ZipEntry } from './parse-directory.ts';

export interface ZipOptions {
  /** Shared by an archive and all archives in it; a new one when missing. */
  readonly budget?: ZipBudget;
  /** Names of the entries to list; all when missing. Keeps memory small for archives of many thousand class files. */
  readonly wants?: (name: string) => boolean;
  /** Entries whose names end so are counted in `skippedCount` and not listed, cheaper than by `wants`: `.class` in jars. */
  readonly skipSuffix?: string;
}

/** An archive whose directory was read. Valid as long as the body it was opened on. */
export interface Zip {
  /** The entries that were wanted, in the archive's order; a name may occur twice. */
  readonly entries: readonly ZipEntry[];
  /** All entries, also those not wanted. */
  readonly entryCount: number;
  /** Entries that end in `skipSuffix`. */
  readonly skippedCount: number;
  /** What is wrong with the archive; grows while entries with wrong sizes are read. */
  readonly gaps: readonly string[];
  /** The last entry of that exact name, the one that Java takes. */
  find(name: string): ZipEntry | undefined;
  /**
   * The bytes of an entry: a view when stored, a new buffer when inflated. A wrong size in the directory is told in `gaps`.
   *
   * @throws {PlimsollError} `LIMIT_EXCEEDED` when it is over `limitBytes` or the budget is used up; `FILE_INVALID` when it is
   * encrypted, damaged, cut off, or of a method other than stored and deflated.
   */
  read(entry: ZipEntry, limitBytes: number): Buffer;
  /** The entry as a body of its own, to open a nested archive: a window on this body when stored, nothing copied. @throws as `read`. */
  open(entry: ZipEntry, limitBytes: number): FileBody;
}

/** The largest directory read: 500,000 entries with names of usual length. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
/** Read with the header, so that header, name, extra fields and data mostly come in one read. */
const USUAL_EXTRA_BYTES = 64;
/** Deflate cannot inflate to more: zlib's documentation, "maximum compression factor". */
const MAX_RATIO = 1032;

/**
 * Opens the archive and reads its directory in one go.
 *
 * @throws {PlimsollError} `FILE_INVALID` when it is no zip or is truncated, `LIMIT_EXCEEDED` when it has too many entries.
 */
export function openZip(body: FileBody, options: ZipOptions = {}): Zip {
  const { budget = new ZipBudget(), wants = () => true, skipSuffix = '' } = options;
  budget.spendStep();
  budget.spendBytes(Math.min(body.sizeBytes, TAIL_BYTES));
  const place = findDirectory(body);
  if (place.sizeBytes > MAX_DIRECTORY_BYTES) {
    throw new PlimsollError('LIMIT_EXCEEDED', `The directory of the archive is ${place.sizeBytes} bytes`);
  }
  budget.spendBytes(place.sizeBytes);
  const directory = parseDirectory(body.read(place.start, place.sizeBytes), {
    shift: place.shift,
    statedCount: place.entryCount,
    budget,
    wants,
    skipSuffix,
  });
  const gaps = [...directory.gaps];
  let wrongSizes = 0;
  let byName: Map<string, ZipEntry> | undefined;

  const tellWrongSize = (entry: ZipEntry) => {
    wrongSizes += 1;
    if (wrongSizes === 1)
      gaps.push(`The size of entry "${printable(entry.name, 100)}" is not the one the archive states`);
  };

  const read = (entry: ZipEntry, limitBytes: number): Buffer => {
    const limit = Math.min(limitBytes, budget.bytesLeft);
    const isStored = entry.method === 0;
    // Deflate adds a few bytes per block at most, so more input than this only wastes time.
    const inputLimit = isStored ? limit : limit + Math.floor(limit / 8) + 4096;
    if (entry.storedBytes > inputLimit) throw tooLarge(entry, limitBytes);
    budget.spendStep();
    const input = storedPart(body, entry, entry.storedBytes);
    budget.spendBytes(input.length);
    if (isStored) {
      if (input.length !== entry.storedBytes) throw invalid(entry, 'is cut off');
      if (entry.sizeBytes !== input.length) tellWrongSize(entry);
      return input;
    }
    let inflated = inflate(entry, input, limit);
    if (inflated === undefined) {
      // The stated size cut it off; the data cannot go further than the directory.
      const start = dataStart(body, entry);
      const rest = body.read(start, Math.min(Math.max(0, place.start - start), inputLimit));
      if (rest.length > input.length) {
        budget.spendBytes(rest.length);
        inflated = inflate(entry, rest, limit);
        if (inflated !== undefined && inflated !== 'too-large') tellWrongSize(entry);
      }
    } else if (inflated !== 'too-large' && inflated.length !== entry.sizeBytes) tellWrongSize(entry);
    if (inflated === undefined) throw invalid(entry, 'is cut off');
    if (inflated === 'too-large') {
      budget.spendBytes(limit);
      throw tooLarge(entry, limitBytes);
    }
    budget.spendBytes(inflated.length);
    return inflated;
  };

  return {
    entries: directory.entries,
    entryCount: directory.entryCount,
    skippedCount: directory.skippedCount,
    gaps,
    find: name => {
      byName ??= new Map(directory.entries.map(entry => [entry.name, entry]));
      return byName.get(name);
    },
    read: (entry, limitBytes) => {
      refuseUnreadable(entry);
      return read(entry, limitBytes);
    },
    open: (entry, limitBytes) => {
      refuseUnreadable(entry);
      if (entry.method !== 0) return toBody(read(entry, limitBytes));
      const start = dataStart(body, entry);
      if (start + entry.storedBytes > body.sizeBytes) throw invalid(entry, 'is cut off');
      return windowOn(body, start, entry.storedBytes);
    },
  };
}

function refuseUnreadable(entry: ZipEntry): void {
  if (entry.isEncrypted) throw invalid(entry, 'is encrypted');
  if (entry.method !== 0 && entry.method !== 8) throw invalid(entry, `is compressed by method ${entry.method}`);
}

/** The bytes of an entry as they are in the archive; fewer when the file ends. */
function storedPart(body: FileBody, entry: ZipEntry, length: number): Buffer {
  const name = Buffer.byteLength(entry.name);
  if (entry.offset >= body.sizeBytes) throw invalid(entry, 'is not where the archive says');
  const bytes = body.read(entry.offset, LOCAL_HEADER_BYTES + name + USUAL_EXTRA_BYTES + length);
  const start = headerBytes(entry, bytes);
  return start + length <= bytes.length
    ? bytes.subarray(start, start + length)
    : body.read(entry.offset + start, length);
}

function dataStart(body: FileBody, entry: ZipEntry): number {
  if (entry.offset >= body.sizeBytes) throw invalid(entry, 'is not where the archive says');
  return entry.offset + headerBytes(entry, body.read(entry.offset, LOCAL_HEADER_BYTES));
}

/** Length of the local header at the beginning of `bytes`; its name and extra fields may differ from the directory's. */
function headerBytes(entry: ZipEntry, bytes: Buffer): number {
  if (bytes.length < LOCAL_HEADER_BYTES || bytes.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw invalid(entry, 'is not where the archive says');
  }
  return LOCAL_HEADER_BYTES + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
}

/** Inflates; `undefined` when the input ends too early. */
function inflate(entry: ZipEntry, input: Buffer, limit: number): Buffer | 'too-large' | undefined {
  // One chunk of the stated size spares a copy; what the input can hold bounds it, so a lie allocates nothing.
  const chunkSize = Math.max(64, Math.min(entry.sizeBytes, limit, input.length * MAX_RATIO) + 1);
  try {
    return inflateRawSync(input, { maxOutputLength: Math.max(1, limit), chunkSize });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') return 'too-large';
    if (code === 'Z_BUF_ERROR') return undefined;
    throw invalid(entry, 'is damaged', error);
  }
}

function windowOn(body: FileBody, start: number, sizeBytes: number): FileBody {
  return {
    sizeBytes,
    read: (offset, length) => {
      const from = Math.min(offset, sizeBytes);
      return body.read(start + from, Math.min(length, sizeBytes - from));
    },
  };
}

function invalid(entry: ZipEntry, what: string, cause?: unknown): PlimsollError {
  return new PlimsollError('FILE_INVALID', `Cannot read entry "${printable(entry.name, 100)}": it ${what}`, { cause });
}

function tooLarge(entry: ZipEntry, limitBytes: number): PlimsollError {
  return new PlimsollError(
    'LIMIT_EXCEEDED',
    `Cannot read entry "${printable(entry.name, 100)}": it is larger than the limit of ${limitBytes} bytes`,
  );
}
