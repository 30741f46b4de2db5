/**
 * Brings the schema up to date: under a lock, so that several servers may start at once.
 */
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { PlimsollError } from '#base/errors.ts';
import type { Store } from './database.ts';
import { MIGRATIONS } from './migration/migrations.ts';

/**
 * Runs what is missing of the migrations, all or nothing. Returns the names of those that ran.
 * @throws {PlimsollError} `STORE_UNAVAILABLE` when one fails, or the schema is newer than this Plimsoll.
 */
export async function migrate({ db }: Pick<Store, 'db'>): Promise<readonly string[]> {
  const migrations = Object.fromEntries(
    Object.entries(MIGRATIONS).map(([name, statements]) => [
      name,
      {
        async up(trx: Store['db']) {
          for (const statement of statements) await sql.raw(statement).execute(trx);
        },
      },
    ]),
  );
  const migrator = new Migrator({
    db: db as never,
    provider: { getMigrations: () => Promise.resolve(migrations as never) },
    migrationTableName: 'schema_migration',
    migrationLockTableName: 'schema_migration_lock',
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results.find(({ status }) => status === 'Error')?.migrationName;
    const why = error instanceof Error ? error.message : String(error);
    const what = failed === undefined ? 'Cannot bring the database up to date' : `Cannot run migration ${failed}`;
    const hint = /corrupted migrations|missing/.test(why) ? '; was it made by a newer Plimsoll?' : '';
    throw new PlimsollError('STORE_UNAVAILABLE', `${what}: ${why}${hint}`, { cause: error });
  }
  return results.filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
}
