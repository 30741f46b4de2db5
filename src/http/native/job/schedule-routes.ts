/**
 * `/api/v1/schedules`: scan jobs.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { JobContext } from '#scan/job/job-context.ts';
import {
  cancelSchedule,
  createSchedule,
  deleteSchedule,
  pauseSchedule,
  previewUpdate,
  restartSchedule,
  resumeSchedule,
  runScheduleNow,
  type SavedSchedule,
  setScheduleEnabled,
  updateSchedule,
} from '#scan/job/manage-schedule.ts';
import type { ScheduleRecord } from '#store/schedule.ts';
import { listSchedules } from '#store/schedule.ts';
import { decodeCursor, namespaceQuery, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { expectedRevision, sendRevision } from '../../revision.ts';
import { actorOf, namespacesOf } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import { registryFor, scheduleFor } from './job-access.ts';
import { presentSchedule, presentViolations, scheduleSchema, settingsInput, violationSchema } from './job-schema.ts';

const params = z.object({ scheduleId: z.uuid() });
const ofRegistry = z.object({ registryId: z.uuid() });
const saved = z.object({ schedule: scheduleSchema, warnings: z.array(violationSchema) });
const access = { config: { access: 'signed-in' as const } };
const tags = ['schedules'];
const position = z.object({ name: z.string(), id: z.uuid() });

/** Adds the routes. */
export function scheduleRoutes(context: JobContext) {
  return (instance: FastifyInstance): void => {
    readRoutes(instance, context);
    changeRoutes(instance, context);
    actionRoutes(instance, context);
  };
}

function readRoutes(instance: FastifyInstance, { store: { db } }: JobContext): void {
  const app = typed(instance);
  app.get(
    '/api/v1/schedules',
    {
      ...access,
      schema: {
        tags,
        summary: 'List scan jobs by name',
        querystring: z.object({ registry: z.uuid().optional(), ...namespaceQuery, ...pageQuery }),
        response: { 200: pageOf(scheduleSchema), ...problems },
      },
    },
    async request => {
      const { registry: registryId, namespace, limit, cursor } = request.query;
      const namespaceIds = namespacesOf(request, namespace);
      const after = decodeCursor(cursor, position);
      const schedules = await listSchedules(db, { registryId, namespaceIds, after, limit: limit + 1 });
      const { items, nextCursor } = toPage(schedules, limit, ({ name, id }) => ({ name, id }));
      return { items: items.map(presentSchedule), nextCursor };
    },
  );
  app.get(
    '/api/v1/schedules/:scheduleId',
    { ...access, schema: { tags, summary: 'Read a scan job', params, response: { 200: scheduleSchema, ...problems } } },
    async (request, reply) => {
      const { schedule } = await scheduleFor(request, db, 'viewer', request.params.scheduleId);
      sendRevision(reply, schedule.revision);
      return presentSchedule(schedule);
    },
  );
}

