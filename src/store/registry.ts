/**
 * Registries as they are kept: settings, sealed credentials, and what their last tests and answers said.
 */
import { type Selectable, sql } from 'kysely';
import { PlimsollError } from '#base/errors.ts';
import { type Db, type Trx, toJson } from './database.ts';
import { isDue } from './due.ts';
import type { RegistryTable } from './tables.ts';

/** How a registry is, as its last test or the last answer of a sensor told. */
export const REGISTRY_HEALTH = [
  'connected',
  'auth-error',
  'unreachable',
  'tls-error',
  'rate-limited',
  'not-tested',
] as const;
export type RegistryHealth = (typeof REGISTRY_HEALTH)[number];

/** How much may still be asked of a registry, as of an answer; what it did not say is missing. */
export interface RegistryRateLimit {
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
  readonly windowSeconds?: number | undefined;
  /** ISO 8601. */
  readonly at: string;
}

/** A registry; without secrets. */
export interface RegistryRecord {
  readonly id: string;
  readonly namespaceId: string;
  readonly name: string;
  /** As in connector/registry-type.ts. */
  readonly type: string;
  readonly url: string;
  /** Host and port as in references to its images. */
  readonly host: string;
  /** `tls`, `proxy` and `product` of `RegistrySettings`. */
  readonly settings: unknown;
  readonly credentialKind: string;
  readonly credentialHint: string | undefined;
  readonly credentialExpiresAt: string | undefined;
  readonly sensorSelector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** At a time, over all sensors. */
  readonly maxListings: number;
  readonly maxScans: number;
  readonly health: RegistryHealth;
  readonly healthDetail: string | undefined;
  readonly lastProbe: unknown;
  readonly rateLimit: RegistryRateLimit | undefined;
  /** Nothing is asked of it before this. */
  readonly coolDownUntil: string | undefined;
  /** What its operator says in headers, for people. */
  readonly warnings: readonly string[];
  /** For ETags: rises with every change by a user. */
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Set once it is being, or was, removed. */
  readonly removedAt: string | undefined;
}

/** What a user gives. */
export interface RegistryFields {
  readonly name: string;
  readonly settings: unknown;
  readonly credentialKind: string;
  readonly sealedCredentials: Uint8Array | null;
  readonly credentialHint: string | undefined;
  readonly credentialExpiresAt: string | undefined;
  readonly sensorSelector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxListings: number;
  readonly maxScans: number;
}

/** A registry to be added. */
export interface NewRegistry extends RegistryFields {
  readonly id: string;
  readonly namespaceId: string;
  /** As in connector/registry-type.ts. */
  readonly type: string;
  readonly url: string;
  readonly host: string;
  readonly at: Date;
}

