/**
 * `/api/v1/registries`: connections to registries, what is known of them, and what can be done with them.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requireRole } from '#access/principal.ts';
import { type BulkResult, changeSchedules, showBulk } from '#scan/job/bulk.ts';
import type { JobContext } from '#scan/job/job-context.ts';
import { createRegistry, removeRegistry, updateRegistry } from '#scan/job/manage-registry.ts';
import { previewSchedule } from '#scan/job/preview.ts';
import { draftInput, registryEdit, registryInput } from '#scan/job/registry-input.ts';
import { cancelRun, scanImageNow } from '#scan/job/scan-image-now.ts';
import { testConnection } from '#scan/job/test-connection.ts';
import { type ProbeWorld, testDraft } from '#scan/job/test-draft.ts';
import { registryTotals } from '#store/image-totals.ts';
import { listRegistries, REGISTRY_HEALTH } from '#store/registry.ts';
import { decodeCursor, namespaceQuery, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { expectedRevision, sendRevision } from '../../revision.ts';
import { actorOf, signedIn } from '../../route-access.ts';
import { registryFor, runFor } from '../job/job-access.ts';
import { presentRun, runSchema, settingsInput, violationSchema } from '../job/job-schema.ts';
import { problems, typed } from '../native-route.ts';
import { seenScope } from '../seen-scope.ts';
import { presentRegistry, registrySchema } from './registry-schema.ts';

const params = z.object({ registryId: z.uuid() });
const access = { config: { access: 'signed-in' as const } };
const tags = ['registries'];

const probeSchema = z
  .object({
    at: z.iso.datetime(),
    sensorId: z.uuid().nullable(),
    isOk: z.boolean(),
    health: z.enum(REGISTRY_HEALTH),
    steps: z
      .array(z.unknown())
      .describe('dns, tcp, tls, ping, challenge, token, catalogue, tags, manifest: result, detail, remedy, durationMs'),
  })
  .meta({ id: 'ConnectionTest' });

const bulkSchema = z
  .object({
    jobId: z.uuid(),
    accepted: z.array(z.string()),
    ignored: z.array(z.string()).describe('Their state passes them over'),
    refused: z.array(z.object({ id: z.string(), violation: violationSchema })),
    unknown: z.array(z.string()).describe('There is no such scan job'),
  })
  .meta({ id: 'BulkResult' });

/** Adds the routes. `world`: how this server itself reaches registries. */
export function registryRoutes(context: JobContext, world: ProbeWorld) {
  return (instance: FastifyInstance): void => {
    readRoutes(instance, context);
    changeRoutes(instance, context);
    draftRoutes(instance, context, world);
    workRoutes(instance, context);
    bulkRoutes(instance, context);
  };
}

function readRoutes(instance: FastifyInstance, context: JobContext): void {
  const { db } = context.store;
  const app = typed(instance);
  app.get(
    '/api/v1/registries',
    {
      ...access,
      schema: {
        tags,
        summary: 'List registries by name, with their totals',
        querystring: z.object({ ...namespaceQuery, ...pageQuery }),
        response: { 200: pageOf(registrySchema), ...problems },
      },
    },
    async request => {
      const { namespace, limit, cursor } = request.query;
      const after = decodeCursor(cursor, z.object({ name: z.string(), id: z.uuid() }));
      const scope = await seenScope(request, context, { namespace });
      const { namespaceIds } = scope;
      const registries = await listRegistries(db, { namespaceIds, after, limit: limit + 1 });
      const { items, nextCursor } = toPage(registries, limit, ({ name, id }) => ({ name, id }));
      const totals = await registryTotals(
        db,
        items.map(({ id }) => id),
        scope,
      );
      return { items: items.map(registry => presentRegistry(registry, totals.get(registry.id))), nextCursor };
    },
  );
  app.get(
    '/api/v1/registries/:registryId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Read a registry, with its totals',
        params,
        response: { 200: registrySchema, ...problems },
      },
    },
    async (request, reply) => {
      const registry = await registryFor(request, db, 'viewer', request.params.registryId);
      sendRevision(reply, registry.revision);
      const totals = await registryTotals(db, [registry.id], await seenScope(request, context));
      return presentRegistry(registry, totals.get(registry.id));
    },
  );
}

