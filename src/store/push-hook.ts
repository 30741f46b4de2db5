/** Addresses that registries tell of pushes. */
import { sql } from 'kysely';
import type { Db } from './database.ts';

/** The address of one registry, and what came there. */
export interface PushHook {
  readonly registryId: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastNoticeAt: string | undefined;
  /** Which product's form the last notice had. */
  readonly lastForm: string | undefined;
  /** How many images the last notice of a push had scanned. */
  readonly lastImages: number | undefined;
  readonly notices: number;
}

/** Makes the address of a registry, or gives the one that is there another secret. `hash` is the SHA-256 of the secret in hex. */
export async function putPushHook(
  db: Db,
  { registryId, hash, by, at }: { registryId: string; hash: string; by: string; at: Date },
): Promise<void> {
  const columns = { secretHash: hash, createdBy: by, createdAt: at };
  await db
    .insertInto('pushHook')
    .values({ registryId, ...columns })
    .onConflict(conflict => conflict.column('registryId').doUpdateSet(columns))
    .execute();
}

/** The address of a registry. */
export async function findPushHook(db: Db, registryId: string): Promise<PushHook | undefined> {
  const row = await db.selectFrom('pushHook').selectAll().where('registryId', '=', registryId).executeTakeFirst();
  if (row === undefined) return undefined;
  const { createdBy, createdAt, lastNoticeAt, lastForm, lastImages, notices } = row;
  return {
    registryId,
    createdBy,
    createdAt,
    lastNoticeAt: lastNoticeAt ?? undefined,
    lastForm: lastForm ?? undefined,
    lastImages: lastImages ?? undefined,
    notices,
  };
}

/** Whether a secret, by its hash, opens the address of a registry. */
export async function isPushHook(db: Db, registryId: string, hash: string): Promise<boolean> {
  const row = await db
    .selectFrom('pushHook')
    .select('registryId')
    .where('registryId', '=', registryId)
    .where('secretHash', '=', hash)
    .executeTakeFirst();
  return row !== undefined;
}

/** Removes the address of a registry; whether there was one. */
export async function deletePushHook(db: Db, registryId: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('pushHook').where('registryId', '=', registryId).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Notes that a notice came; `images` is missing for one that told of no push. */
export async function notePushNotice(
  db: Db,
  { registryId, form, images, at }: { registryId: string; form: string; images: number | undefined; at: Date },
): Promise<void> {
  await db
    .updateTable('pushHook')
    .set({
      lastNoticeAt: at,
      lastForm: form,
      ...(images === undefined ? {} : { lastImages: images }),
      notices: sql<number>`notices + 1`,
    })
    .where('registryId', '=', registryId)
    .execute();
}
