/** Builders: machines that build for this server. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addBuilder, listBuilders, removeBuilder } from '#build/builders.ts';
import type { ServerContext } from '#store/context.ts';
import { callerOf } from '../../authentication.ts';
import { problems, typed } from '../native-route.ts';
import { builderSchema, presentBuilder } from './build-schema.ts';

const tags = ['builds'];

/** Adds the routes. `missing`: why this server does not build itself. */
export function builderRoutes(context: Pick<ServerContext, 'store' | 'now'>, missing: () => string | undefined) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/builders',
      {
        config: { access: { server: 'viewer' as const } },
        schema: {
          tags,
          summary: 'List builders, and why this server is none where that is so',
          response: {
            200: z.object({ items: z.array(builderSchema), builtInOff: z.string().nullable() }),
            ...problems,
          },
        },
      },
      async request => ({
        items: (await listBuilders(context, callerOf(request))).map(presentBuilder),
        builtInOff: missing() ?? null,
      }),
    );
    app.post(
      '/api/v1/builders',
      {
        config: { access: { server: 'admin' as const } },
        schema: {
          tags,
          summary: 'Add a builder; its token is shown this once',
          body: z.strictObject({ name: z.string().regex(/^[\w][\w .@:-]{0,99}$/, 'letters, digits and . @ : _ -') }),
          response: { 201: z.object({ builder: builderSchema, token: z.string() }), ...problems },
        },
      },
      async (request, reply) => {
        const { builder, token } = await addBuilder(context, callerOf(request), request.body.name);
        return await reply.code(201).send({ builder: presentBuilder(builder), token });
      },
    );
    app.delete(
      '/api/v1/builders/:builderId',
      {
        config: { access: { server: 'admin' as const } },
        schema: {
          tags,
          summary: 'Remove a builder; what it is at goes to another',
          params: z.object({ builderId: z.uuid() }),
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await removeBuilder(context, callerOf(request), request.params.builderId);
        return await reply.code(204).send(null);
      },
    );
  };
}
