/** Connections that break at the worst moment. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { isStoreAway } from './away.ts';
import { openStore } from './database.ts';
import { findPostgres } from './testing/postgres-server.ts';
import { newDatabase } from './testing/stores.ts';

test.skipIf(findPostgres() === undefined)(
  'a connection that PostgreSQL ends between two queries of a transaction fails the transaction, not the program',
  async () => {
    const location = await newDatabase();
    await using store = await openStore(location);
    await using other = await openStore(location);
    if (!('pool' in store.raw)) throw new Error('This is PostgreSQL');
    const gone = Promise.withResolvers<void>();
    store.raw.pool.on('acquire', client => client.once('end', () => gone.resolve()));
    const work = store.db.transaction().execute(async trx => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
      await sql`SELECT pg_terminate_backend(${rows[0]?.pid})`.execute(other.db);
      await gone.promise;
      await sql`SELECT 1`.execute(trx);
    });
    expect(isStoreAway(await work.catch((error: unknown) => error))).toBe(true);
    expect((await sql`SELECT 1 AS one`.execute(store.db)).rows).toEqual([{ one: 1 }]);
  },
);

test('a database that nobody answers for is away, and a wrong query is not', async () => {
  const url = 'postgresql://plimsoll@127.0.0.1:1/none';
  const refused = await openStore({ kind: 'postgres', url }).catch((error: Error) => error);
  expect(isStoreAway((refused as Error).cause)).toBe(true);
  await using store = await openStore({ kind: 'pglite' });
  expect(isStoreAway(await sql`SELECT nonsense`.execute(store.db).catch((error: unknown) => error))).toBe(false);
});
