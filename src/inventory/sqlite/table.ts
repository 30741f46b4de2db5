/**
 * One table of an SQLite database inside an image, read without SQLite: image files are never written to disk under a name that a
 * database engine could open, and a few pages of rules are easier to bound than an engine.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import { type Lose, readTable } from './b-tree.ts';
import { openPages } from './page-source.ts';
import { readRecord, type SqliteValue } from './record.ts';

/**
 * The rows of `table`, in the order of their row ids, each with its columns in the order of their definition; a column added later
 * by `alter table` may be missing at the end, an integer primary key reads as null. `log` is the content of the `-wal` file.
 *
 * @throws {PlimsollError} `FILE_INVALID` when it is no SQLite database or has no such table.
 */
export function* readRows(
  body: FileBody,
  table: string,
  options: { log: FileBody | undefined; lose: Lose },
): Generator<SqliteValue[]> {
  const { log, lose } = options;
  const pages = openPages(body, log);
  const root = findRoot(table);
  if (root === undefined) throw new PlimsollError('FILE_INVALID', `Its SQLite database has no table "${table}"`);
  for (const record of readTable(pages, root, lose)) {
    const row = readRecord(record, pages.encoding);
    if (row === undefined) lose('damaged database row(s); packages may be missing');
    else yield row;
  }

  // The schema is a table itself, at page 1: type, name, table name, root page, SQL text.
  function findRoot(name: string): number | undefined {
    for (const record of readTable(pages, 1, lose)) {
      const [kind, found, , rootPage] = readRecord(record, pages.encoding) ?? [];
      if (kind === 'table' && found === name && typeof rootPage === 'number') return rootPage;
    }
    return undefined;
  }
}
