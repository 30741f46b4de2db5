/**
 * `/api/v1/namespaces/{namespaceId}/members`, and `/api/v1/members`, whose roles hold everywhere.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AccessContext } from '#access/caller.ts';
import { grantRole, listMembers, withdrawRole } from '#access/member.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import type { RouteAccess } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import { memberSchema, originSchema, presentMember, roleSchema } from './schema.ts';

/** Where roles are given. */
interface Place {
  readonly path: string;
  readonly where: string;
  readonly access: RouteAccess;
  readonly params: z.ZodType<{ namespaceId?: string }>;
  readonly memberParams: z.ZodType<{ namespaceId?: string; account: string }>;
}

const place = z.object({ namespaceId: z.uuid() });
const member = z.object({ account: z.string().min(1).max(200).describe('Name of the account') });

const PLACES: readonly Place[] = [
  {
    path: '/api/v1/members',
    where: 'everywhere',
    access: { server: 'admin' },
    params: z.object({}),
    memberParams: member,
  },
  {
    path: '/api/v1/namespaces/:namespaceId/members',
    where: 'in a namespace',
    access: 'signed-in',
    params: place,
    memberParams: member.extend(place.shape),
  },
];

/** Adds the routes. */
export function memberRoutes(context: AccessContext) {
  return (app: FastifyInstance): void => {
    for (const one of PLACES) addPlace(app, context, one);
  };
}

function addPlace(
  instance: FastifyInstance,
  context: AccessContext,
  { path, where, access, params, memberParams }: Place,
): void {
  const app = typed(instance);
  app.get(
    path,
    {
      config: { access },
      schema: {
        tags: ['namespaces'],
        summary: `List who has a role ${where}, by name`,
        params,
        querystring: z.object(pageQuery),
        response: { 200: pageOf(memberSchema), ...problems },
      },
    },
    async request => {
      const { limit, cursor } = request.query;
      const { namespaceId } = request.params;
      const position = decodeCursor(cursor, z.tuple([z.string(), originSchema]));
      const after = position === undefined ? undefined : { accountName: position[0], origin: position[1] };
      const members = await listMembers(context, callerOf(request), { namespaceId, after, limit: limit + 1 });
      const { items, nextCursor } = toPage(members, limit, ({ accountName, origin }) => [accountName, origin]);
      return { items: items.map(presentMember), nextCursor };
    },
  );
  app.put(
    `${path}/:account`,
    {
      config: { access },
      schema: {
        tags: ['namespaces'],
        summary: `Give an account a role ${where}`,
        params: memberParams,
        body: z.object({ role: roleSchema }),
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { namespaceId, account } = request.params;
      await grantRole(context, callerOf(request), { namespaceId, account, role: request.body.role });
      return await reply.code(204).send(null);
    },
  );
  app.delete(
    `${path}/:account`,
    {
      config: { access },
      schema: {
        tags: ['namespaces'],
        summary: `Take the role that an account was given ${where}`,
        params: memberParams,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { namespaceId, account } = request.params;
      await withdrawRole(context, callerOf(request), { namespaceId, account });
      return await reply.code(204).send(null);
    },
  );
}
