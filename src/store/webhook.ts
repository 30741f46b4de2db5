/**
 * Webhooks and their deliveries.
 */
import type { Selectable } from 'kysely';
import { type Db, toJson } from './database.ts';
import type { EventKind } from './event.ts';
import type { WebhookDeliveryTable, WebhookTable } from './tables.ts';

/** What of the chosen kinds a webhook wants. */
export interface WebhookFilter {
  /** Only events of these registries; missing: of all. */
  readonly registryIds?: readonly string[] | undefined;
  /** Of new findings only those of this severity or worse, as in `package_finding`: 5 critical … 0 unknown. */
  readonly minSeverity?: number | undefined;
}

/** A webhook as it is stored. */
export interface StoredWebhook {
  readonly id: string;
  readonly namespaceId: string;
  readonly name: string;
  readonly url: string;
  readonly sealedSecret: Uint8Array;
  readonly kinds: readonly EventKind[];
  readonly filter: WebhookFilter;
  readonly isEnabled: boolean;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A delivery as it is stored. */
export interface StoredDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: number | undefined;
  readonly kind: string;
  readonly body: string;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly lastStatus: number | undefined;
  readonly lastError: string | undefined;
  readonly lastDurationMs: number | undefined;
  readonly nextAttemptAt: string | undefined;
  readonly createdAt: string;
  readonly deliveredAt: string | undefined;
}

