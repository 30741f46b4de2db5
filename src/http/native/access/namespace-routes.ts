/**
 * `/api/v1/namespaces`.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AccessContext } from '#access/caller.ts';
import { createNamespace, getNamespace, listNamespaces, removeNamespace, updateNamespace } from '#access/namespace.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';
import { nameInput, namespaceSchema, presentNamespace } from './schema.ts';

const params = z.object({ namespaceId: z.uuid() });
const admin = { config: { access: { server: 'admin' as const } } };
const signedIn = { config: { access: 'signed-in' as const } };

/** Adds the routes. */
export function namespaceRoutes(context: AccessContext) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/namespaces',
      {
        ...signedIn,
        schema: {
          tags: ['namespaces'],
          summary: 'List the namespaces that I have a role in, by name',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(namespaceSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor } = request.query;
        const after = decodeCursor(cursor, z.string());
        const namespaces = await listNamespaces(context, callerOf(request), { after, limit: limit + 1 });
        const { items, nextCursor } = toPage(namespaces, limit, ({ name }) => name);
        return { items: items.map(presentNamespace), nextCursor };
      },
    );
    app.post(
      '/api/v1/namespaces',
      {
        ...admin,
        schema: {
          tags: ['namespaces'],
          summary: 'Create a namespace',
          body: z.object({ name: nameInput, displayName: nameInput.optional() }),
          response: { 201: namespaceSchema, ...problems },
        },
      },
      async (request, reply) => {
        const namespace = await createNamespace(context, callerOf(request), request.body);
        return await reply.code(201).send(presentNamespace(namespace));
      },
    );
    app.get(
      '/api/v1/namespaces/:namespaceId',
      {
        ...signedIn,
        schema: {
          tags: ['namespaces'],
          summary: 'Read a namespace',
          params,
          response: { 200: namespaceSchema, ...problems },
        },
      },
      async request => presentNamespace(await getNamespace(context, callerOf(request), request.params.namespaceId)),
    );
    app.patch(
      '/api/v1/namespaces/:namespaceId',
      {
        ...signedIn,
        schema: {
          tags: ['namespaces'],
          summary: 'Rename a namespace',
          params,
          body: z.object({ name: nameInput.optional(), displayName: nameInput.optional() }),
          response: { 200: namespaceSchema, ...problems },
        },
      },
      async request =>
        presentNamespace(await updateNamespace(context, callerOf(request), request.params.namespaceId, request.body)),
    );
    app.delete(
      '/api/v1/namespaces/:namespaceId',
      {
        ...admin,
        schema: {
          tags: ['namespaces'],
          summary: 'Remove a namespace that has no registries, with its roles and keys',
          params,
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await removeNamespace(context, callerOf(request), request.params.namespaceId);
        return await reply.code(204).send(null);
      },
    );
  };
}