/** Adds a registry. @throws {PlimsollError} `CONFLICT` when the namespace has one of that name. */
export async function insertRegistry(db: Db, registry: NewRegistry): Promise<RegistryRecord> {
  const { id, namespaceId, type, url, host, at } = registry;
  const row = await named(registry.name, () =>
    db
      .insertInto('registry')
      .values({
        id,
        namespaceId,
        type,
        url,
        host,
        ...columns(registry),
        warnings: toJson([]),
        createdAt: at,
        updatedAt: at,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
  return toRegistry(row);
}

/** Changes what a user may change; credentials only when they are given. @throws {PlimsollError} `CONFLICT`, `NOT_FOUND`. */
export async function updateRegistry(
  db: Db,
  id: string,
  fields: Omit<RegistryFields, 'sealedCredentials'> & { readonly sealedCredentials?: Uint8Array | null | undefined },
  at: Date,
): Promise<RegistryRecord> {
  const { sealedCredentials, ...rest } = columns({ ...fields, sealedCredentials: fields.sealedCredentials ?? null });
  const row = await named(fields.name, () =>
    db
      .updateTable('registry')
      .set(fields.sealedCredentials === undefined ? rest : { ...rest, sealedCredentials })
      .set(eb => ({ revision: eb('revision', '+', 1), updatedAt: at }))
      .where('id', '=', id)
      .where('removedAt', 'is', null)
      .returningAll()
      .executeTakeFirst(),
  );
  if (row === undefined) throw noRegistry(id);
  return toRegistry(row);
}

/** A registry that is not removed. */
async function findRegistry(db: Db, id: string): Promise<RegistryRecord | undefined> {
  const row = await db
    .selectFrom('registry')
    .selectAll()
    .where('id', '=', id)
    .where('removedAt', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toRegistry(row);
}

/** A registry that is not removed. @throws {PlimsollError} `NOT_FOUND`. */
export async function getRegistry(db: Db, id: string): Promise<RegistryRecord> {
  const registry = await findRegistry(db, id);
  if (registry === undefined) throw noRegistry(id);
  return registry;
}

/** The sealed credentials of a registry; `undefined` when it has none. */
export async function findSealedCredentials(db: Db, id: string): Promise<Uint8Array | undefined> {
  const row = await db.selectFrom('registry').select('sealedCredentials').where('id', '=', id).executeTakeFirst();
  return row?.sealedCredentials ?? undefined;
}

/** Which registries to list. */
export interface RegistryQuery {
  /** Missing: all. */
  readonly namespaceIds?: readonly string[] | undefined;
  /** Only those after this one, in the order of the list. */
  readonly after?: { readonly name: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Registries that are not removed, by name. */
export async function listRegistries(
  db: Db,
  { namespaceIds, after, limit }: RegistryQuery,
): Promise<readonly RegistryRecord[]> {
  if (namespaceIds?.length === 0) return [];
  let select = db.selectFrom('registry').selectAll().where('removedAt', 'is', null);
  if (namespaceIds !== undefined) select = select.where('namespaceId', 'in', [...namespaceIds]);
  if (after !== undefined) {
    select = select.where(({ eb, refTuple, tuple }) => eb(refTuple('name', 'id'), '>', tuple(after.name, after.id)));
  }
  const rows = await select.orderBy('name').orderBy('id').limit(limit).execute();
  return rows.map(toRegistry);
}

/**
 * Locks a registry until the transaction ends. Everything that changes its jobs, runs, tasks, repositories or tags takes this lock first, so
 * that no two such changes interleave. `undefined` when it is gone. Rows that refer to it can be written meanwhile.
 */
export async function lockRegistry(trx: Trx, id: string): Promise<RegistryRecord | undefined> {
  const row = await trx.selectFrom('registry').selectAll().where('id', '=', id).forNoKeyUpdate().executeTakeFirst();
  return row === undefined ? undefined : toRegistry(row);
}

/**
 * Registries with something queued that a sensor with these labels may work on now, locked as by `lockRegistry`; those that somebody else has
 * locked are passed over.
 */
export async function lockFreeRegistries(
  trx: Trx,
  {
    labels,
    at,
    limit,
  }: { readonly labels: Readonly<Record<string, string>>; readonly at: Date; readonly limit: number },
): Promise<readonly RegistryRecord[]> {
  const rows = await trx
    .selectFrom('registry')
    .selectAll()
    .where('removedAt', 'is', null)
    .where(sql<boolean>`sensor_selector <@ ${toJson(labels)}::jsonb`)
    .where(eb => eb.or([eb('coolDownUntil', 'is', null), isDue('cool_down_until', at)]))
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('task')
          .select('task.id')
          .whereRef('task.registryId', '=', 'registry.id')
          .where('task.state', '=', 'queued'),
      ),
    )
    .orderBy('id')
    .limit(limit)
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return rows.map(toRegistry);
}

/** Remembers how a registry is. Returns whether that differs from what was known. */
export async function saveHealth(
  db: Db,
  id: string,
  { health, detail, lastProbe }: { health: RegistryHealth; detail: string | undefined; lastProbe?: unknown },
): Promise<boolean> {
  const before = await db.selectFrom('registry').select('health').where('id', '=', id).executeTakeFirst();
  await db
    .updateTable('registry')
    .set({
      health,
      healthDetail: detail ?? null,
      ...(lastProbe === undefined ? {} : { lastProbe: toJson(lastProbe) }),
    })
    .where('id', '=', id)
    .execute();
  return before !== undefined && before.health !== health;
}

/** Lets nothing be asked of a registry before `until`; an earlier end than the one that is set changes nothing. */
export async function coolDown(db: Db, id: string, until: Date): Promise<void> {
  await db
    .updateTable('registry')
    .set({ coolDownUntil: sql<string>`greatest(cool_down_until, ${until})` })
    .where('id', '=', id)
    .execute();
}

/** Remembers what answers said: of the rate limit, unless something later is known, and of what people should know. */
export async function keepSeen(
  db: Db,
  id: string,
  {
    rateLimit,
    warnings,
  }: { readonly rateLimit?: RegistryRateLimit | undefined; readonly warnings?: readonly string[] | undefined },
): Promise<void> {
  if (rateLimit !== undefined) {
    await db
      .updateTable('registry')
      .set({ rateLimit: toJson(rateLimit) })
      .where('id', '=', id)
      .where(sql<boolean>`(rate_limit IS NULL OR (rate_limit->>'at')::timestamptz <= ${rateLimit.at}::timestamptz)`)
      .execute();
  }
  if (warnings !== undefined) {
    await db
      .updateTable('registry')
      .set({ warnings: toJson(warnings) })
      .where('id', '=', id)
      .where(sql<boolean>`warnings <> ${toJson(warnings)}::jsonb`)
      .execute();
  }
}

/** The failure for a registry that is not there. */
export function noRegistry(id: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find the registry ${id}: there is none, or it was removed`);
}

function columns(fields: RegistryFields) {
  return {
    name: fields.name,
    settings: toJson(fields.settings),
    credentialKind: fields.credentialKind,
    sealedCredentials: fields.sealedCredentials,
    credentialHint: fields.credentialHint ?? null,
    credentialExpiresAt: fields.credentialExpiresAt ?? null,
    sensorSelector: toJson(fields.sensorSelector),
    labels: toJson(fields.labels),
    maxListings: fields.maxListings,
    maxScans: fields.maxScans,
  };
}

async function named<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('registry_name')) throw error;
    throw new PlimsollError('CONFLICT', `Cannot name the registry "${name}": the namespace has one of that name`, {
      cause: error,
    });
  }
}

function toRegistry(row: Selectable<RegistryTable>): RegistryRecord {
  return {
    id: row.id,
    namespaceId: row.namespaceId,
    name: row.name,
    type: row.type,
    url: row.url,
    host: row.host,
    settings: row.settings,
    credentialKind: row.credentialKind,
    credentialHint: row.credentialHint ?? undefined,
    credentialExpiresAt: row.credentialExpiresAt ?? undefined,
    sensorSelector: row.sensorSelector as Readonly<Record<string, string>>,
    labels: row.labels as Readonly<Record<string, string>>,
    maxListings: row.maxListings,
    maxScans: row.maxScans,
    health: row.health as RegistryHealth,
    healthDetail: row.healthDetail ?? undefined,
    lastProbe: row.lastProbe ?? undefined,
    rateLimit: (row.rateLimit ?? undefined) as RegistryRateLimit | undefined,
    coolDownUntil: row.coolDownUntil ?? undefined,
    warnings: row.warnings as readonly string[],
    revision: row.revision,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    removedAt: row.removedAt ?? undefined,
  };
}
