/** What both databases promise: the schema, types as Kysely reads them, transactions, notices, locks. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { openStore, toJson } from './database.ts';
import { migrate } from './migrate.ts';
import { findPostgres } from './testing/postgres-server.ts';
import { describeStores, newDatabase } from './testing/stores.ts';
import { TABLES_PATH, tablesText } from './testing/write-tables.ts';

describeStores('store', open => {
  test('tables.ts says what the migrations make', async () => {
    await using store = await open();
    expect(await tablesText(store)).toBe(readFileSync(TABLES_PATH, 'utf8'));
  });

  test('migrations run once', async () => {
    await using store = await open();
    expect(await migrate(store)).toEqual([]);
  });

  test('times are ISO 8601 in UTC, large numbers are numbers, JSON keeps its keys, bytes are bytes', async () => {
    await using store = await open();
    const at = '2026-03-04T05:06:07.089Z';
    await store.db
      .insertInto('setting')
      .values({ name: 'some', value: toJson({ snake_key: [1, 'a'] }) })
      .execute();
    await store.db
      .insertInto('layerFacts')
      .values({ layerDigest: 'sha256:1', version: '1', facts: Uint8Array.of(0, 255, 7), createdAt: at })
      .execute();
    const { value } = await store.db.selectFrom('setting').select('value').executeTakeFirstOrThrow();
    expect(value).toEqual({ snake_key: [1, 'a'] });
    const row = await store.db.selectFrom('layerFacts').selectAll().executeTakeFirstOrThrow();
    expect(row.createdAt).toBe(at);
    expect([...row.facts]).toEqual([0, 255, 7]);
    const { rows } = await sql<{ large: number }>`SELECT 9007199254740991::bigint AS large`.execute(store.db);
    expect(rows).toEqual([{ large: Number.MAX_SAFE_INTEGER }]);
  });

  test('a transaction that fails leaves nothing', async () => {
    await using store = await open();
    const doomed = store.db.transaction().execute(async trx => {
      await trx
        .insertInto('setting')
        .values({ name: 'some', value: toJson(1) })
        .execute();
      throw new Error('no');
    });
    await expect(doomed).rejects.toThrow('no');
    expect(await store.db.selectFrom('setting').selectAll().execute()).toEqual([]);
  });

  test('a notice reaches who listens', async () => {
    await using store = await open();
    const { promise, resolve } = Promise.withResolvers<string>();
    await using _ = await store.listen('some_channel', resolve);
    await sql`SELECT pg_notify('some_channel', 'hello')`.execute(store.db);
    expect(await promise).toBe('hello');
  });
});

test.skipIf(findPostgres() === undefined)('several servers may start at once on an empty PostgreSQL', async () => {
  const location = await newDatabase();
  const stores = await Promise.all([openStore(location), openStore(location), openStore(location)]);
  const ran = await Promise.all(stores.map(store => migrate(store)));
  expect(ran.map(names => names.length).sort()).toEqual([0, 0, ran.flat().length]);
  await Promise.all(stores.map(store => store[Symbol.asyncDispose]()));
});

test('a data folder serves one process at a time, and opens again with what was written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-store-'));
  try {
    {
      await using store = await openStore({ kind: 'pglite', folder });
      await migrate(store);
      await store.db
        .insertInto('setting')
        .values({ name: 'some', value: toJson(1) })
        .execute();
      await expect(openStore({ kind: 'pglite', folder })).rejects.toThrow(/another Plimsoll server has it/);
    }
    await using again = await openStore({ kind: 'pglite', folder });
    expect(await again.db.selectFrom('setting').select('name').execute()).toEqual([{ name: 'some' }]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a PostgreSQL that cannot be reached is told without its password', async () => {
  const failure = openStore({ kind: 'postgres', url: 'postgresql://me:secret@127.0.0.1:1/plimsoll' });
  await expect(failure).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(failure).rejects.not.toThrow(/secret/);
});
