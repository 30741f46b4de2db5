/**
 * `/api/v1/accounts`: people and robots, for whoever runs the server.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import {
  createAccount,
  getAccount,
  listAccounts,
  removeAccount,
  resetPassword,
  updateAccount,
} from '#access/account.ts';
import type { AccessContext } from '#access/caller.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';
import { accountSchema, nameInput, passwordInput, presentAccount } from './schema.ts';

const params = z.object({ accountId: z.uuid() });
const identity = z.object({ issuer: z.url().max(500), subject: z.string().min(1).max(255) });
const admin = { config: { access: { server: 'admin' as const } } };

/** Adds the routes. */
export function accountRoutes(context: AccessContext) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/accounts',
      {
        ...admin,
        schema: {
          tags: ['accounts'],
          summary: 'List accounts by name',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(accountSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor } = request.query;
        const after = decodeCursor(cursor, z.string());
        const accounts = await listAccounts(context, callerOf(request), { after, limit: limit + 1 });
        const { items, nextCursor } = toPage(accounts, limit, ({ name }) => name);
        return { items: items.map(presentAccount), nextCursor };
      },
    );
    app.post(
      '/api/v1/accounts',
      {
        ...admin,
        schema: {
          tags: ['accounts'],
          summary: 'Create an account',
          description: 'It has no role yet. Without a password it signs in by OpenID Connect, or uses API keys alone.',
          body: z.object({
            name: nameInput,
            displayName: nameInput.optional(),
            email: z.string().max(300).optional(),
            password: passwordInput.optional(),
            oidc: identity.optional(),
          }),
          response: { 201: accountSchema, ...problems },
        },
      },
      async (request, reply) => {
        const account = await createAccount(context, callerOf(request), request.body);
        return await reply.code(201).send(presentAccount(account));
      },
    );
    app.get(
      '/api/v1/accounts/:accountId',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['accounts'],
          summary: 'Read an account: my own, or any for whoever runs the server',
          params,
          response: { 200: accountSchema, ...problems },
        },
      },
      async request => presentAccount(await getAccount(context, callerOf(request), request.params.accountId)),
    );
    app.patch(
      '/api/v1/accounts/:accountId',
      {
        ...admin,
        schema: {
          tags: ['accounts'],
          summary: 'Change an account',
          description: 'A disabled account is signed out everywhere; its keys rest until it is enabled.',
          params,
          body: z.object({
            displayName: nameInput.optional(),
            email: z.string().max(300).nullable().optional(),
            isDisabled: z.boolean().optional(),
            oidc: identity.nullable().optional(),
          }),
          response: { 200: accountSchema, ...problems },
        },
      },
      async request =>
        presentAccount(await updateAccount(context, callerOf(request), request.params.accountId, request.body)),
    );
    app.put(
      '/api/v1/accounts/:accountId/password',
      {
        ...admin,
        schema: {
          tags: ['accounts'],
          summary: 'Give an account another password',
          description: 'Ends all its sessions.',
          params,
          body: z.object({ password: passwordInput }),
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await resetPassword(context, callerOf(request), request.params.accountId, request.body.password);
        return await reply.code(204).send(null);
      },
    );
    app.delete(
      '/api/v1/accounts/:accountId',
      {
        ...admin,
        schema: {
          tags: ['accounts'],
          summary: 'Remove an account with its sessions and keys',
          params,
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await removeAccount(context, callerOf(request), request.params.accountId);
        return await reply.code(204).send(null);
      },
    );
  };
}