function changeRoutes(instance: FastifyInstance, context: JobContext): void {
  const { db } = context.store;
  const app = typed(instance);
  app.post(
    '/api/v1/registries/:registryId/schedules',
    {
      ...access,
      schema: {
        tags,
        summary: 'Make a scan job',
        description:
          'An On Demand job runs at once, an Automatic one when it is first due. Violations have the codes of docs/scan-jobs.md.',
        params: ofRegistry,
        body: settingsInput,
        response: { 201: saved, ...problems },
      },
    },
    async (request, reply) => {
      const { registryId } = request.params;
      await registryFor(request, db, 'operator', registryId);
      const made = await createSchedule(context, { registryId, input: request.body, actor: actorOf(request) });
      sendRevision(reply, made.schedule.revision);
      return await reply.code(201).send(presentSaved(made));
    },
  );
  app.put(
    '/api/v1/schedules/:scheduleId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Change the settings of a scan job',
        params,
        body: settingsInput,
        response: { 200: saved, ...problems },
      },
    },
    async (request, reply) => {
      const { scheduleId: id } = request.params;
      await scheduleFor(request, db, 'operator', id);
      const wish = { id, input: request.body, ifRevision: expectedRevision(request), actor: actorOf(request) };
      const made = await updateSchedule(context, wish);
      sendRevision(reply, made.schedule.revision);
      return presentSaved(made);
    },
  );
  app.post(
    '/api/v1/schedules/:scheduleId/preview-update',
    {
      ...access,
      schema: {
        tags,
        summary: 'What a change of the settings would mean, before it is saved',
        params,
        body: settingsInput,
        response: {
          200: z.object({
            changes: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
            bumpsVersion: z.boolean(),
            addedRepositories: z.array(z.string()),
            removedRepositories: z.array(z.string()),
            effects: z.array(z.string()),
            warnings: z.array(violationSchema),
          }),
          ...problems,
        },
      },
    },
    async request => {
      const { scheduleId: id } = request.params;
      await scheduleFor(request, db, 'operator', id);
      const { change, warnings } = await previewUpdate(context, { id, input: request.body });
      return {
        changes: change.fields.map(({ field, before, after }) => ({ field, before, after })),
        bumpsVersion: change.bumpsVersion,
        addedRepositories: [...change.addedRepositories],
        removedRepositories: [...change.removedRepositories],
        effects: [...change.effects],
        warnings: presentViolations(warnings),
      };
    },
  );
  app.patch(
    '/api/v1/schedules/:scheduleId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Let due times launch runs, or pass by',
        params,
        body: z.strictObject({ isEnabled: z.boolean() }),
        response: { 200: scheduleSchema, ...problems },
      },
    },
    async request => {
      const { scheduleId: id } = request.params;
      await scheduleFor(request, db, 'operator', id);
      const { isEnabled } = request.body;
      return presentSchedule(await setScheduleEnabled(context, { id, isEnabled, actor: actorOf(request) }));
    },
  );
  app.delete(
    '/api/v1/schedules/:scheduleId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Remove a scan job; its images and reports stay',
        params,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { scheduleId: id } = request.params;
      await scheduleFor(request, db, 'operator', id);
      await deleteSchedule(context, { id, actor: actorOf(request) });
      return await reply.code(204).send(null);
    },
  );
}

function actionRoutes(instance: FastifyInstance, context: JobContext): void {
  const { db } = context.store;
  const app = typed(instance);
  const wishOf = async (request: FastifyRequest, id: string) => {
    await scheduleFor(request, db, 'operator', id);
    return { id, actor: actorOf(request) };
  };
  const simple = [
    { name: 'cancel', summary: 'Stop the run under way, at once; the next due time stands', act: cancelSchedule },
    { name: 'pause', summary: 'Hold the run under way', act: pauseSchedule },
    { name: 'resume', summary: 'Let a held run go on', act: resumeSchedule },
  ] as const;
  for (const { name, summary, act } of simple) {
    app.post(
      `/api/v1/schedules/:scheduleId/${name}`,
      { ...access, schema: { tags, summary, params, response: { 200: scheduleSchema, ...problems } } },
      async request => presentSchedule(await act(context, await wishOf(request, request.params.scheduleId))),
    );
  }
  const isDeep = z.boolean().default(false).describe('Read layers again, even those that were read before');
  app.post(
    '/api/v1/schedules/:scheduleId/run-now',
    {
      ...access,
      schema: {
        tags,
        summary: 'Run besides the planned times',
        params,
        body: z.strictObject({ isDeep }).nullish(),
        response: { 202: scheduleSchema, ...problems },
      },
    },
    async (request, reply) => {
      const wish = await wishOf(request, request.params.scheduleId);
      const schedule = await runScheduleNow(context, { ...wish, isDeep: request.body?.isDeep });
      return await reply.code(202).send(presentSchedule(schedule));
    },
  );
  app.post(
    '/api/v1/schedules/:scheduleId/restart',
    {
      ...access,
      schema: {
        tags,
        summary: 'Go on with the last run where it was cut short, or repeat it',
        params,
        body: z.strictObject({ mode: z.enum(['resume', 'from-the-beginning']).default('resume'), isDeep }).nullish(),
        response: { 202: scheduleSchema, ...problems },
      },
    },
    async (request, reply) => {
      const wish = await wishOf(request, request.params.scheduleId);
      const schedule: ScheduleRecord = await restartSchedule(context, { ...wish, ...request.body });
      return await reply.code(202).send(presentSchedule(schedule));
    },
  );
}

function presentSaved({ schedule, warnings }: SavedSchedule): z.output<typeof saved> {
  return { schedule: presentSchedule(schedule), warnings: presentViolations(warnings) };
}
