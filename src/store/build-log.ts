/** Logs of builds that are not over: pieces in the database. Afterwards they are one blob. */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';

/** A piece of a log. */
export interface LogPiece {
  /** Bytes before it. */
  readonly position: number;
  readonly content: string;
}

/** Appends to the log of a build, which the caller has locked. `position` is where the log ended before: its size. */
export async function appendLog(trx: Trx, buildId: string, { position, content }: LogPiece): Promise<void> {
  if (content === '') return;
  await trx.insertInto('buildLog').values({ buildId, position, content }).execute();
  await trx
    .updateTable('build')
    .set({ logBytes: position + Buffer.byteLength(content) })
    .where('id', '=', buildId)
    .execute();
}

/** Pieces from a position on, in order; one that begins before it comes whole. */
export async function readLog(
  db: Db,
  buildId: string,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<readonly LogPiece[]> {
  return await db
    .selectFrom('buildLog')
    .select(['position', 'content'])
    .where('buildId', '=', buildId)
    .where(sql<boolean>`position + octet_length(content) > ${from}`)
    .orderBy('position')
    .limit(limit)
    .execute();
}

/** Forgets the pieces: the log is a blob now. */
export async function clearLog(db: Db, buildId: string): Promise<void> {
  await db.deleteFrom('buildLog').where('buildId', '=', buildId).execute();
}

/** Keeps the bytes of a blob from being collected. */
export async function keepBlob(
  db: Db,
  { digest, sizeBytes, at }: { readonly digest: string; readonly sizeBytes: number; readonly at: Date },
): Promise<void> {
  await db
    .insertInto('storedBlob')
    .values({ digest, sizeBytes, touchedAt: at, isKept: true })
    .onConflict(conflict => conflict.column('digest').doUpdateSet({ touchedAt: at, isKept: true }))
    .execute();
}
