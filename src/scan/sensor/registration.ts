/**
 * How sensors come into being: an admin makes a one-time token, a sensor introduces itself with it, and shows a secret of its own from then on.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { ServerContext } from '#store/context.ts';
import { recordEvents } from '#store/event.ts';
import {
  findSensor,
  findSensorBySecret,
  insertSensor,
  insertSensorToken,
  listUnusedSensorTokens,
  lockSensorToken,
  markSensorTokenUsed,
  removeSensorToken,
  type StoredSensor,
  type StoredSensorToken,
  upsertBuiltInSensor,
} from '#store/sensor.ts';
import type { SensorLabels } from './labels.ts';
import { DEFAULT_PROFILE, type SensorProfile } from './profile.ts';
import { hashSecret, isSensorSecret, isSensorToken, newSensorToken } from './secret.ts';

/** How long a token is good. */
const TOKEN_LIFE_MS = 60 * 60 * 1000;

/** A token for a new sensor. */
export interface SensorTokenWish {
  readonly name: string;
  readonly labels: SensorLabels;
  /** Milliseconds; an hour unless told. */
  readonly lifeMs?: number | undefined;
}

/** A token just made: the only time that it is shown. */
export interface IssuedSensorToken {
  readonly token: string;
  readonly expiresAt: string;
}

/** Makes a token with which one sensor can introduce itself, once. */
export async function createSensorToken(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  { name, labels, lifeMs = TOKEN_LIFE_MS }: SensorTokenWish,
  actor: Actor,
): Promise<IssuedSensorToken> {
  const token = newSensorToken();
  const hash = hashSecret(token);
  const createdAt = now();
  const expiresAt = new Date(createdAt.getTime() + lifeMs);
  await store.db.transaction().execute(async trx => {
    await insertSensorToken(trx, { hash, name, labels, createdBy: actor.name, createdAt, expiresAt });
    await recordAudit(trx, {
      at: createdAt,
      actor,
      action: 'sensor-token.create',
      subjectKind: 'sensor-token',
      subjectId: hash.slice(0, 12),
      detail: { name, labels, expiresAt: expiresAt.toISOString() },
    });
  });
  return { token, expiresAt: expiresAt.toISOString() };
}

/** Tokens that nobody has used. Their names are the first twelve characters of their hash. */
export async function listSensorTokens({ store }: Pick<ServerContext, 'store'>): Promise<readonly StoredSensorToken[]> {
  return await listUnusedSensorTokens(store.db);
}

/** Takes a token back. @throws {PlimsollError} `NOT_FOUND` when nobody could have used it any more. */
export async function revokeSensorToken(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  hash: string,
  actor: Actor,
): Promise<void> {
  await store.db.transaction().execute(async trx => {
    if (!(await removeSensorToken(trx, hash))) {
      throw new PlimsollError('NOT_FOUND', 'Cannot revoke the token: it was used, revoked or never made');
    }
    await recordAudit(trx, {
      at: now(),
      actor,
      action: 'sensor-token.revoke',
      subjectKind: 'sensor-token',
      subjectId: hash.slice(0, 12),
    });
  });
}

/** How a sensor introduces itself. */
export interface Introduction {
  readonly token: string;
  /** What it will show from now on. */
  readonly secret: string;
  /** Replaces the name of the token. */
  readonly name?: string | undefined;
  /** Added to the labels of the token, which go before. */
  readonly labels?: SensorLabels | undefined;
  readonly profile?: SensorProfile | undefined;
  readonly remoteAddress?: string | undefined;
}

/**
 * Makes a sensor of whoever shows a token. May be repeated with the same secret: a lost answer costs nobody a token.
 * @throws {PlimsollError} `UNAUTHENTICATED` for a token that is unknown, expired or used by another.
 */
export async function registerSensor(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  introduction: Introduction,
): Promise<StoredSensor> {
  const { token, secret, remoteAddress } = introduction;
  if (!isSensorSecret(secret)) {
    throw new PlimsollError('REQUEST_INVALID', 'Cannot register the sensor: its secret is not of the form plss_…');
  }
  const hash = hashSecret(token);
  const secretHash = hashSecret(secret);
  return await store.db.transaction().execute(async trx => {
    const known = isSensorToken(token) ? await lockSensorToken(trx, hash) : undefined;
    if (known === undefined) throw refused('the server does not know the token');
    if (known.usedAt !== undefined) {
      const own = await findSensorBySecret(trx, secretHash);
      if (own !== undefined && own.id === known.sensorId) return own;
      throw refused('the token was used already');
    }
    const at = now();
    if (Date.parse(known.expiresAt) <= at.getTime()) throw refused(`the token expired at ${known.expiresAt}`);
    const name = introduction.name ?? known.name;
    const labels = { ...introduction.labels, ...known.labels };
    const profile = introduction.profile ?? DEFAULT_PROFILE;
    const sensor = await insertSensor(trx, {
      id: randomUUID(),
      name,
      isBuiltIn: false,
      secretHash,
      labels,
      profile,
      createdAt: at,
    });
    await markSensorTokenUsed(trx, hash, sensor.id, at);
    await recordAudit(trx, {
      at,
      actor: { name: `sensor ${name}`, remoteAddress },
      action: 'sensor.register',
      subjectKind: 'sensor',
      subjectId: sensor.id,
      detail: { name, labels, invitedBy: known.createdBy },
    });
    await recordEvents(trx, [{ kind: 'sensor.state', at, data: { sensorId: sensor.id, name, state: 'registering' } }]);
    return sensor;
  });
}

/** The sensor that shows `secret`. @throws {PlimsollError} `UNAUTHENTICATED` when there is none, or it was retired. */
export async function authenticateSensor(
  { store }: Pick<ServerContext, 'store'>,
  secret: string,
): Promise<StoredSensor> {
  const sensor = isSensorSecret(secret) ? await findSensorBySecret(store.db, hashSecret(secret)) : undefined;
  if (sensor !== undefined) return sensor;
  throw new PlimsollError(
    'UNAUTHENTICATED',
    'Cannot let the sensor in: its secret is unknown, or the sensor was retired; register it again with a fresh token',
  );
}

/** The sensor of a server's own process, by the host that it runs on; made at its first start. */
export async function ensureBuiltInSensor(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  { host, labels, profile }: { readonly host: string; readonly labels: SensorLabels; readonly profile: SensorProfile },
): Promise<StoredSensor> {
  const name = `built-in@${host}`;
  const sensor = { id: randomUUID(), name, labels, profile, createdAt: now() };
  return await upsertBuiltInSensor(store.db, sensor);
}

/** The sensor of that id. @throws {PlimsollError} `NOT_FOUND`. */
export async function getSensor({ store }: Pick<ServerContext, 'store'>, id: string): Promise<StoredSensor> {
  const sensor = await findSensor(store.db, id);
  if (sensor === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot find the sensor: there is none of that id');
  return sensor;
}

function refused(why: string): PlimsollError {
  return new PlimsollError(
    'UNAUTHENTICATED',
    `Cannot register the sensor: ${why}; ask an admin of the server for a fresh one`,
  );
}
