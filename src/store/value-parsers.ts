/** How values of PostgreSQL are read where neither driver's way is ours: see `database.ts`. */

/** PostgreSQL's type numbers. */
const INT8 = 20;
const NUMERIC = 1700;
const TIMESTAMPTZ = 1184;

/** Readers of the text form, by type number: 64-bit numbers as numbers, times as ISO 8601 in UTC. */
export const VALUE_PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: Number,
  [NUMERIC]: Number,
  [TIMESTAMPTZ]: text => new Date(text).toISOString(),
};
