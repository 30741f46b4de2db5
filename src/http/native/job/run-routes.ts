/**
 * `/api/v1/runs`: what became of scan jobs.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '#store/context.ts';
import type { EventKind } from '#store/event.ts';
import { listRuns } from '#store/run.ts';
import { listRunImages, RUN_IMAGE_STATES } from '#store/run-image.ts';
import { decodeCursor, namespaceQuery, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { namespacesOf } from '../../route-access.ts';
import type { EventFeed } from '../event/event-feed.ts';
import { streamEvents } from '../event/routes.ts';
import { problems, typed } from '../native-route.ts';
import { runFor } from './job-access.ts';
import { presentRun, presentRunImage, runImageSchema, runSchema } from './job-schema.ts';

const params = z.object({ runId: z.uuid() });
const access = { config: { access: 'signed-in' as const } };
const tags = ['runs'];
/** After these nothing more happens in a run. */
const ENDS: ReadonlySet<EventKind> = new Set(['run.completed', 'run.failed', 'run.cancelled']);

/** Adds the routes. */
export function runRoutes({ store: { db } }: ServerContext, feed: EventFeed) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/runs',
      {
        ...access,
        schema: {
          tags,
          summary: 'List runs, latest first',
          querystring: z.object({
            registry: z.uuid().optional(),
            schedule: z.uuid().optional(),
            ...namespaceQuery,
            ...pageQuery,
          }),
          response: { 200: pageOf(runSchema), ...problems },
        },
      },
      async request => {
        const { registry: registryId, schedule: scheduleId, namespace, limit, cursor } = request.query;
        const before = decodeCursor(cursor, z.object({ createdAt: z.iso.datetime(), id: z.uuid() }));
        const namespaceIds = namespacesOf(request, namespace);
        const runs = await listRuns(db, { registryId, scheduleId, namespaceIds, before, limit: limit + 1 });
        const { items, nextCursor } = toPage(runs, limit, ({ createdAt, id }) => ({ createdAt, id }));
        return { items: items.map(presentRun), nextCursor };
      },
    );
    app.get(
      '/api/v1/runs/:runId',
      { ...access, schema: { tags, summary: 'Read a run', params, response: { 200: runSchema, ...problems } } },
      async request => presentRun((await runFor(request, db, 'viewer', request.params.runId)).run),
    );
    app.get(
      '/api/v1/runs/:runId/images',
      {
        ...access,
        schema: {
          tags,
          summary: 'List the images of a run, and why those failed that failed',
          params,
          querystring: z.object({ state: z.enum(RUN_IMAGE_STATES).optional(), ...pageQuery }),
          response: { 200: pageOf(runImageSchema), ...problems },
        },
      },
      async request => {
        const { runId } = request.params;
        await runFor(request, db, 'viewer', runId);
        const { state, limit, cursor } = request.query;
        const after = decodeCursor(cursor, z.string());
        const images = await listRunImages(db, runId, { state, after, limit: limit + 1 });
        const { items, nextCursor } = toPage(images, limit, ({ digest }) => digest);
        return { items: items.map(presentRunImage), nextCursor };
      },
    );
    app.get(
      '/api/v1/runs/:runId/events',
      {
        ...access,
        schema: {
          tags,
          summary: 'Follow a run (text/event-stream)',
          description:
            'Begins with the first event of the run and ends with the last; `Last-Event-ID` goes on after what was seen.',
          params,
        },
      },
      async (request, reply) => {
        const { runId } = request.params;
        const { run } = await runFor(request, db, 'viewer', runId);
        // To a browser that comes back after the end, so that it does not come again.
        if (run.completedAt !== undefined && request.headers['last-event-id'] !== undefined)
          return await reply.code(204).send();
        await streamEvents(request, reply, { db, feed, filter: { runId }, fromTheBeginning: true, until: ENDS });
      },
    );
  };
}
