/**
 * What happened: written in the transaction that made it happen, read by whoever watches, passed on by webhooks.
 */
import { type Selectable, sql } from 'kysely';
import type { Db } from './database.ts';
import { toJson } from './database.ts';
import type { EventTable } from './tables.ts';

/** Kinds of events. Stable: webhooks and clients go by them. */
export const EVENT_KINDS = [
  'run.queued',
  'run.started',
  'run.progress',
  'run.paused',
  'run.resumed',
  'run.completed',
  'run.failed',
  'run.cancelled',
  // A due time that passed by because a run was active.
  'run.skipped',
  'image.found',
  'image.gone',
  // Of the hosted registry.
  'image.pushed',
  'image.pulled',
  'tag.removed',
  'image.scanned',
  'image.failed',
  'tag.moved',
  'findings.new',
  'findings.changed',
  // A weakness is accepted in images of a namespace, or is no more.
  'waiver.created',
  'waiver.ended',
  'waiver.expired',
  'registry.health',
  'sensor.state',
  // Of certification projects.
  'image.certified',
  'image.published',
  'image.unpublished',
  'grade.changed',
  // Something that was asked of a project ended, or its image could not be judged.
  'project.changed',
  // Of the build service.
  'build.queued',
  'build.started',
  'build.progress',
  'build.succeeded',
  'build.failed',
  'build.cancelled',
  'database.updated',
  'rematch.completed',
] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

/** An event to be written. `data` is small: names, digests, counts. */
export interface NewEvent {
  readonly kind: EventKind;
  readonly at: Date;
  readonly namespaceId?: string | undefined;
  readonly registryId?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly runId?: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event as it is read. */
export interface StoredEvent extends Omit<NewEvent, 'at'> {
  /** Rises with time; where to go on from. */
  readonly id: number;
  readonly at: string;
}

/** The channel on which servers tell each other that there are new events. */
export const EVENT_CHANNEL = 'plimsoll_event';

/** Writes events; who listens hears of them when the transaction is committed. */
export async function recordEvents(db: Db, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db
    .insertInto('event')
    .values(
      events.map(({ at, kind, namespaceId, registryId, scheduleId, runId, data }) => ({
        at,
        kind,
        namespaceId: namespaceId ?? null,
        registryId: registryId ?? null,
        scheduleId: scheduleId ?? null,
        runId: runId ?? null,
        data: toJson(data),
      })),
    )
    .execute();
  await sql`SELECT pg_notify(${EVENT_CHANNEL}, '')`.execute(db);
}

/** Which events to read. */
export interface EventQuery {
  /** Only events after this id. */
  readonly after: number;
  readonly limit: number;
  readonly runId?: string | undefined;
  readonly registryId?: string | undefined;
  readonly kinds?: readonly EventKind[] | undefined;
  /** Missing: all. Events of no namespace are for everybody. */
  readonly namespaceIds?: readonly string[] | undefined;
}

/** Events by id, for looking back. Who follows what comes uses `followEvents`: an event of a low id may be written last. */
export async function listEvents(db: Db, query: EventQuery): Promise<readonly StoredEvent[]> {
  const select = filtered(db, query).where('id', '>', query.after);
  const rows = await select.orderBy('id').limit(query.limit).execute();
  return rows.map(toEvent);
}

/** A place in the order of transactions, after which to go on: `tx-id`. Compared by the database alone. */
export type EventPosition = string & { readonly [position]: true };
declare const position: unique symbol;

/** Before everything. */
export const BEGINNING = '0-0' as EventPosition;

/** Reads a position that came from outside; `undefined` when it is none. */
export function parseEventPosition(text: string): EventPosition | undefined {
  return /^\d{1,19}-\d{1,15}$/.test(text) ? (text as EventPosition) : undefined;
}

/** The end of what has happened: who follows from here sees what comes. */
export async function currentEventPosition(db: Db): Promise<EventPosition> {
  const { rows } = await sql<{ tx: string }>`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS tx`.execute(db);
  return `${rows[0]?.tx ?? 0}-0` as EventPosition;
}

/** The position just after an event. `undefined` when there is no such event any more. */
export async function positionAfter(db: Db, id: number): Promise<EventPosition | undefined> {
  const row = await db.selectFrom('event').select('tx').where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : (`${row.tx}-${id}` as EventPosition);
}

/** An event with the position just after it. */
export interface FollowedEvent extends StoredEvent {
  readonly position: EventPosition;
}

/**
 * What was written after `from`, in the order of transactions, as far as all that began earlier have ended: none comes later that belongs
 * before those returned, so that nobody who goes on from the last position misses one.
 */
export async function followEvents(
  db: Db,
  query: Omit<EventQuery, 'after'> & { readonly from: EventPosition },
): Promise<readonly FollowedEvent[]> {
  const [tx = '0', id = '0'] = query.from.split('-');
  const rows = await filtered(db, query)
    .where(sql<boolean>`(tx, id) > (${tx}::xid8, ${id}::bigint)`)
    .where(sql<boolean>`tx < pg_snapshot_xmin(pg_current_snapshot())`)
    .orderBy('tx')
    .orderBy('id')
    .limit(query.limit)
    .execute();
  return rows.map(row => ({ ...toEvent(row), position: `${row.tx}-${row.id}` as EventPosition }));
}

function filtered(db: Db, query: Omit<EventQuery, 'after' | 'limit'>) {
  let select = db.selectFrom('event').selectAll();
  if (query.runId !== undefined) select = select.where('runId', '=', query.runId);
  if (query.registryId !== undefined) select = select.where('registryId', '=', query.registryId);
  if (query.kinds !== undefined) select = select.where('kind', 'in', [...query.kinds]);
  const { namespaceIds } = query;
  if (namespaceIds !== undefined) {
    select = select.where(eb =>
      eb.or([
        eb('namespaceId', 'is', null),
        ...(namespaceIds.length === 0 ? [] : [eb('namespaceId', 'in', [...namespaceIds])]),
      ]),
    );
  }
  return select;
}

function toEvent(row: Selectable<EventTable>): StoredEvent {
  return {
    id: row.id,
    at: row.at,
    kind: row.kind as EventKind,
    namespaceId: row.namespaceId ?? undefined,
    registryId: row.registryId ?? undefined,
    scheduleId: row.scheduleId ?? undefined,
    runId: row.runId ?? undefined,
    data: row.data as Readonly<Record<string, unknown>>,
  };
}
