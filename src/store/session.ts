/**
 * Sessions of browsers, by the hash of their id.
 */
import type { Db } from './database.ts';

/** A session. */
export interface Session {
  readonly idHash: string;
  readonly accountId: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  /** The end, however busy it is. */
  readonly expiresAt: string;
  readonly userAgent: string | undefined;
}

/** Begins one. */
export async function insertSession(
  db: Db,
  session: {
    readonly idHash: string;
    readonly accountId: string;
    readonly at: Date;
    readonly expiresAt: Date;
    readonly userAgent?: string | undefined;
  },
): Promise<void> {
  const { idHash, accountId, at, expiresAt, userAgent } = session;
  await db
    .insertInto('session')
    .values({ idHash, accountId, createdAt: at, lastSeenAt: at, expiresAt, userAgent: userAgent ?? null })
    .execute();
}

/** The session with that hash, ended ones included. */
export async function findSession(db: Db, idHash: string): Promise<Session | undefined> {
  const row = await db.selectFrom('session').selectAll().where('idHash', '=', idHash).executeTakeFirst();
  return row === undefined ? undefined : { ...row, userAgent: row.userAgent ?? undefined };
}

/** Remembers that it was used. */
export async function touchSession(db: Db, idHash: string, at: Date): Promise<void> {
  await db.updateTable('session').set({ lastSeenAt: at }).where('idHash', '=', idHash).execute();
}

/** Ends one; false when there was none. */
export async function deleteSession(db: Db, idHash: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('session').where('idHash', '=', idHash).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Ends all of an account but `exceptHash`; how many there were. */
export async function deleteSessionsOf(db: Db, accountId: string, exceptHash?: string): Promise<number> {
  let remove = db.deleteFrom('session').where('accountId', '=', accountId);
  if (exceptHash !== undefined) remove = remove.where('idHash', '!=', exceptHash);
  const { numDeletedRows } = await remove.executeTakeFirst();
  return Number(numDeletedRows);
}

/** Removes sessions past their end, or not used since `seenBefore`; how many there were. */
export async function deleteEndedSessions(db: Db, { at, seenBefore }: { at: Date; seenBefore: Date }): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('session')
    .where(eb => eb.or([eb('expiresAt', '<=', at.toISOString()), eb('lastSeenAt', '<', seenBefore.toISOString())]))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
