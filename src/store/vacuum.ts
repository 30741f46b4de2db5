/**
 * What a PostgreSQL server does by itself and the embedded database does not: dead rows are removed and figures for the planner renewed.
 * Without it, reads become slower with every change.
 */
import { sql } from 'kysely';
import type { Store } from './database.ts';

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

/** Vacuums tables, all of them when none are named; nothing on a server, which does it when it is due. Some 100,000 rows a second. */
export async function vacuumEmbedded({ db, kind }: Store, tables: readonly string[] = []): Promise<void> {
  if (kind === 'postgres') return;
  await sql`VACUUM (ANALYZE) ${sql.join(tables.map(name => sql.table(name)))}`.execute(db);
}
