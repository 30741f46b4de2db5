/**
 * Versions of the vulnerability database. One is current: by it all packages are judged, and no other is seen in any answer.
 *
 * Who writes packages holds the judging lock shared, who makes another version current holds it alone: so no package is ever there that was
 * judged by anything but the current version.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { toJson } from './database.ts';

/** States of a version. `judging`: its file is complete, and packages are being judged by it. */
export type VersionState = 'loading' | 'judging' | 'current' | 'past' | 'failed';

/** A version, without its status. */
export interface DatabaseVersion {
  readonly id: number;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly builtAt: string;
  readonly state: VersionState;
  readonly createdAt: string;
}

const COLUMNS = ['id', 'sha256', 'sizeBytes', 'builtAt', 'state', 'createdAt'] as const;

const LOADING_LIMIT_MS = 6 * 60 * 60 * 1000;

/** Any number that nothing else in this database locks. */
const JUDGING_LOCK = 0x706c_696d_01;
const VERSIONS_LOCK = 0x706c_696d_02;

/** Held until the transaction ends: no other version becomes current meanwhile. */
export async function lockJudgingShared(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock_shared(${JUDGING_LOCK}::bigint)`.execute(trx);
}

/** Held until the transaction ends: waits for all who write packages, and keeps them waiting. */
export async function lockJudgingAlone(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${JUDGING_LOCK}::bigint)`.execute(trx);
}

/** Held until the transaction ends: nobody else registers a version meanwhile. */
export async function lockVersions(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${VERSIONS_LOCK}::bigint)`.execute(trx);
}

/** The version that all packages are judged by; `undefined` before the first. */
export async function findCurrentVersion(db: Db): Promise<DatabaseVersion | undefined> {
  const row = await db.selectFrom('databaseVersion').select(COLUMNS).where('state', '=', 'current').executeTakeFirst();
  return row as DatabaseVersion | undefined;
}

/** The version that came last, of those that are current or will be: what the next one is built from. */
export async function findNewestVersion(db: Db): Promise<DatabaseVersion | undefined> {
  const row = await db
    .selectFrom('databaseVersion')
    .select(COLUMNS)
    .where('state', 'in', ['current', 'judging'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row as DatabaseVersion | undefined;
}

/** One version. */
export async function findVersion(db: Db, id: number): Promise<DatabaseVersion | undefined> {
  const row = await db.selectFrom('databaseVersion').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row as DatabaseVersion | undefined;
}

/** Versions whose files are still of use. */
export async function listLiveVersions(db: Db): Promise<readonly DatabaseVersion[]> {
  const rows = await db
    .selectFrom('databaseVersion')
    .select(COLUMNS)
    .where('state', 'in', ['loading', 'judging', 'current'])
    .orderBy('id')
    .execute();
  return rows as readonly DatabaseVersion[];
}

/** What `plimsoll db status` says of a version, as it was when it was registered. */
export async function findVersionStatus(db: Db, id: number): Promise<unknown> {
  const row = await db.selectFrom('databaseVersion').select('status').where('id', '=', id).executeTakeFirst();
  return row?.status;
}

/** Notes a version that is being loaded; the one of the same bytes when there is one already. */
export async function registerVersion(
  db: Db,
  version: Pick<DatabaseVersion, 'sha256' | 'sizeBytes' | 'builtAt'> & { readonly status: object },
  now: Date,
): Promise<DatabaseVersion> {
  const { sha256, sizeBytes, builtAt, status } = version;
  await db
    .insertInto('databaseVersion')
    .values({ sha256, sizeBytes, builtAt, status: toJson(status), state: 'loading', createdAt: now })
    // The same bytes as of one that has failed or is past: it begins again.
    .onConflict(conflict =>
      conflict
        .column('sha256')
        .doUpdateSet({ state: 'loading', createdAt: now })
        .where('databaseVersion.state', 'in', ['failed', 'past']),
    )
    .execute();
  const row = await db
    .selectFrom('databaseVersion')
    .select(COLUMNS)
    .where('sha256', '=', sha256)
    .executeTakeFirstOrThrow();
  return row as DatabaseVersion;
}

/** Moves a version on; only from one of the states `from`. @returns whether it was in one of them. */
export async function moveVersion(
  db: Db,
  id: number,
  from: readonly VersionState[],
  to: VersionState,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('databaseVersion')
    .set({ state: to })
    .where('id', '=', id)
    .where('state', 'in', [...from])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** What has been loading for hours was given up by a server that died. */
export async function failOldLoading(db: Db, now: Date): Promise<void> {
  await db
    .updateTable('databaseVersion')
    .set({ state: 'failed' })
    .where('state', '=', 'loading')
    .where('createdAt', '<', new Date(now.getTime() - LOADING_LIMIT_MS).toISOString())
    .execute();
}

/** Writes one compressed piece of a version's file. */
export async function putChunk(db: Db, versionId: number, position: number, bytes: Uint8Array): Promise<void> {
  await db
    .insertInto('databaseChunk')
    .values({ versionId, position, bytes })
    .onConflict(conflict => conflict.columns(['versionId', 'position']).doUpdateSet({ bytes }))
    .execute();
}

/** One compressed piece; `undefined` after the last. */
export async function findChunk(db: Db, versionId: number, position: number): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('databaseChunk')
    .select('bytes')
    .where('versionId', '=', versionId)
    .where('position', '=', position)
    .executeTakeFirst();
  return row?.bytes;
}

/** Removes the pieces of versions that nobody will load any more. */
export async function removeOldChunks(db: Db): Promise<void> {
  await db
    .deleteFrom('databaseChunk')
    .where('versionId', 'in', eb =>
      eb.selectFrom('databaseVersion').select('id').where('state', 'not in', ['loading', 'judging', 'current']),
    )
    .execute();
}
