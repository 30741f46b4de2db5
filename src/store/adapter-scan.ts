/** Scans that another registry asked for: what it wants scanned, and how far that is. The result is the image's report. */
import type { Db } from './database.ts';

/** What was asked for. */
export interface NewAdapterScan {
  /** UUID. */
  readonly id: string;
  /** Origin of the registry, as it named itself. */
  readonly registryUrl: string;
  readonly repository: string;
  /** Empty when it is not told. */
  readonly tag: string;
  readonly digest: string;
  readonly mediaType: string;
  /** Whether its certificate is not to be checked. */
  readonly isInsecure: boolean;
  /** The authorization to pull with, sealed; missing for none. */
  readonly sealedAuthorization: Uint8Array | undefined;
  readonly at: Date;
}

/** A scan; `done` and `failed` are ends. */
export interface AdapterScan extends Omit<NewAdapterScan, 'at' | 'sealedAuthorization'> {
  readonly state: 'queued' | 'done' | 'failed';
  readonly error: string | undefined;
  readonly createdAt: string;
}

/** Adds a scan. */
export async function insertAdapterScan(db: Db, { at, sealedAuthorization, ...scan }: NewAdapterScan): Promise<void> {
  await db
    .insertInto('adapterScan')
    .values({ ...scan, sealedAuthorization: sealedAuthorization ?? null, state: 'queued', createdAt: at })
    .execute();
}

/** A scan; `undefined` when there is none, or none any more. */
export async function findAdapterScan(db: Db, id: string): Promise<AdapterScan | undefined> {
  const row = await db
    .selectFrom('adapterScan')
    .select([
      'id',
      'registryUrl',
      'repository',
      'tag',
      'digest',
      'mediaType',
      'isInsecure',
      'state',
      'error',
      'createdAt',
    ])
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined
    ? undefined
    : { ...row, state: row.state as AdapterScan['state'], error: row.error ?? undefined };
}

/** What opens the registry for a scan that has not ended. */
export async function findSealedAuthorization(db: Db, id: string): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('adapterScan').select('sealedAuthorization').where('id', '=', id).executeTakeFirst();
  return row?.sealedAuthorization ?? undefined;
}

/** Ends a scan; the authorization goes. */
export async function endAdapterScan(
  db: Db,
  id: string,
  { state, error }: { readonly state: 'done' | 'failed'; readonly error?: string },
): Promise<void> {
  await db
    .updateTable('adapterScan')
    .set({ state, error: error ?? null, sealedAuthorization: null })
    .where('id', '=', id)
    .execute();
}

/** Forgets scans that are older than `before`; their reports stay. */
export async function forgetAdapterScans(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('adapterScan').where('createdAt', '<', before.toISOString()).execute();
}
