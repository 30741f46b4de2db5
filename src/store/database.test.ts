/** Connections that break at the worst moment. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { isStoreAway } from './away.ts';
import { openStore } from './database.ts';
import { migrate } from './migrate.ts';
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

test('an embedded database in a folder works on a thread of its own, and does all that others do', async () => {
  await using folder = await scratchFolder();
  {
    await using store = await openStore({ kind: 'pglite', folder: folder.path });
    await migrate(store);
    const { db } = store;
    const bytes = Buffer.from([0, 1, 255]);
    const at = new Date('2026-11-21T12:00:00Z');
    const facts = { layerDigest: 'sha256:a', version: '1', facts: bytes, createdAt: at };
    const { numInsertedOrUpdatedRows } = await db.insertInto('layerFacts').values(facts).executeTakeFirstOrThrow();
    expect(numInsertedOrUpdatedRows).toBe(1n);
    const again = await db
      .insertInto('layerFacts')
      .values(facts)
      .execute()
      .catch((error: unknown) => error);
    expect(again).toMatchObject({ code: '23505', constraint: 'layer_facts_pkey' });

    const heard = Promise.withResolvers<string>();
    await using _ = await store.listen('test_channel', heard.resolve);
    const undone = db.transaction().execute(async trx => {
      await trx.deleteFrom('layerFacts').execute();
      throw new Error('on second thoughts');
    });
    await expect(undone).rejects.toThrow('on second thoughts');
    await db.transaction().execute(async trx => {
      await trx
        .insertInto('layerFacts')
        .values({ ...facts, version: '2' })
        .execute();
      await sql`SELECT pg_notify('test_channel', 'hello')`.execute(trx);
    });
    expect(await heard.promise).toBe('hello');
    // The thread of the caller goes on meanwhile.
    const slow = sql`SELECT pg_sleep(0.3)`.execute(db).then(() => 'slow');
    const own = new Promise(resolve => setImmediate(resolve, 'own'));
    expect(await Promise.race([slow, own])).toBe('own');
    await slow;
  }
  await using store = await openStore({ kind: 'pglite', folder: folder.path });
  const rows = await store.db.selectFrom('layerFacts').selectAll().orderBy('version').execute();
  expect(rows.map(({ version, createdAt }) => [version, createdAt])).toEqual([
    ['1', '2026-11-21T12:00:00.000Z'],
    ['2', '2026-11-21T12:00:00.000Z'],
  ]);
  expect([...(rows[0]?.facts ?? [])]).toEqual([0, 1, 255]);
});
