/** `/api/v1/projects`: certification projects, their pull secrets and registry keys. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { CHECKLIST_ITEMS, readChecklist } from '#project/checklist.ts';
import { changeProject, createProject, getProject, listProjects, type ProjectChange } from '#project/manage-project.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { endKey, showRegistryKey } from '#project/registry-key.ts';
import type { ProjectRecord } from '#store/project.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { expectedRevision, sendRevision } from '../../revision.ts';
import { problems, typed } from '../native-route.ts';
import {
  presentKey,
  presentProject,
  projectParams,
  projectSchema,
  projectSettings,
  registryKeySchema,
} from './project-schema.ts';

const tags = ['projects'];
const access = { config: { access: 'signed-in' as const } };
const secretBody = z.strictObject({
  pullSecret: z
    .string()
    .max(1024 * 1024)
    .describe('config.json as `podman login --authfile` writes it, or a Kubernetes secret with it'),
});

const checklistItemSchema = z
  .object({
    item: z.enum(CHECKLIST_ITEMS),
    state: z
      .enum(['done', 'open', 'advised', 'running', 'not-needed'])
      .describe('`open`: it must be done before anything is published; `advised`: nothing waits for it'),
    message: z.string(),
  })
  .meta({ id: 'ChecklistItem' });

/** Adds the routes. */
export function projectRoutes(context: ProjectContext) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    const shown = (project: ProjectRecord) => presentProject(project, context.hosted?.host);
    app.get(
      '/api/v1/projects',
      {
        ...access,
        schema: {
          tags,
          summary: 'List projects of the namespaces that I may look into',
          querystring: z.object({
            ...pageQuery,
            namespaceId: z.uuid().optional(),
            status: z.enum(['active', 'archived']).optional(),
            q: z.string().max(255).optional().describe('In the name, the PID, or the place in the catalogue'),
          }),
          response: { 200: pageOf(projectSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, namespaceId, status, q } = request.query;
        const after = decodeCursor(cursor, z.object({ name: z.string(), id: z.string() }));
        const projects = await listProjects(context, callerOf(request), {
          namespaceId,
          status,
          text: q,
          after,
          limit: limit + 1,
        });
        const { items, nextCursor } = toPage(projects, limit, ({ name, id }) => ({ name, id }));
        return { items: items.map(shown), nextCursor };
      },
    );
    app.post(
      '/api/v1/projects',
      {
        ...access,
        schema: {
          tags,
          summary: 'Make a project',
          body: z.strictObject({
            namespaceId: z.uuid(),
            ...z.strictObject(projectSettings).partial().shape,
            name: projectSettings.name,
            pullSecret: secretBody.shape.pullSecret.optional(),
          }),
          response: { 201: projectSchema, ...problems },
        },
      },
      async (request, reply) => {
        const { namespaceId, name, ...change } = request.body;
        const made = await createProject(context, callerOf(request), {
          namespaceId,
          change: { ...(change as ProjectChange), name },
        });
        sendRevision(reply, made.revision);
        return await reply.code(201).send(shown(made));
      },
    );
    app.get(
      '/api/v1/projects/:projectId',
      {
        ...access,
        schema: {
          tags,
          summary: 'Read a project',
          params: projectParams,
          response: { 200: projectSchema, ...problems },
        },
      },
      async (request, reply) => {
        const project = await getProject(context, callerOf(request), { id: request.params.projectId });
        sendRevision(reply, project.revision);
        return shown(project);
      },
    );
    app.get(
      '/api/v1/projects/:projectId/checklist',
      {
        ...access,
        schema: {
          tags,
          summary: 'What a project still misses before an image of it is published',
          params: projectParams,
          response: { 200: z.object({ items: z.array(checklistItemSchema) }), ...problems },
        },
      },
      async request => {
        const project = await getProject(context, callerOf(request), { id: request.params.projectId });
        return { items: (await readChecklist(context, project)).map(one => ({ ...one })) };
      },
    );
    app.patch(
      '/api/v1/projects/:projectId',
      {
        ...access,
        schema: {
          tags,
          summary: 'Change a project; details are merged field by field',
          params: projectParams,
          body: z.strictObject(projectSettings).partial(),
          response: { 200: projectSchema, ...problems },
        },
      },
      async (request, reply) => {
        const changed = await changeProject(context, callerOf(request), request.params.projectId, {
          change: request.body as ProjectChange,
          revision: expectedRevision(request),
        });
        sendRevision(reply, changed.revision);
        return shown(changed);
      },
    );
    app.put(
      '/api/v1/projects/:projectId/pull-secret',
      {
        ...access,
        schema: {
          tags,
          summary: 'Save the pull secret; of several entries the fitting one is kept',
          params: projectParams,
          body: secretBody,
          response: { 200: projectSchema, ...problems },
        },
      },
      async request => {
        const change = { pullSecret: request.body.pullSecret };
        return shown(await changeProject(context, callerOf(request), request.params.projectId, { change }));
      },
    );
    app.delete(
      '/api/v1/projects/:projectId/pull-secret',
      {
        ...access,
        schema: {
          tags,
          summary: 'Forget the pull secret',
          params: projectParams,
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        const change = { pullSecret: null };
        await changeProject(context, callerOf(request), request.params.projectId, { change });
        return await reply.code(204).send(null);
      },
    );
    app.get(
      '/api/v1/projects/:projectId/registry-key',
      {
        config: { access: 'signed-in', answersSecret: true },
        schema: {
          tags,
          summary: 'Show the registry key: the password of `podman login -u unused`',
          params: projectParams,
          querystring: z.object({
            reveal: z.enum(['true', 'false']).default('false').describe('Show the whole key; that is written down'),
          }),
          response: { 200: registryKeySchema, ...problems },
        },
      },
      async request => {
        const caller = callerOf(request);
        const project = await getProject(context, caller, { id: request.params.projectId });
        const isRevealed = request.query.reveal === 'true';
        return presentKey(await showRegistryKey(context, caller, project, { isRevealed }));
      },
    );
    app.post(
      '/api/v1/projects/:projectId/registry-key/rotate',
      {
        config: { access: 'signed-in', answersSecret: true },
        schema: {
          tags,
          summary: 'End the registry key and show a new one',
          params: projectParams,
          response: { 200: registryKeySchema, ...problems },
        },
      },
      async request => {
        const caller = callerOf(request);
        const project = await getProject(context, caller, { id: request.params.projectId });
        await endKey(context, caller, project, { isRotated: true });
        return presentKey(await showRegistryKey(context, caller, project, { isRevealed: true }));
      },
    );
    app.delete(
      '/api/v1/projects/:projectId/registry-key',
      {
        ...access,
        schema: {
          tags,
          summary: 'End the registry key',
          params: projectParams,
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const project = await getProject(context, caller, { id: request.params.projectId });
        await endKey(context, caller, project, { isRotated: false });
        return await reply.code(204).send(null);
      },
    );
  };
}
