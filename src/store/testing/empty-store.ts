/** A store that many tests of a file share: opening one takes a second, emptying it a few milliseconds. */
import { sql } from 'kysely';
import type { Store } from '../database.ts';

/** Removes every row of every table of ours; numbering starts again. */
export async function emptyStore({ db }: Pick<Store, 'db'>): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    SELECT quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'schema_migration%'`.execute(
    db,
  );
  await sql.raw(`TRUNCATE ${rows.map(({ name }) => name).join(', ')} RESTART IDENTITY CASCADE`).execute(db);
}
