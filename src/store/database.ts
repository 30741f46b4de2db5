/**
 * The connection to PostgreSQL: a server's, or PGlite's inside this process. Both speak the same SQL through Kysely.
 *
 * Columns are snake_case in SQL and camelCase here; numbers of 64 bits are JavaScript numbers (ours stay below 2^53), times are ISO 8601
 * text in UTC, so that they compare, travel and print the same everywhere.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { CamelCasePlugin, Kysely, PGliteDialect, PostgresDialect, type Transaction } from 'kysely';
import type { Pool } from 'pg';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type FolderLock, takeFolderLock } from './folder-lock.ts';
import { listenOnPool } from './listen.ts';
import { openOnThread } from './pglite-thread.ts';
import type { Tables } from './tables.ts';
import { VALUE_PARSERS } from './value-parsers.ts';

/** What store functions take first; a transaction is one too. */
export type Db = Kysely<Tables>;

/** A transaction: inside its callback only this may be used. */
export type Trx = Transaction<Tables>;

/** Where the store is. */
export type StoreLocation =
  | { readonly kind: 'postgres'; readonly url: string; readonly maxConnections?: number | undefined }
  /** `folder` is made when it is missing; without one everything is in memory, for tests, from a `dump` if there is one. */
  | { readonly kind: 'pglite'; readonly folder?: string | undefined; readonly dump?: Blob | undefined };

/** An open store. Closing it waits for queries under way. */
export interface Store extends AsyncDisposable {
  readonly db: Db;
  readonly kind: StoreLocation['kind'];
  /** Calls `onNotice` for each NOTIFY on `channel`, and once after each time that notices may have been missed. */
  listen(channel: string, onNotice: (payload: string) => void): Promise<AsyncDisposable>;
  /** The raw connection, for the queue alone. */
  readonly raw: { readonly pool: Pool } | { readonly pglite: PGlite };
}

/** Oldest server that has what the migrations use (`UNIQUE NULLS NOT DISTINCT`). */
const MIN_SERVER_VERSION = 150_000;

/**
 * Opens the store; migrations are another step (`migrate.ts`).
 * @throws {PlimsollError} `STORE_UNAVAILABLE` when it cannot be reached or is too old, `CONFLICT` when another process has the folder.
 */
export async function openStore(location: StoreLocation): Promise<Store> {
  return location.kind === 'postgres' ? await openPostgres(location) : await openPglite(location);
}

/** Turns a value into what a `jsonb` column takes. */
export function toJson(value: unknown): string {
  return JSON.stringify(value);
}

async function openPostgres({ url, maxConnections = 10 }: StoreLocation & { kind: 'postgres' }): Promise<Store> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    application_name: 'plimsoll',
    types: {
      getTypeParser: ((oid: number, format: 'text' | 'binary') => {
        const own = format === 'binary' ? undefined : VALUE_PARSERS[oid];
        return own ?? pg.types.getTypeParser(oid, format as 'text');
      }) as typeof pg.types.getTypeParser,
    },
  });
  // A connection that breaks while nobody uses it is replaced; without a listener it would end the process.
  pool.on('error', () => {});
  // So would one that breaks between two queries of a transaction, which the pool does not watch; the next query of it says what happened.
  pool.on('connect', client => client.on('error', () => {}));
  try {
    const { rows } = await pool.query<{ server_version_num: string }>('SHOW server_version_num');
    const version = Number(rows[0]?.server_version_num ?? 0);
    if (version < MIN_SERVER_VERSION) {
      const found = Math.floor(version / 10_000);
      throw new PlimsollError(
        'STORE_UNAVAILABLE',
        `Cannot use ${place(url)}: it is PostgreSQL ${found}, needed is 15 or later`,
      );
    }
  } catch (error) {
    await pool.end();
    if (error instanceof PlimsollError) throw error;
    const { message } = error as Error;
    throw new PlimsollError('STORE_UNAVAILABLE', `Cannot use ${place(url)}: ${printable(message || String(error))}`, {
      cause: error,
    });
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins: [camelCase()] });
  return {
    db,
    kind: 'postgres',
    raw: { pool },
    listen: (channel, onNotice) => listenOnPool(url, channel, onNotice),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function openPglite({ folder, dump }: StoreLocation & { kind: 'pglite' }): Promise<Store> {
  let lock: FolderLock | undefined;
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    lock = takeFolderLock(folder);
  }
  let pglite: PGlite;
  try {
    pglite = await (folder === undefined ? openInMemory(dump) : openOnThread(join(folder, 'postgres')));
  } catch (error) {
    lock?.[Symbol.dispose]();
    const { message } = error as Error;
    const where = folder === undefined ? 'the embedded database' : `the embedded database in "${printable(folder)}"`;
    throw new PlimsollError('STORE_UNAVAILABLE', `Cannot open ${where}: ${printable(message)}`, { cause: error });
  }
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }), plugins: [camelCase()] });
  return {
    db,
    kind: 'pglite',
    raw: { pglite },
    async listen(channel, onNotice) {
      const end = await pglite.listen(channel, onNotice);
      return { [Symbol.asyncDispose]: () => end() };
    },
    async [Symbol.asyncDispose]() {
      // Before the first query Kysely does not know the connection, and would leave it open.
      await db.destroy();
      if (!pglite.closed) await pglite.close();
      lock?.[Symbol.dispose]();
    },
  };
}

/** In this very thread: tests have many of them, and nobody waits. */
async function openInMemory(dump: Blob | undefined): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite');
  return await PGlite.create({
    parsers: { ...VALUE_PARSERS },
    ...(dump === undefined ? {} : { loadDataDir: dump }),
  });
}

/** Keys inside of JSON values are data, not names of columns. */
function camelCase(): CamelCasePlugin {
  return new CamelCasePlugin({ maintainNestedObjectKeys: true });
}

/** The address of a server without the password in it. */
function place(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? 'the database of DATABASE_URL' : `PostgreSQL at ${parsed.host}${parsed.pathname}`;
}
