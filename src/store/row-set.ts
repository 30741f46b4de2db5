/**
 * Many rows in one statement: sent as one JSON text, which both databases take apart themselves. Beyond some thousand rows that is several
 * times as fast as a parameter for each value, and there is no limit of 65,535 of them.
 */
import { type RawBuilder, sql } from 'kysely';

/**
 * `rows` as something to select from: `json_to_recordset(…) AS given(a text, b bigint)`. `columns` is written by us, never by anybody else.
 * Fields are named as in `columns`, values must have passed `storable`.
 */
export function rowSet(rows: readonly object[], columns: string): RawBuilder<unknown> {
  return sql`json_to_recordset(CAST(CAST(${JSON.stringify(rows)} AS text) AS json)) AS given(${sql.raw(columns)})`;
}

/** `values` as something to select from, with one column, `value`. */
export function valueSet(values: readonly (string | number)[], type: 'text' | 'bigint'): RawBuilder<unknown> {
  return rowSet(
    values.map(value => ({ value })),
    `value ${type}`,
  );
}

/** A time as a value of its own, where no column says what it is. */
export function timeOf(date: Date): RawBuilder<string> {
  return sql<string>`CAST(${date.toISOString()} AS timestamptz)`;
}

/** Parts of `rows` of at most `size`. */
export function* batches<T>(rows: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

/**
 * Text as PostgreSQL can store it: without NUL and lone surrogates, which stand in no name that anybody could ask for.
 */
export function storableText(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return formed.includes('\0') ? formed.replaceAll('\0', '\uFFFD') : formed;
}

/** A JSON value, with all its texts and keys made storable. The value itself when nothing had to be. */
export function storable<T>(value: T): T {
  const text = JSON.stringify(value);
  // As JSON writes what cannot be stored; most of what we get has none of it.
  return text === undefined || !/\\u(?:0000|d[89a-f])/i.test(text) ? value : (clean(value) as T);
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [storableText(key), clean(field)]));
}

/** `text` cut to `maxLength` UTF-16 units without cutting a character in two. */
export function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).toWellFormed();
}
