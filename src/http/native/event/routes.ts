/**
 * `/api/v1/events`: what happened, as a list and as a stream.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { visibleNamespaces } from '#access/principal.ts';
import type { ServerContext } from '#store/context.ts';
import type { Db } from '#store/database.ts';
import {
  BEGINNING,
  currentEventPosition,
  EVENT_KINDS,
  type EventKind,
  type EventPosition,
  listEvents,
  parseEventPosition,
  positionAfter,
  type StoredEvent,
} from '#store/event.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { lastEventIdOf, type SentEvent, sendEventStream } from '../../event-stream.ts';
import { signedIn } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import type { EventFeed, EventFilter } from './event-feed.ts';

const eventSchema = z
  .object({
    id: z.number().int(),
    at: z.iso.datetime(),
    kind: z.enum(EVENT_KINDS),
    namespaceId: z.uuid().nullable(),
    registryId: z.uuid().nullable(),
    scheduleId: z.uuid().nullable(),
    runId: z.uuid().nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });

const filter = {
  run: z.uuid().optional().describe('Only events of this run'),
  registry: z.uuid().optional().describe('Only events of this registry'),
  kind: z
    .union([z.enum(EVENT_KINDS).transform(kind => [kind]), z.array(z.enum(EVENT_KINDS))])
    .optional()
    .describe('Only these kinds'),
};

/** Adds the routes. */
export function eventRoutes({ store: { db } }: ServerContext, feed: EventFeed) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/events',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['events'],
          summary: 'List events, oldest first',
          querystring: z.object({ ...filter, ...pageQuery }),
          response: { 200: pageOf(eventSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, run, registry, kind } = request.query;
        const after = decodeCursor(cursor, z.number().int()) ?? 0;
        const namespaceIds = visibleNamespaces(signedIn(request));
        const events = await listEvents(db, {
          after,
          limit: limit + 1,
          runId: run,
          registryId: registry,
          kinds: kind,
          namespaceIds,
        });
        const { items, nextCursor } = toPage(events, limit, ({ id }) => id);
        return { items: items.map(present), nextCursor };
      },
    );
    app.get(
      '/api/v1/events/stream',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['events'],
          summary: 'Follow events (text/event-stream)',
          description:
            'Starts with what happens from now on, or after `Last-Event-ID`, after `after`, or at the position `from`.',
          querystring: z.object({
            ...filter,
            after: z.coerce.number().int().min(0).optional().describe('The id of an event'),
            from: z
              .string()
              .regex(/^\d{1,19}-\d{1,15}$/)
              .optional()
              .describe('`eventPosition` of a session, so that nothing is missed in between'),
          }),
        },
      },
      async (request, reply) => {
        const { run, registry, kind, after, from } = request.query;
        const query = {
          runId: run,
          registryId: registry,
          kinds: kind,
          namespaceIds: visibleNamespaces(signedIn(request)),
        };
        await streamEvents(request, reply, { db, feed, filter: query, after, from });
      },
    );
  };
}

/** What a stream is of, and where a client begins that has not been cut off. */
export interface StreamOptions {
  readonly db: Db;
  readonly feed: EventFeed;
  readonly filter: EventFilter;
  /** After this event; missing: from now, or with `fromTheBeginning` from the first. */
  readonly after?: number | undefined;
  /** From this position on, unless `after` is known. */
  readonly from?: string | undefined;
  readonly fromTheBeginning?: boolean | undefined;
  /** The stream ends with an event of one of these kinds. */
  readonly until?: ReadonlySet<EventKind> | undefined;
}

/** Sends events as they come. */
export async function streamEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  options: StreamOptions,
): Promise<void> {
  const { feed, filter, until } = options;
  const start = await startOf(lastEventIdOf(request), options);
  await sendEventStream(request, reply, signal => follow(feed, filter, { start, until }, signal));
}

/** Events as they come, in the form of the stream. */
async function* follow(
  feed: EventFeed,
  filter: EventFilter,
  { start, until }: { readonly start: EventPosition; readonly until: ReadonlySet<EventKind> | undefined },
  signal: AbortSignal,
): AsyncGenerator<SentEvent> {
  for await (const event of feed.follow(filter, start, signal)) {
    yield { id: event.position, event: event.kind, data: present(event) };
    if (until?.has(event.kind) === true) return;
  }
}

/** Where to begin: where the client was cut off, after an event it names, or now. */
async function startOf(
  lastSeen: string | undefined,
  { db, after, from, fromTheBeginning = false }: StreamOptions,
): Promise<EventPosition> {
  const known = lastSeen === undefined ? undefined : parseEventPosition(lastSeen);
  const wanted = known ?? (after === 0 ? BEGINNING : after === undefined ? undefined : await positionAfter(db, after));
  const start = wanted ?? (from === undefined ? undefined : parseEventPosition(from));
  if (start !== undefined) return start;
  return fromTheBeginning ? BEGINNING : await currentEventPosition(db);
}

function present({ id, at, kind, namespaceId, registryId, scheduleId, runId, data }: StoredEvent) {
  return {
    id,
    at,
    kind,
    namespaceId: namespaceId ?? null,
    registryId: registryId ?? null,
    scheduleId: scheduleId ?? null,
    runId: runId ?? null,
    data: { ...data },
  };
}
