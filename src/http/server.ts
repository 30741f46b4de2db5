/**
 * The HTTP server: what all APIs share. Each API is a folder with a plug-in; this file knows none of them.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import {
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { ERRORS, PlimsollError } from '#base/errors.ts';
import type { ServerContext } from '#store/context.ts';
import { addConditionalReads } from './conditional.ts';
import { addIdempotency, IDEMPOTENCY_HEADERS, takesIdempotencyKey } from './idempotency.ts';
import { sendProblem } from './problem.ts';
import { type Authenticate, guardRoutes } from './route-access.ts';
import { refuseUnknownQueries } from './strict-query.ts';
import { tidyDocument } from './tidy-document.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Aborted when the server begins to stop: whatever waits for events ends. */
    readonly stopping: AbortSignal;
  }
}

/** Adds the routes of an API. */
export type Api = (app: FastifyInstance) => void | Promise<void>;

/** What a server is made of. */
export interface ServerOptions {
  readonly apis: readonly Api[];
  readonly authenticate: Authenticate;
  readonly version: string;
  /** Where answers to requests with an idempotency key are kept; missing: the header is passed over. */
  readonly answers?: Pick<ServerContext, 'store' | 'now'> | undefined;
  readonly logger: Exclude<FastifyServerOptions['loggerInstance'], undefined> | false;
  /** Certificate and key, to serve HTTPS; missing: HTTP. */
  readonly https?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  /** Whether `X-Forwarded-*` headers are believed: `true`, or addresses of proxies. */
  readonly trustProxy: boolean | string;
  /** Whether the server is ready to take work; thrown reasons make /readyz say no. */
  readonly checkReady: () => Promise<void>;
  /** Text of /metrics. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Largest body that is taken where a route does not say otherwise. */
const MAX_BODY_BYTES = 1024 * 1024;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Puts a server together; it does not listen yet. Closing it ends streams first, then waits for requests under way. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const stopping = new AbortController();
  const app = fastify({
    ...(options.logger === false ? { logger: false } : { loggerInstance: options.logger }),
    ...(options.https === undefined ? {} : { https: options.https }),
    bodyLimit: MAX_BODY_BYTES,
    trustProxy: options.trustProxy,
    // One line a request, below, instead of two.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: request => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 600 },
    // Long polls and event streams end with `stopping`; what is left after that is cut.
    forceCloseConnections: 'idle',
    requestTimeout: 0,
    return503OnClosing: true,
  });
  app.decorate('stopping', stopping.signal);
  app.addHook('preClose', async () => stopping.abort());
  closeUnusedConnections(app, options.https === undefined ? 'connection' : 'secureConnection');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(async (error, request, reply) => await sendProblem(error, request, reply));
  app.setNotFoundHandler(async (request, reply) => {
    const missing = new PlimsollError(
      'NOT_FOUND',
      `Cannot find ${request.method} ${request.url.split('?')[0]}: there is no such path`,
    );
    await sendProblem(missing, request, reply);
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
  });
  await app.register(cookie);
  app.addHook('onSend', async (request, reply, payload) => {
    reply.header('x-request-id', request.id);
    return payload;
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, ip, principal } = request;
    // The query may hold what people search for, the path does not.
    const facts = {
      method,
      path: url.split('?')[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ip,
      by: principal?.name,
    };
    request.log.info(facts, 'request served');
  });
  guardRoutes(app, options.authenticate);
  refuseUnknownQueries(app);
  addConditionalReads(app);
  if (options.answers !== undefined) addIdempotency(app, options.answers);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Plimsoll',
        version: options.version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'Registries, scans, findings. Errors are problem documents (RFC 9457); lists page with a cursor; what is read has an ETag.',
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'An API key' },
          session: { type: 'apiKey', in: 'cookie', name: 'plimsoll-session', description: 'The session of a browser' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }, { session: [] }],
    },
    transform: document => {
      const transformed = jsonSchemaTransform(document);
      if (!takesIdempotencyKey(document.route)) return transformed;
      return { ...transformed, schema: { ...transformed.schema, headers: IDEMPOTENCY_HEADERS } };
    },
    transformObject: jsonSchemaTransformObject,
    // Other people's APIs have documents of their own.
    hideUntagged: true,
  });
  await app.register(swaggerUi, { routePrefix: '/api/docs', uiConfig: { docExpansion: 'none' } });
  addProbes(app, options);
  addErrorPages(app);
  for (const api of options.apis) await app.register(async scope => await api(scope));
  app.get('/api/v1/openapi.json', { config: { access: 'anonymous' }, schema: { hide: true } }, async () =>
    tidyDocument(app.swagger()),
  );
  return app;
}

/** Browsers open connections before they need them. One that has sent nothing counts as busy for Node.js: closing would wait for it a minute. */
function closeUnusedConnections(app: FastifyInstance, opened: 'connection' | 'secureConnection'): void {
  const unused = new Set<Socket>();
  app.server.on(opened, (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  app.addHook('preClose', async () => {
    for (const socket of unused) socket.destroy();
  });
}

/** For orchestrators and Prometheus. */
function addProbes(app: FastifyInstance, { checkReady, metrics }: ServerOptions): void {
  const route = { config: { access: 'anonymous' as const }, schema: { hide: true }, logLevel: 'warn' as const };
  app.get('/healthz', route, async () => ({ status: 'ok' }));
  app.get('/readyz', route, async (_, reply) => {
    try {
      await checkReady();
      return { status: 'ready' };
    } catch (error) {
      reply.code(503);
      return { status: 'not ready', reason: error instanceof Error ? error.message : String(error) };
    }
  });
  app.get('/metrics', route, async (_, reply) => {
    const { contentType, text } = await metrics();
    return await reply.type(contentType).send(text);
  });
}

/** Where the `type` of a problem leads. */
function addErrorPages(app: FastifyInstance): void {
  app.get<{ Params: { code: string } }>(
    '/api/errors/:code',
    { config: { access: 'anonymous' }, schema: { hide: true } },
    async (request, reply) => {
      const { code } = request.params;
      const row = Object.entries(ERRORS).find(([name]) => name === code)?.[1];
      if (row === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot find it: there is no such error code');
      return await reply
        .type('text/plain; charset=utf-8')
        .send(`${code} (${row.family}, HTTP ${row.status})\n${row.meaning}\n`);
    },
  );
}
