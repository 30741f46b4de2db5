/**
 * Rows whose time is over: removed some thousand at a time, so that nobody waits for long.
 */
import { sql } from 'kysely';
import type { Db } from './database.ts';

/** Histories by the column that says how old a row is. */
const HISTORIES = {
  event: 'at',
  webhook_delivery: 'created_at',
  bulk_action: 'created_at',
  audit_entry: 'at',
  idempotent_answer: 'created_at',
} as const;

export type History = keyof typeof HISTORIES;

/** Removes up to `limit` rows older than `before`. Returns how many; fewer than `limit`: there are no more. */
export async function removeOldRows(
  db: Db,
  history: History,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const table = sql.table(history);
  const { numAffectedRows } = await sql`
    DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM ${table} WHERE ${sql.ref(HISTORIES[history])} < ${before} LIMIT ${limit}))`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Removes up to `limit` rows of what re-matches completed before `before` have changed; that they took place, and how many, stays known. */
export async function removeOldChanges(
  db: Db,
  table: 'finding_change' | 'image_change',
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const changes = sql.table(table);
  const { numAffectedRows } = await sql`
    DELETE FROM ${changes} WHERE ctid = ANY (ARRAY(
      SELECT c.ctid FROM ${changes} c JOIN rematch r ON r.id = c.rematch_id WHERE r.completed_at < ${before}
      LIMIT ${limit}))`.execute(db);
  return Number(numAffectedRows ?? 0);
}
