/** The file that a build works in, and what is done to it before it becomes a database. */
import { DatabaseSync } from 'node:sqlite';
import { findDecidingSource } from './deciding-source.ts';
import { APPLICATION_ID, PAGE_BYTES, SCHEMA_VERSION, TABLES } from './schema.ts';

/** KiB of pages that SQLite keeps in memory. */
const CACHE_KIB = 8192;

/** Opens the work file; a new one gets its tables. A transaction is open from then on. */
export function openWork(path: string, isNew: boolean): DatabaseSync {
  // The file is thrown away when anything goes wrong, so nothing needs to be undone or safe from a power cut. SQLite allows that only when it
  // is not told to be on its guard, as Node tells it.
  const database = new DatabaseSync(path, { defensive: false });
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -${CACHE_KIB};`);
  if (isNew) {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${SCHEMA_VERSION};`);
    database.exec(TABLES);
  }
  // One transaction for everything: it is never rolled back, and saves writing each page more than once.
  database.exec('BEGIN');
  return database;
}

/** Notes when and by whom it is built, which source decides about each ecosystem, and what is in it. */
export function completeWork(database: DatabaseSync, by: { readonly now: Date; readonly builtBy: string }): void {
  decideSources(database);
  database.exec(COUNT_ECOSYSTEMS);
  const setMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
  setMeta.run('schema', String(SCHEMA_VERSION));
  setMeta.run('built_at', by.now.toISOString());
  setMeta.run('built_by', by.builtBy);
}

const COUNT_ECOSYSTEMS = `
  UPDATE ecosystem SET packages = 0, records = 0;
  UPDATE ecosystem SET packages = counted.packages, records = counted.records
  FROM (
    SELECT package.ecosystem AS id, count(DISTINCT package.name) AS packages, sum(package.records) AS records
    FROM package JOIN part ON part.id = package.part JOIN ecosystem AS own ON own.id = package.ecosystem
    WHERE own.source IS NULL OR own.source = part.source GROUP BY package.ecosystem
  ) AS counted
  WHERE counted.id = ecosystem.id;
`;

function decideSources(database: DatabaseSync): void {
  const spoken = database
    .prepare(
      `SELECT ecosystem.id AS id, ecosystem.name AS name, group_concat(DISTINCT part.source) AS sources
       FROM package JOIN part ON part.id = package.part JOIN ecosystem ON ecosystem.id = package.ecosystem
       GROUP BY ecosystem.id`,
    )
    .all();
  const update = database.prepare('UPDATE ecosystem SET source = ? WHERE id = ?');
  for (const row of spoken) {
    const source = findDecidingSource(String(row['name']), String(row['sources']).split(',').sort());
    update.run(source ?? null, Number(row['id']));
  }
}
