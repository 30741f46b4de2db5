/** `/api/builder/v1`: what builders ask, for our own builders only. A builder shows its token with each request. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { BUILDER_API, type BuilderPort, endSchema, leaseQuestion, reportSchema } from '#build/builder-port.ts';
import { authenticateBuilder } from '#build/builders.ts';
import type { BuilderRecord } from '#store/build-lease.ts';
import type { ServerContext } from '#store/context.ts';
import { typed } from '../native/native-route.ts';

/** What the routes work with. */
export interface BuilderRouteContext {
  readonly server: Pick<ServerContext, 'store' | 'now'>;
  /** The port for a builder that has shown its token; `registryUrl`: how it reaches this server. */
  readonly openPort: (builder: BuilderRecord, registryUrl: string) => BuilderPort;
  readonly publicUrl: string | undefined;
}

const params = z.object({ buildId: z.uuid() });
const access = { config: { access: 'own' as const } };
const hide = true;
const MAX_BODY = 4 * 1024 * 1024;

/** Adds the routes. */
export function builderPortRoutes({ server, openPort, publicUrl }: BuilderRouteContext) {
  const ports = new WeakMap<FastifyRequest, BuilderPort>();
  const portOf = (request: FastifyRequest): BuilderPort => {
    const port = ports.get(request);
    if (port === undefined) throw new PlimsollError('BUG', 'A route of builders was reached without a builder');
    return port;
  };
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    // Before any body is read.
    app.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const [, token = ''] = /^Bearer ([\w-]{1,200})$/.exec(request.headers.authorization ?? '') ?? [];
      const builder = await authenticateBuilder(server, token);
      ports.set(request, openPort(builder, publicUrl ?? `${request.protocol}://${request.host}`));
    });
    app.post(`${BUILDER_API}/lease`, { ...access, schema: { hide, body: leaseQuestion } }, async (request, reply) => {
      const signal = AbortSignal.any([signalOf(reply), request.server.stopping]);
      try {
        return { build: (await portOf(request).lease(request.body, { signal })) ?? null };
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new PlimsollError('SERVER_UNAVAILABLE', 'Cannot lease a build: the server is stopping', { cause: error });
      }
    });
    app.post(
      `${BUILDER_API}/builds/:buildId/report`,
      { ...access, bodyLimit: MAX_BODY, schema: { hide, params, body: reportSchema } },
      async (request, reply) => ({
        answer: await portOf(request).report(request.params.buildId, request.body, { signal: signalOf(reply) }),
      }),
    );
    app.post(
      `${BUILDER_API}/builds/:buildId/end`,
      { ...access, bodyLimit: MAX_BODY, schema: { hide, params, body: endSchema } },
      async (request, reply) => ({
        answer: await portOf(request).end(request.params.buildId, request.body, { signal: signalOf(reply) }),
      }),
    );
  };
}

/** Aborted when the builder hangs up. */
function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
