/**
 * Sign-ins by OpenID Connect that are under way at the provider. Each is taken once.
 */
import type { Db } from './database.ts';

/** Remembers one. */
export async function insertOidcAttempt(
  db: Db,
  attempt: { readonly stateHash: string; readonly sealed: Uint8Array; readonly expiresAt: Date },
): Promise<void> {
  await db.insertInto('oidcAttempt').values(attempt).execute();
}

/** Takes one away and gives its sealed facts; `undefined` when there is none, or its time is over. */
export async function takeOidcAttempt(db: Db, stateHash: string, at: Date): Promise<Uint8Array | undefined> {
  const row = await db
    .deleteFrom('oidcAttempt')
    .where('stateHash', '=', stateHash)
    .returning(['sealed', 'expiresAt'])
    .executeTakeFirst();
  return row === undefined || new Date(row.expiresAt) <= at ? undefined : row.sealed;
}

/** Removes those whose time is over. */
export async function deleteOldOidcAttempts(db: Db, at: Date): Promise<void> {
  await db.deleteFrom('oidcAttempt').where('expiresAt', '<=', at.toISOString()).execute();
}
