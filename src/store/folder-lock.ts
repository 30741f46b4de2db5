/**
 * One process for a data folder: two embedded databases on the same files would destroy them.
 *
 * A lock of SQLite on a file of its own: Node has no other that survives a `kill -9` of its holder without being left behind.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** The right to use a folder; ends with the process at the latest. */
export type FolderLock = Disposable;

/** Takes the lock of `folder`, which must exist. Does not wait. @throws {PlimsollError} `CONFLICT`, `FILE_DENIED`. */
export function takeFolderLock(folder: string): FolderLock {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, 'lock'), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const { message, errcode } = error as Error & { errcode?: number };
    if (errcode === 5) {
      throw new PlimsollError(
        'CONFLICT',
        `Cannot use the data folder "${printable(folder)}": another Plimsoll server has it; stop that one, or set PLIMSOLL_DATA`,
        { cause: error },
      );
    }
    throw new PlimsollError(
      'FILE_DENIED',
      `Cannot write to the data folder "${printable(folder)}": ${printable(message)}`,
      {
        cause: error,
      },
    );
  }
  const held = database;
  return {
    [Symbol.dispose]: () => {
      if (held.isOpen) held.close();
    },
  };
}
