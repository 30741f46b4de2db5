/**
 * Sensors and the tokens with which new ones introduce themselves. Of secrets only hashes are here.
 */
import { type Db, type Trx, toJson } from './database.ts';
import type { SensorTable } from './tables.ts';

/** A sensor as it is stored. */
export interface StoredSensor {
  readonly id: string;
  readonly name: string;
  /** Part of a server's process. */
  readonly isBuiltIn: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** As in scan/sensor/profile.ts. */
  readonly profile: unknown;
  readonly profileVersion: number;
  /** The last heartbeat; undefined before the first. */
  readonly report: unknown;
  readonly lastHeartbeatAt: string | undefined;
  readonly isDraining: boolean;
  /** The state that the last event told of. */
  readonly toldState: string;
  readonly createdAt: string;
  readonly retiredAt: string | undefined;
}

/** A sensor to be stored. */
export interface NewSensor {
  readonly id: string;
  readonly name: string;
  readonly isBuiltIn: boolean;
  /** Undefined for a built-in one, which needs none. */
  readonly secretHash: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly profile: unknown;
  readonly createdAt: Date;
}

/** What may be changed of a sensor; what is missing stays. */
export interface SensorChange {
  readonly name?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Raises the version of the profile. */
  readonly profile?: unknown;
  readonly isDraining?: boolean | undefined;
  readonly toldState?: string | undefined;
}

const COLUMNS = [
  'id',
  'name',
  'isBuiltIn',
  'labels',
  'profile',
  'profileVersion',
  'report',
  'lastHeartbeatAt',
  'isDraining',
  'toldState',
  'createdAt',
  'retiredAt',
] as const satisfies readonly (keyof SensorTable)[];

/** Stores a sensor. */
export async function insertSensor(db: Db, sensor: NewSensor): Promise<StoredSensor> {
  const { secretHash, labels, profile, ...rest } = sensor;
  const row = await db
    .insertInto('sensor')
    .values({ ...rest, tokenHash: secretHash ?? null, labels: toJson(labels), profile: toJson(profile) })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toSensor(row);
}

/** The built-in sensor of that name: as it is stored, with these labels and this profile, or made anew. Several servers may ask at once. */
export async function upsertBuiltInSensor(
  db: Db,
  sensor: Omit<NewSensor, 'isBuiltIn' | 'secretHash'>,
): Promise<StoredSensor> {
  const labels = toJson(sensor.labels);
  const profile = toJson(sensor.profile);
  const row = await db
    .insertInto('sensor')
    .values({ ...sensor, isBuiltIn: true, tokenHash: null, labels, profile })
    .onConflict(conflict =>
      conflict
        .column('name')
        .where('isBuiltIn', '=', true)
        .where('retiredAt', 'is', null)
        .doUpdateSet(({ ref }) => ({ labels: ref('excluded.labels') as never, isDraining: false })),
    )
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toSensor(row);
}

/** The sensor of that id, retired ones too. */
export async function findSensor(db: Db, id: string): Promise<StoredSensor | undefined> {
  const row = await db.selectFrom('sensor').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toSensor(row);
}