function changeRoutes(instance: FastifyInstance, context: JobContext): void {
  const { db } = context.store;
  const app = typed(instance);
  app.post(
    '/api/v1/registries',
    {
      ...access,
      schema: {
        tags,
        summary: 'Connect a registry; nothing is asked of it yet',
        description: 'Which credentials and settings a product takes: `GET /api/v1/registry-products`.',
        body: registryInput.extend({ namespaceId: z.uuid() }),
        response: { 201: registrySchema, ...problems },
      },
    },
    async (request, reply) => {
      const { namespaceId, ...input } = request.body;
      requireRole(signedIn(request), 'admin', namespaceId);
      const registry = await createRegistry(context, { namespaceId, input, actor: actorOf(request) });
      sendRevision(reply, registry.revision);
      return await reply.code(201).send(presentRegistry(registry));
    },
  );
  app.patch(
    '/api/v1/registries/:registryId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Change a registry: its name, credentials, settings; not its type and address',
        params,
        body: registryEdit,
        response: { 200: registrySchema, ...problems },
      },
    },
    async (request, reply) => {
      const { registryId: id } = request.params;
      await registryFor(request, db, 'admin', id);
      const wish = { id, input: request.body, ifRevision: expectedRevision(request), actor: actorOf(request) };
      const registry = await updateRegistry(context, wish);
      sendRevision(reply, registry.revision);
      const totals = await registryTotals(db, [id], await seenScope(request, context));
      return presentRegistry(registry, totals.get(id));
    },
  );
  app.delete(
    '/api/v1/registries/:registryId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Remove a registry with its scan jobs',
        params,
        querystring: z.object({
          images: z
            .enum(['keep', 'delete'])
            .default('keep')
            .describe('Keep images and reports as historical, or delete them'),
        }),
        response: { 202: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { registryId: id } = request.params;
      await registryFor(request, db, 'admin', id);
      await removeRegistry(context, { id, keepsImages: request.query.images === 'keep', actor: actorOf(request) });
      return await reply.code(202).send(null);
    },
  );
}

function draftRoutes(instance: FastifyInstance, context: JobContext, world: ProbeWorld): void {
  typed(instance).post(
    '/api/v1/registries/test',
    {
      ...access,
      schema: {
        tags,
        summary: 'Test settings before a registry is made of them, from the server itself',
        description: 'Nothing of them is kept. Settings with labels of sensors are tested once the registry is there.',
        body: draftInput.extend({ namespaceId: z.uuid() }),
        response: { 200: probeSchema, ...problems },
      },
    },
    async request => {
      const { namespaceId, ...draft } = request.body;
      requireRole(signedIn(request), 'admin', namespaceId);
      const wish = { namespaceId, draft, actor: actorOf(request), signal: signalOf(request) };
      const { steps, ...test } = await testDraft(context, world, wish);
      return { ...test, sensorId: null, steps: [...steps] };
    },
  );
}

