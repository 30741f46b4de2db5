/**
 * What a PostgreSQL server does by itself and the embedded database does not: dead rows are removed and figures for the planner renewed.
 * Without it, reads become slower with every change.
 */
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db, Store } from './database.ts';

/** Tables of which a re-match changes many rows at once. */
export const REMATCH_TABLES = [
  'package_finding',
  'package_doubt',
  'package_set',
  'image_scan',
  'image_change',
  'finding_change',
  'vulnerability',
  'vulnerability_alias',
  'exploit_signal',
  'rematch_package',
  'rematch_finding',
  'rematch_doubt',
  'rematch_signal',
] as const;

/**
 * Vacuums tables one after the other, all of them when none are named; nothing on a server, which does it when it is due. Some 100,000 rows a
 * second; between two tables others have their turn.
 */
export async function vacuumEmbedded({ db, kind }: Store, tables?: readonly string[]): Promise<void> {
  if (kind === 'postgres') return;
  for (const table of tables ?? (await listTables(db))) {
    await sql`VACUUM (ANALYZE) ${sql.table(table)}`.execute(db);
    await setImmediate();
  }
}

async function listTables(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    SELECT schemaname || '.' || tablename AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`.execute(db);
  return rows.map(({ name }) => name);
}