/** The sensor with that secret that is not retired. */
export async function findSensorBySecret(db: Db, secretHash: string): Promise<StoredSensor | undefined> {
  const row = await db
    .selectFrom('sensor')
    .select(COLUMNS)
    .where('tokenHash', '=', secretHash)
    .where('retiredAt', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toSensor(row);
}

/** Sensors by name, retired ones last; a site has some dozens. */
export async function listStoredSensors(
  db: Db,
  query: { readonly includesRetired: boolean; readonly limit?: number | undefined },
): Promise<readonly StoredSensor[]> {
  let select = db.selectFrom('sensor').select(COLUMNS);
  if (!query.includesRetired) select = select.where('retiredAt', 'is', null);
  const rows = await select
    .orderBy('retiredAt', order => order.desc().nullsFirst())
    .orderBy('name')
    .orderBy('id')
    .limit(query.limit ?? 1000)
    .execute();
  return rows.map(toSensor);
}

/** Changes a sensor that is not retired; undefined when there is none. */
export async function changeSensor(db: Db, id: string, change: SensorChange): Promise<StoredSensor | undefined> {
  const { name, labels, profile, isDraining, toldState } = change;
  const row = await db
    .updateTable('sensor')
    .set(eb => ({
      // Something must be set, also when nothing changes.
      id,
      ...(name === undefined ? {} : { name }),
      ...(labels === undefined ? {} : { labels: toJson(labels) }),
      ...(profile === undefined ? {} : { profile: toJson(profile), profileVersion: eb('profileVersion', '+', 1) }),
      ...(isDraining === undefined ? {} : { isDraining }),
      ...(toldState === undefined ? {} : { toldState }),
    }))
    .where('id', '=', id)
    .where('retiredAt', 'is', null)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row === undefined ? undefined : toSensor(row);
}

/** Keeps a heartbeat, the last one only; undefined when there is no such sensor any more. */
export async function keepHeartbeat(
  db: Db,
  id: string,
  beat: { readonly report: unknown; readonly at: Date },
): Promise<StoredSensor | undefined> {
  const row = await db
    .updateTable('sensor')
    .set({ report: toJson(beat.report), lastHeartbeatAt: beat.at })
    .where('id', '=', id)
    .where('retiredAt', 'is', null)
    .returning(COLUMNS)
    .executeTakeFirst();
  return row === undefined ? undefined : toSensor(row);
}

/** Ends a sensor: its secret opens nothing any more. False when it was retired already, or there is none. */
export async function retireStoredSensor(db: Db, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('sensor')
    .set({ retiredAt: at, tokenHash: null, toldState: 'retired' })
    .where('id', '=', id)
    .where('retiredAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/**
 * Lets the leases of a sensor run out now, under tokens that nobody has: whoever takes back leases finds them at once, and what the sensor
 * still reports is late. Those of `except`, ids of tasks, stay. Returns how many there were.
 */
export async function endLeasesOf(
  trx: Trx,
  sensorId: string,
  at: Date,
  except: readonly string[] = [],
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('task')
    .set(({ fn }) => ({ leaseUntil: at, leaseToken: fn<string>('gen_random_uuid') }))
    .where('sensorId', '=', sensorId)
    .where('state', '=', 'leased')
    .$if(except.length > 0, query => query.where('id', 'not in', [...except]))
    .executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Removes sensors retired before `before`. */
export async function removeRetiredSensors(db: Db, before: Date): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('sensor')
    .where('retiredAt', '<', before.toISOString())
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** A token as it is shown; the token itself is nowhere. */
export interface StoredSensorToken {
  readonly hash: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly usedAt: string | undefined;
  readonly sensorId: string | undefined;
}

/** Stores a token. */
export async function insertSensorToken(
  db: Db,
  token: Pick<StoredSensorToken, 'hash' | 'name' | 'labels' | 'createdBy'> & {
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await db
    .insertInto('sensorToken')
    .values({ ...token, labels: toJson(token.labels) })
    .execute();
}

/** Tokens that nobody has used, newest first; expired ones too. */
export async function listUnusedSensorTokens(db: Db): Promise<readonly StoredSensorToken[]> {
  const rows = await db
    .selectFrom('sensorToken')
    .selectAll()
    .where('usedAt', 'is', null)
    .orderBy('createdAt', 'desc')
    .limit(500)
    .execute();
  return rows.map(toToken);
}

/** The token with that hash, locked until the end of the transaction, so that it is used once. */
export async function lockSensorToken(trx: Trx, hash: string): Promise<StoredSensorToken | undefined> {
  const row = await trx.selectFrom('sensorToken').selectAll().where('hash', '=', hash).forUpdate().executeTakeFirst();
  return row === undefined ? undefined : toToken(row);
}

/** Notes which sensor has used a token. */
export async function markSensorTokenUsed(trx: Trx, hash: string, sensorId: string, at: Date): Promise<void> {
  await trx.updateTable('sensorToken').set({ usedAt: at, sensorId }).where('hash', '=', hash).execute();
}

/** Removes a token that nobody has used. False when there is none. */
export async function removeSensorToken(db: Db, hash: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sensorToken')
    .where('hash', '=', hash)
    .where('usedAt', 'is', null)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Removes tokens that expired before `before`, used or not. */
export async function removeOldSensorTokens(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('sensorToken').where('expiresAt', '<', before.toISOString()).execute();
}

function toSensor(row: {
  id: string;
  name: string;
  isBuiltIn: boolean;
  labels: unknown;
  profile: unknown;
  profileVersion: number;
  report: unknown;
  lastHeartbeatAt: string | null;
  isDraining: boolean;
  toldState: string;
  createdAt: string;
  retiredAt: string | null;
}): StoredSensor {
  return {
    ...row,
    labels: row.labels as Readonly<Record<string, string>>,
    report: row.report ?? undefined,
    lastHeartbeatAt: row.lastHeartbeatAt ?? undefined,
    retiredAt: row.retiredAt ?? undefined,
  };
}

function toToken(row: {
  hash: string;
  name: string;
  labels: unknown;
  createdBy: string;
  createdAt: string;
  expiresAt: string;
  usedAt: string | null;
  sensorId: string | null;
}): StoredSensorToken {
  return {
    ...row,
    labels: row.labels as Readonly<Record<string, string>>,
    usedAt: row.usedAt ?? undefined,
    sensorId: row.sensorId ?? undefined,
  };
}
