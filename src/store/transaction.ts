/** Transactions that are tried again when PostgreSQL gives one of two up that wait for each other. */
import type { Db, Trx } from './database.ts';

/** Deadlock, and what serialisation refuses: https://www.postgresql.org/docs/15/errcodes-appendix.html. */
const TRY_AGAIN: ReadonlySet<unknown> = new Set(['40P01', '40001']);
const MAX_ATTEMPTS = 5;

/** Runs `work` in a transaction; it may run several times, and must have no effects besides. */
export async function inTransaction<T>(db: Db, work: (trx: Trx) => Promise<T>): Promise<T> {
  return await retried(() => db.transaction().execute(work));
}

/** The same for one statement, which is a transaction by itself. */
export async function retried<T>(statement: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await statement();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (!TRY_AGAIN.has(code) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
