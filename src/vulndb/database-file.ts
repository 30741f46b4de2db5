/**
 * Whether a file is a database that this Plimsoll can use: by its header and its length, in microseconds.
 *
 * Source: SQLite, "Database File Format", 1.3 "The Database Header". Whether every page is sound would take reading all of them; a page that
 * is not is told when it is read.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';

/**
 * Checks the file at `path`. @returns its size in bytes.
 * @throws {PlimsollError} `DATABASE_UNKNOWN` when there is none, `DATABASE_INVALID` when it is something else, of another schema or cut
 * off, `FILE_DENIED`.
 */
export function checkDatabaseFile(path: string): number {
  const { header, sizeBytes } = readHeader(path);
  const refuse = (why: string) => invalidDatabase(path, why);
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 16) !== MAGIC) throw refuse('it is no database');
  if (header.readUInt32BE(68) !== APPLICATION_ID) throw refuse('it is a database of another program');
  const schema = header.readUInt32BE(60);
  if (schema > SCHEMA_VERSION) {
    throw refuse(
      `it was made by a newer version of Plimsoll (layout ${schema}, this one reads ${SCHEMA_VERSION}); upgrade this one`,
    );
  }
  if (schema < SCHEMA_VERSION) {
    throw refuse(
      `it was made by an older version of Plimsoll (layout ${schema}, this one reads ${SCHEMA_VERSION}); ${MAKE_NEW}`,
    );
  }
  // 1 stands for 65,536, which does not fit.
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const wantedBytes = pageBytes * header.readUInt32BE(28);
  if (wantedBytes !== sizeBytes) {
    throw refuse(`it is damaged: ${sizeBytes} bytes, its header says ${wantedBytes}; ${MAKE_NEW}`);
  }
  return sizeBytes;
}

/**
 * Opens the file at `path`, which `checkDatabaseFile` has passed, for reading; `pageCacheKib` is SQLite's own cache of pages.
 *
 * The file never changes once it is in its place, so there are no locks, and no look at the file between two questions.
 */
export function openImmutable(path: string, pageCacheKib: number): DatabaseSync {
  const url = pathToFileURL(path);
  url.search = '?immutable=1';
  const database = new DatabaseSync(url, { readOnly: true });
  // A file from elsewhere must not make SQLite run anything of its own.
  database.exec(`PRAGMA trusted_schema = OFF; PRAGMA cache_size = -${pageCacheKib}`);
  return database;
}

/** What to do when a database is beyond use. */
const MAKE_NEW =
  'make a new one with "plimsoll db update --fresh", or "plimsoll db import --fresh" with the files again';

/** The error for a file that is not a database, or no longer. */
export function invalidDatabase(path: string, why: string, cause?: unknown): PlimsollError {
  return new PlimsollError(
    'DATABASE_INVALID',
    `Cannot use "${printable(path)}" as vulnerability database: ${why}`,
    cause === undefined ? undefined : { cause },
  );
}

/**
 * The error for a failure while a database is read or written: of SQLite, of inflating, of the disk. `doing` begins the sentence:
 * `Cannot update "…"`.
 */
export function databaseFailure(error: unknown, path: string, doing?: string): unknown {
  if (error instanceof PlimsollError) return error;
  if (isDiskFull(error)) {
    const what = doing ?? `Cannot write "${printable(path)}"`;
    return new PlimsollError('LIMIT_EXCEEDED', `${what}: no space left on its disk`, { cause: error });
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const what = doing ?? `Cannot read "${printable(path)}"`;
    return new PlimsollError('FILE_DENIED', `${what}: ${code === 'EROFS' ? 'read-only disk' : 'permission denied'}`, {
      cause: error,
    });
  }
  if (typeof code === 'string' && NO_PLACE.has(code)) {
    const what = doing ?? `Cannot use "${printable(path)}"`;
    return new PlimsollError('FILE_UNKNOWN', `${what}: there can be no file of that name`, { cause: error });
  }
  const number = sqliteCode(error);
  if (number === SQLITE.ioError || number === SQLITE.cannotOpen) {
    return invalidDatabase(path, `it cannot be read (${(error as Error).message})`, error);
  }
  // All statements are ours and right, so what SQLite has against one is the file's fault.
  const isDamage = number !== undefined || error instanceof SyntaxError || isInflateError(code);
  return isDamage ? damagedDatabase(path, error) : error;
}

/** Like `databaseFailure` where nothing is done but read: whatever goes wrong then is in the file. */
export function readFailure(error: unknown, path: string): unknown {
  const known = databaseFailure(error, path);
  return known instanceof TypeError || known instanceof RangeError ? damagedDatabase(path, known) : known;
}

function damagedDatabase(path: string, cause: unknown): PlimsollError {
  return invalidDatabase(path, `it is damaged; ${MAKE_NEW}`, cause);
}

function isInflateError(code: unknown): boolean {
  return typeof code === 'string' && /^(?:ZSTD_|ERR_BUFFER_TOO_LARGE)/.test(code);
}

/** System errors of paths whose folder cannot be, or that are folders themselves. */
const NO_PLACE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENAMETOOLONG', 'ELOOP']);

function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || sqliteCode(error) === SQLITE.full;
}

/** SQLite's primary result codes that we tell apart; https://www.sqlite.org/rescode.html. */
const SQLITE = { busy: 5, readOnly: 8, ioError: 10, full: 13, cannotOpen: 14 } as const;

/** Whether SQLite cannot open or write a file, for reasons that it does not tell. */
export function isRefused(error: unknown): boolean {
  const number = sqliteCode(error);
  return number === SQLITE.cannotOpen || number === SQLITE.readOnly;
}

/** Whether SQLite says that somebody else holds a lock. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE.busy;
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

function readHeader(path: string): { header: Buffer; sizeBytes: number } {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stats = fstatSync(file);
    if (!stats.isFile()) throw invalidDatabase(path, `it is ${stats.isDirectory() ? 'a folder' : 'no plain file'}`);
    const header = Buffer.alloc(HEADER_BYTES);
    return { header: header.subarray(0, readSync(file, header, 0, HEADER_BYTES, 0)), sizeBytes: stats.size };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new PlimsollError(
        'DATABASE_UNKNOWN',
        `There is no vulnerability database at "${printable(path)}"; get one with "plimsoll db update", or without internet with "plimsoll db import" or "plimsoll db pull"`,
        { cause: error },
      );
    }
    throw databaseFailure(error, path);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
