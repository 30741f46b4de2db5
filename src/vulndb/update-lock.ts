/**
 * One change at a time: a lock beside the database that the system releases when its holder ends, however it ends.
 *
 * It is a lock of SQLite on a file of its own, `….lock`: Node has no other that survives a `kill -9` of its holder without being left
 * behind. The file stays; only a lock on it means something. Who holds it is written in it, for the message to who comes second.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { databaseFailure, isBusy, isRefused } from './database-file.ts';

/** The right to replace a database; given back when disposed of, or when the process ends. */
export interface UpdateLock extends Disposable {
  readonly path: string;
}

/**
 * Takes the lock for the database at `path`, whose folder is made when it is missing. Does not wait.
 * @throws {PlimsollError} `DATABASE_BUSY` when somebody has it, `FILE_DENIED`, `LIMIT_EXCEEDED` when the disk is full.
 */
export function takeUpdateLock(path: string, now: Date): UpdateLock {
  const lockPath = `${path}.lock`;
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(lockPath, { timeout: 0 });
    database.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL, since TEXT NOT NULL)');
    database.exec('DELETE FROM holder');
    database.prepare('INSERT INTO holder (pid, since) VALUES (?, ?)').run(process.pid, now.toISOString());
    // Reserved, not exclusive: others may still read who has it.
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    const holder = isBusy(error) && database !== undefined ? readHolder(database) : undefined;
    database?.close();
    if (isBusy(error)) {
      throw new PlimsollError(
        'DATABASE_BUSY',
        `Cannot change the vulnerability database "${printable(path)}": ${holder ?? 'another process'} is changing it; try again when it is done`,
        { cause: error },
      );
    }
    const cannot = `Cannot change the vulnerability database "${printable(path)}"`;
    if (isRefused(error)) {
      throw new PlimsollError('FILE_DENIED', `${cannot}: its folder cannot be written to`, { cause: error });
    }
    throw databaseFailure(error, lockPath, cannot);
  }
  const held = database;
  return {
    path: lockPath,
    [Symbol.dispose]: () => {
      if (held.isOpen) held.close();
    },
  };
}

function readHolder(database: DatabaseSync): string | undefined {
  try {
    const row = database.prepare('SELECT pid, since FROM holder').get();
    return row && `process ${String(row['pid'])}, since ${String(row['since'])},`;
  } catch {
    // The holder is just writing its name.
    return undefined;
  }
}
