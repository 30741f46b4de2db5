/**
 * What happened: written in the transaction that made it happen, read by whoever watches, passed on by webhooks.
 */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { toJson } from './database.ts';

/** Kinds of events. Stable: webhooks and clients go by them. */
export const EVENT_KINDS = [
  'run.queued',
  'run.started',
  'run.progress',
  'run.paused',
  'run.completed',
  'run.failed',
  'run.cancelled',
  'image.found',
  'image.gone',
  'image.scanned',
  'image.failed',
  'tag.moved',
  'findings.new',
  'findings.changed',
  'registry.health',
  'sensor.state',
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

/** Events in the order in which they were written. */
export async function listEvents(db: Db, query: EventQuery): Promise<readonly StoredEvent[]> {
  let select = db.selectFrom('event').selectAll().where('id', '>', query.after);
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
  const rows = await select.orderBy('id').limit(query.limit).execute();
  return rows.map(row => ({
    id: row.id,
    at: row.at,
    kind: row.kind as EventKind,
    namespaceId: row.namespaceId ?? undefined,
    registryId: row.registryId ?? undefined,
    scheduleId: row.scheduleId ?? undefined,
    runId: row.runId ?? undefined,
    data: row.data as Readonly<Record<string, unknown>>,
  }));
}

/** Id of the newest event; 0 when there is none. */
export async function lastEventId(db: Db): Promise<number> {
  const row = await db
    .selectFrom('event')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst();
  return Number(row?.id ?? 0);
}
