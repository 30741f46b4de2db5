/** `/api/v1/hosting`: rules of the hosted registry's spaces, and how much they hold. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { HostingContext } from '#hosting/context.ts';
import { changeDefaults, changeSpace, getDefaults, getSpace, listSpaces, type SpaceUse } from '#hosting/rules.ts';
import type { RulesChange, SpaceRules } from '#store/hosting-space.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';

const tags = ['hosting'];
const access = { config: { access: 'signed-in' as const } };
const params = z.object({ space: z.string().min(1).max(255) });

const fields = {
  quotaBytes: z
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .nullable()
    .describe('Most bytes of distinct blobs; null: no limit of its own'),
  untaggedDays: z
    .number()
    .int()
    .min(0)
    .max(36_500)
    .nullable()
    .describe('Days after which manifests go that no tag leads to; null: never, or as the default says'),
  isPublic: z.boolean().nullable().describe('Whether everybody may pull; null: no, or as the default says'),
};
const change = z.strictObject(fields).partial();
const rulesSchema = z.object(fields).meta({ id: 'HostingRules' });
const spaceSchema = z
  .object({
    name: z.string().describe('First part of the names of its repositories'),
    namespaceId: z.uuid(),
    projectId: z.string().nullable().describe('Of the project whose registry key opens it'),
    // What holds: its own rules, or else the defaults.
    rules: rulesSchema,
    // What was set for it alone.
    ownRules: rulesSchema,
    usedBytes: z.number().int().describe('Of distinct blobs'),
  })
  .meta({ id: 'HostedSpace' });

/** Adds the routes. */
export function hostingRoutes(context: Pick<HostingContext, 'store' | 'now'>) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/hosting/defaults',
      {
        ...access,
        schema: {
          tags,
          summary: 'Rules of spaces that have none of their own',
          response: { 200: rulesSchema, ...problems },
        },
      },
      async request => presentRules(await getDefaults(context, callerOf(request))),
    );
    app.patch(
      '/api/v1/hosting/defaults',
      {
        ...access,
        schema: {
          tags,
          summary: 'Change the rules of spaces that have none of their own',
          body: change,
          response: { 200: rulesSchema, ...problems },
        },
      },
      async request => presentRules(await changeDefaults(context, callerOf(request), request.body as RulesChange)),
    );
    app.get(
      '/api/v1/hosting/spaces',
      {
        ...access,
        schema: {
          tags,
          summary: 'List spaces of the hosted registry, with what they hold',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(spaceSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor } = request.query;
        const after = decodeCursor(cursor, z.string());
        const spaces = await listSpaces(context, callerOf(request), { after, limit: limit + 1 });
        const { items, nextCursor } = toPage(spaces, limit, ({ space }) => space.name);
        return { items: items.map(present), nextCursor };
      },
    );
    app.get(
      '/api/v1/hosting/spaces/:space',
      {
        ...access,
        schema: {
          tags,
          summary: 'Read a space of the hosted registry: that of a namespace by its name, that of a project by its PID',
          params,
          response: { 200: spaceSchema, ...problems },
        },
      },
      async request => present(await getSpace(context, callerOf(request), request.params.space)),
    );
    app.patch(
      '/api/v1/hosting/spaces/:space',
      {
        ...access,
        schema: {
          tags,
          summary: 'Change the rules of a space; its quota is set by who runs the server',
          params,
          body: change,
          response: { 200: spaceSchema, ...problems },
        },
      },
      async request =>
        present(await changeSpace(context, callerOf(request), request.params.space, request.body as RulesChange)),
    );
  };
}

function present({ space, rules, usedBytes }: SpaceUse) {
  const { name, namespaceId, projectId, own } = space;
  return {
    name,
    namespaceId,
    projectId: projectId ?? null,
    rules: presentRules(rules),
    ownRules: presentRules(own),
    usedBytes,
  };
}

function presentRules({ quotaBytes, untaggedDays, isPublic }: SpaceRules) {
  return { quotaBytes: quotaBytes ?? null, untaggedDays: untaggedDays ?? null, isPublic: isPublic ?? null };
}