/** Adds a webhook. */
export async function insertWebhook(
  db: Db,
  webhook: Omit<StoredWebhook, 'revision' | 'createdAt' | 'updatedAt'> & { readonly at: Date },
): Promise<StoredWebhook> {
  const { at, kinds, filter, sealedSecret, ...rest } = webhook;
  const row = await db
    .insertInto('webhook')
    .values({
      ...rest,
      sealedSecret,
      kinds: toJson(kinds),
      filter: toJson(filter),
      createdAt: at,
      updatedAt: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toWebhook(row);
}

/** What may be changed of a webhook. */
export interface WebhookChange {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly sealedSecret?: Uint8Array | undefined;
  readonly kinds?: readonly EventKind[] | undefined;
  readonly filter?: WebhookFilter | undefined;
  readonly isEnabled?: boolean | undefined;
}

/** Changes a webhook; `undefined` when there is none of that id, or `revision` is given and another. */
export async function changeWebhook(
  db: Db,
  id: string,
  { kinds, filter, ...change }: WebhookChange,
  { at, revision }: { readonly at: Date; readonly revision?: number | undefined },
): Promise<StoredWebhook | undefined> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  let update = db
    .updateTable('webhook')
    .set(eb => ({
      ...given,
      ...(kinds === undefined ? {} : { kinds: toJson(kinds) }),
      ...(filter === undefined ? {} : { filter: toJson(filter) }),
      updatedAt: at,
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', id);
  if (revision !== undefined) update = update.where('revision', '=', revision);
  const row = await update.returningAll().executeTakeFirst();
  return row === undefined ? undefined : toWebhook(row);
}

/** A webhook. */
export async function findWebhook(db: Db, id: string): Promise<StoredWebhook | undefined> {
  const row = await db.selectFrom('webhook').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toWebhook(row);
}

/** Webhooks by name, of these namespaces, or of all. */
export async function listStoredWebhooks(
  db: Db,
  {
    namespaceIds,
    isEnabled,
  }: { readonly namespaceIds?: readonly string[] | undefined; readonly isEnabled?: boolean | undefined },
): Promise<readonly StoredWebhook[]> {
  if (namespaceIds?.length === 0) return [];
  let select = db.selectFrom('webhook').selectAll();
  if (namespaceIds !== undefined) select = select.where('namespaceId', 'in', [...namespaceIds]);
  if (isEnabled !== undefined) select = select.where('isEnabled', '=', isEnabled);
  const rows = await select.orderBy('name').orderBy('id').execute();
  return rows.map(toWebhook);
}

/** Removes a webhook with its deliveries; whether there was one. */
export async function removeStoredWebhook(db: Db, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('webhook').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Adds a delivery that is due at `dueAt`, or at once. */
export async function insertDelivery(
  db: Db,
  delivery: Pick<StoredDelivery, 'id' | 'webhookId' | 'eventId' | 'kind' | 'body'> & {
    readonly at: Date;
    readonly dueAt?: Date | undefined;
  },
): Promise<void> {
  const { at, dueAt = at, eventId, ...rest } = delivery;
  await db
    .insertInto('webhookDelivery')
    .values({ ...rest, eventId: eventId ?? null, state: 'pending', createdAt: at, nextAttemptAt: dueAt })
    .execute();
}

/**
 * Takes the deliveries of a webhook that are due by a time, the oldest first, so that nobody else makes them before `until`.
 */
export async function claimDeliveries(
  db: Db,
  webhookId: string,
  { dueBy, until, limit }: { readonly dueBy: Date; readonly until: Date; readonly limit: number },
): Promise<readonly StoredDelivery[]> {
  const rows = await db
    .updateTable('webhookDelivery')
    .set({ nextAttemptAt: until })
    .where('id', 'in', select =>
      select
        .selectFrom('webhookDelivery')
        .select('id')
        .where('webhookId', '=', webhookId)
        .where('state', '=', 'pending')
        .where('nextAttemptAt', '<=', dueBy.toISOString())
        .orderBy('createdAt')
        .orderBy('id')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
  return rows.map(toDelivery).sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id));
}

/** A delivery. */
export async function findDelivery(db: Db, id: string): Promise<StoredDelivery | undefined> {
  const row = await db.selectFrom('webhookDelivery').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toDelivery(row);
}

/** What an attempt came to. */
export interface DeliveryResult {
  readonly state: StoredDelivery['state'];
  readonly status?: number | undefined;
  readonly error?: string | undefined;
  readonly durationMs: number;
  readonly at: Date;
  readonly nextAttemptAt?: Date | undefined;
}

/** Notes an attempt. */
export async function noteAttempt(db: Db, id: string, result: DeliveryResult): Promise<void> {
  const { state, status, error, durationMs, at, nextAttemptAt } = result;
  await db
    .updateTable('webhookDelivery')
    .set(eb => ({
      state,
      attempts: eb('attempts', '+', 1),
      lastStatus: status ?? null,
      lastError: error ?? null,
      lastDurationMs: durationMs,
      nextAttemptAt: nextAttemptAt ?? null,
      deliveredAt: state === 'delivered' ? at : null,
    }))
    .where('id', '=', id)
    .execute();
}

/** Puts a delivery back, to be made again; whether there was one. */
export async function resetDelivery(db: Db, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('webhookDelivery')
    .set({ state: 'pending', attempts: 0, nextAttemptAt: at, deliveredAt: null })
    .where('id', '=', id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Deliveries of a webhook, newest first. */
export async function listDeliveries(
  db: Db,
  {
    webhookId,
    before,
    limit,
  }: {
    readonly webhookId: string;
    readonly before?: { readonly at: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly StoredDelivery[]> {
  let select = db.selectFrom('webhookDelivery').selectAll().where('webhookId', '=', webhookId);
  if (before !== undefined) {
    const { at, id } = before;
    select = select.where(({ eb, refTuple, tuple }) => eb(refTuple('createdAt', 'id'), '<', tuple(at, id)));
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(toDelivery);
}

/** Deliveries that wait and whose job may have been lost with a server: due before `before`. */
export async function listOverdueDeliveries(db: Db, before: Date, limit: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('webhookDelivery')
    .select('id')
    .where('state', '=', 'pending')
    .where('nextAttemptAt', '<', before.toISOString())
    .orderBy('nextAttemptAt')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

function toWebhook(row: Selectable<WebhookTable>): StoredWebhook {
  const { kinds, filter, ...rest } = row;
  return { ...rest, kinds: kinds as readonly EventKind[], filter: filter as WebhookFilter };
}

function toDelivery(row: Selectable<WebhookDeliveryTable>): StoredDelivery {
  return {
    ...row,
    state: row.state as StoredDelivery['state'],
    eventId: row.eventId ?? undefined,
    lastStatus: row.lastStatus ?? undefined,
    lastError: row.lastError ?? undefined,
    lastDurationMs: row.lastDurationMs ?? undefined,
    nextAttemptAt: row.nextAttemptAt ?? undefined,
    deliveredAt: row.deliveredAt ?? undefined,
  };
}