function workRoutes(instance: FastifyInstance, context: JobContext): void {
  const { db } = context.store;
  const app = typed(instance);
  app.post(
    '/api/v1/registries/:registryId/test',
    {
      ...access,
      schema: {
        tags,
        summary: 'Test the connection from a sensor, step by step',
        params,
        body: z
          .strictObject({ repository: z.string().min(1).max(512).optional().describe('A repository to look into') })
          .nullish(),
        response: { 200: probeSchema, ...problems },
      },
    },
    async request => {
      const { registryId: id } = request.params;
      await registryFor(request, db, 'operator', id);
      const { repository } = request.body ?? {};
      const signal = signalOf(request);
      const { sensorId, steps, ...test } = await testConnection(context, {
        id,
        repository,
        actor: actorOf(request),
        signal,
      });
      return { ...test, sensorId: sensorId ?? null, steps: [...steps] };
    },
  );
  app.post(
    '/api/v1/registries/:registryId/schedules/preview',
    {
      ...access,
      schema: {
        tags: ['schedules'],
        summary: 'What a scan job would do: repositories, tags, what is left out and why, and what it costs',
        params,
        body: settingsInput,
        response: { 200: z.record(z.string(), z.unknown()), ...problems },
      },
    },
    async request => {
      const { registryId } = request.params;
      await registryFor(request, db, 'operator', registryId);
      return { ...(await previewSchedule(context, { registryId, input: request.body, signal: signalOf(request) })) };
    },
  );
  app.post(
    '/api/v1/registries/:registryId/images/scan',
    {
      ...access,
      schema: {
        tags,
        summary: 'Scan one tag at once',
        params,
        body: z.strictObject({
          repository: z.string().min(1).max(512),
          tag: z.string().min(1).max(128),
          platforms: z.array(z.string().max(64)).min(1).max(20).optional(),
          isDeep: z.boolean().default(false),
        }),
        response: { 202: runSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { registryId } = request.params;
      await registryFor(request, db, 'operator', registryId);
      const run = await scanImageNow(context, { ...request.body, registryId, actor: actorOf(request) });
      return await reply.code(202).send(presentRun(run));
    },
  );
  app.post(
    '/api/v1/runs/:runId/cancel',
    {
      ...access,
      schema: {
        tags: ['runs'],
        summary: 'Stop a run, at once',
        params: z.object({ runId: z.uuid() }),
        response: { 200: runSchema, ...problems },
      },
    },
    async request => {
      const { runId: id } = request.params;
      await runFor(request, db, 'operator', id);
      return presentRun(await cancelRun(context, { id, actor: actorOf(request) }));
    },
  );
}

function bulkRoutes(instance: FastifyInstance, context: JobContext): void {
  const { db } = context.store;
  const app = typed(instance);
  const body = z
    .strictObject({
      ids: z.array(z.uuid()).min(1).max(1000).optional(),
      filter: z.string().max(500).optional().describe('`status:Running`, `scheduleUuid:*`; ids win'),
    })
    .meta({ id: 'BulkWish' });
  for (const action of ['cancel', 'delete'] as const) {
    app.post(
      `/api/v1/registries/:registryId/schedules/${action}`,
      {
        ...access,
        schema: {
          tags: ['schedules'],
          summary: action === 'cancel' ? 'Cancel several scan jobs' : 'Remove several scan jobs',
          description: 'Those whose state does not allow it are passed over, and told.',
          params,
          body,
          response: { 202: bulkSchema, ...problems },
        },
      },
      async (request, reply) => {
        const { registryId } = request.params;
        await registryFor(request, db, 'operator', registryId);
        const { ids, filter } = request.body;
        const { jobId, ...plan } = await changeSchedules(context, {
          registryId,
          action,
          ids,
          filter,
          actor: actorOf(request),
        });
        return await reply.code(202).send(presentBulk({ jobId, ...plan }));
      },
    );
  }
  app.get(
    '/api/v1/registries/:registryId/bulk/:jobId',
    {
      ...access,
      schema: {
        tags: ['schedules'],
        summary: 'What a call for several scan jobs came to',
        params: params.extend({ jobId: z.uuid() }),
        response: { 200: bulkSchema, ...problems },
      },
    },
    async request => {
      const { registryId, jobId } = request.params;
      await registryFor(request, db, 'viewer', registryId);
      return presentBulk(await showBulk(context, { registryId, jobId }));
    },
  );
}

function presentBulk({ jobId, accepted, ignored, refused, unknown }: BulkResult): z.output<typeof bulkSchema> {
  return {
    jobId,
    accepted: [...accepted],
    ignored: [...ignored],
    refused: refused.map(({ id, violation }) => ({ id, violation: { ...violation } })),
    unknown: [...unknown],
  };
}

/** Aborted when the one who asked has gone, or the server stops. */
function signalOf(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.socket.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, request.server.stopping]);
}
