/**
 * Whether a time that something waits for has come, by a clock that people set back, or that was a year ahead when the time was written.
 */
import { type RawBuilder, sql } from 'kysely';

/** Nothing waits longer by itself: what is further away was written by another clock. */
export const LONGEST_WAIT_MS = 24 * 60 * 60_000;

/** A condition on a column, written as in SQL: it is due at `at`, or further away than anything waits. */
export function isDue(column: string, at: Date): RawBuilder<boolean> {
  const name = sql.raw(column);
  const latest = new Date(at.getTime() + LONGEST_WAIT_MS).toISOString();
  return sql<boolean>`(${name} <= CAST(${at.toISOString()} AS timestamptz) OR ${name} > CAST(${latest} AS timestamptz))`;
}
