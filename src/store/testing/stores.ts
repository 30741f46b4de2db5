/**
 * The databases that every test of the store runs on: PGlite in memory, and a fresh database on a real PostgreSQL server.
 */
import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { openStore, type Store, type StoreLocation } from '../database.ts';
import { migrate } from '../migrate.ts';
import { embeddedDump } from './embedded-template.ts';
import { findPostgres, sharedPostgres } from './postgres-server.ts';

/** Opens a store for one test, migrated and empty; held with `await using`. */
export type OpenTestStore = () => Promise<Store>;

/** Runs a suite on each database. */
export function describeStores(title: string, suite: (open: OpenTestStore, kind: Store['kind']) => void): void {
  describe(`${title}, embedded`, () => suite(openEmbedded, 'pglite'));
  describe.skipIf(findPostgres() === undefined)(`${title}, on PostgreSQL`, () => suite(openOnServer, 'postgres'));
}

/** A migrated store in memory. */
export async function openEmbedded(): Promise<Store> {
  const store = await openStore({ kind: 'pglite', dump: await embeddedDump() });
  await migrate(store);
  return store;
}

/** A migrated store in a database of its own on the shared server. */
async function openOnServer(): Promise<Store> {
  const store = await openStore(await newDatabase());
  await migrate(store);
  return store;
}

/** A database of its own on the shared server, empty. */
export async function newDatabase(): Promise<StoreLocation & { readonly kind: 'postgres' }> {
  const server = await sharedPostgres();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: `${server}/postgres` });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return { kind: 'postgres', url: `${server}/${name}` };
}
