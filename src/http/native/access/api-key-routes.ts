/**
 * `/api/v1/api-keys`: one's own keys, and for whoever runs the server those of all.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { createApiKey, listApiKeys, revokeApiKey } from '#access/api-key.ts';
import type { AccessContext } from '#access/caller.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';
import { apiKeySchema, nameInput, presentApiKey, roleSchema } from './schema.ts';

/** Adds the routes. */
export function apiKeyRoutes(context: AccessContext) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/api-keys',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['api-keys'],
          summary: 'List API keys, newest first',
          querystring: z.object({
            account: z
              .union([z.uuid(), z.literal('all')])
              .optional()
              .describe('Keys of this account, or of all, for whoever runs the server; my own by default'),
            ...pageQuery,
          }),
          response: { 200: pageOf(apiKeySchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, account } = request.query;
        const caller = callerOf(request);
        const accountId = account === 'all' ? undefined : (account ?? caller.principal.accountId);
        const position = decodeCursor(cursor, z.tuple([z.iso.datetime(), z.uuid()]));
        const after = position === undefined ? undefined : { createdAt: position[0], id: position[1] };
        const keys = await listApiKeys(context, caller, { accountId, after, limit: limit + 1 });
        const { items, nextCursor } = toPage(keys, limit, ({ createdAt, id }) => [createdAt, id]);
        return { items: items.map(presentApiKey), nextCursor };
      },
    );
    app.post(
      '/api/v1/api-keys',
      {
        config: { access: 'signed-in', answersSecret: true },
        schema: {
          tags: ['api-keys'],
          summary: 'Create an API key',
          description:
            'The key is in the answer and never shown again. It may at most what its account may, in one namespace or wherever the account has a role. Keys cannot make keys.',
          body: z.object({
            name: nameInput,
            role: roleSchema,
            namespaceId: z.uuid().nullable().optional().describe('Null: wherever the account has a role'),
            expiresAt: z.iso.datetime({ offset: true }).nullable().optional().describe('Null: never'),
            accountId: z.uuid().optional().describe('For another account, by whoever runs the server'),
          }),
          response: {
            201: apiKeySchema.extend({ key: z.string().describe('Shown this once') }).meta({ id: 'NewApiKey' }),
            ...problems,
          },
        },
      },
      async (request, reply) => {
        const { name, role, namespaceId, expiresAt, accountId } = request.body;
        const { apiKey, key } = await createApiKey(context, callerOf(request), {
          name,
          role,
          namespaceId: namespaceId ?? undefined,
          expiresAt: expiresAt == null ? undefined : new Date(expiresAt),
          accountId,
        });
        reply.header('cache-control', 'no-store');
        return await reply.code(201).send({ ...presentApiKey(apiKey), key });
      },
    );
    app.delete(
      '/api/v1/api-keys/:apiKeyId',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['api-keys'],
          summary: 'Revoke an API key',
          description:
            'For its account, for admins of its namespace, and for whoever runs the server. It stays in the list.',
          params: z.object({ apiKeyId: z.uuid() }),
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await revokeApiKey(context, callerOf(request), request.params.apiKeyId);
        return await reply.code(204).send(null);
      },
    );
  };
}
