/**
 * The certification API that preflight and the scripts around it speak, below `/api/containers`.
 *
 * One wild card takes every path below the prefix, so that each of them is answered in JSON and nothing is ever redirected: a client follows a
 * redirect of a POST with a GET. Paths are looked up in one table, after slashes that users put in twice have been made one.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Principal } from '#access/principal.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { actorOf, type RouteAccess } from '../route-access.ts';
import { ARTIFACT_ROUTES } from './artifact-handlers.ts';
import { CATALOG_ROUTES } from './catalog-handlers.ts';
import { answerGraphQL } from './graphql.ts';
import { IMAGE_ROUTES } from './image-handlers.ts';
import { PROJECT_ROUTES } from './project-handlers.ts';
import { NO_KEY, PyxisError, sendPyxisError } from './pyxis-error.ts';
import { readRawQuery } from './raw-query.ts';
import { REQUEST_ROUTES } from './request-handlers.ts';
import { findRoute, type PyxisRoute } from './route-table.ts';

/** Where the API is. */
const PYXIS_PREFIX = '/api/containers';

/** Logs come as base64 inside of JSON, and 64 MiB of body is what clients may count on. */
const MAX_BODY_BYTES = 80 * 1024 * 1024;
/** Of who has not signed in. */
const MAX_ANONYMOUS_BYTES = 256 * 1024;
const MAX_DEPTH = 64;

const ROUTES: readonly PyxisRoute[] = [
  ...PROJECT_ROUTES,
  ...ARTIFACT_ROUTES,
  ...REQUEST_ROUTES,
  ...IMAGE_ROUTES,
  ...CATALOG_ROUTES,
];

/** Adds the routes. */
export function pyxisRoutes(context: ProjectContext) {
  return async (instance: FastifyInstance): Promise<void> => {
    await instance.register(async app => {
      app.setErrorHandler(async (error, request, reply) => await sendPyxisError(error, request, reply));
      app.addHook('preParsing', async (request, _, payload) => {
        refuseLargeBodies(request);
        return payload;
      });
      // Scripts name other types, or none.
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, (_, body, done) => {
        try {
          done(null, readJson(body.toString()));
        } catch (error) {
          done(error as Error, undefined);
        }
      });
      const handler = async (request: FastifyRequest, reply: FastifyReply) => await answer(context, request, reply);
      const route = (method: HTTPMethods, path: string, access: RouteAccess) =>
        app.route({
          method,
          url: `${PYXIS_PREFIX}${path}`,
          config: { access },
          schema: { hide: true },
          bodyLimit: MAX_BODY_BYTES,
          handler,
        });
      // Of what can be read some is for everybody: each path of the table says whether it wants a key.
      route('GET', '/*', 'anonymous');
      for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) route(method, '/*', 'signed-in');
      for (const path of ['/graphql', '//graphql']) route('POST', path, 'anonymous');
    });
  };
}

async function answer(context: ProjectContext, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const [path = ''] = request.url.slice(PYXIS_PREFIX.length).split('?');
  const names = path.split('/').filter(name => name !== '');
  if (names.length === 1 && names[0] === 'graphql') {
    if (request.method !== 'POST') throw new PyxisError(405, 'GraphQL is asked by POST');
    return await send(reply, 200, await answerGraphQL(context, request.body, abortedBy(request)));
  }
  const found = findRoute(ROUTES, request.method, names);
  if (found.kind !== 'found') {
    const isKnown = found.kind === 'other-method';
    const where = `/${names.join('/')}`;
    if (isKnown) throw new PyxisError(405, `${request.method} is not possible for ${where}`);
    throw new PyxisError(404, `There is no ${request.method} ${where} here`);
  }
  const { route, params } = found;
  if (!route.isPublic) requireKey(request.principal);
  const { status, body } = await route.handle({
    context,
    caller: {
      principal: request.principal ?? NOBODY,
      requestId: request.id,
      remoteAddress: actorOf(request).remoteAddress,
    },
    params,
    query: readRawQuery(request.raw.url ?? ''),
    body: request.body,
    signal: abortedBy(request),
  });
  return await send(reply, status, body);
}

/** Who shows no key. */
const NOBODY: Principal = { name: 'anonymous', by: 'system', namespaces: new Map() };

function requireKey(principal: Principal | undefined): asserts principal is Principal {
  if (principal !== undefined) return;
  throw new PyxisError(401, NO_KEY);
}

async function send(reply: FastifyReply, status: number, body: unknown): Promise<unknown> {
  return await reply.code(status).type('application/json').serializer(JSON.stringify).send(body);
}

/** Before anything of it is read. */
function refuseLargeBodies({ principal, headers }: FastifyRequest): void {
  if (principal !== undefined) return;
  const length = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (hasBody && !(length <= MAX_ANONYMOUS_BYTES)) requireKey(undefined);
}

function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The engine's message quotes what is around the fault, and that may be a secret.
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    throw new PyxisError(400, `The body is not JSON${at === undefined ? '' : `: at character ${Number(at) + 1}`}`);
  }
  requireShallow(value);
  return value;
}

function requireShallow(value: unknown): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) throw new PyxisError(400, `The body is nested more than ${MAX_DEPTH} deep`);
    level = level.flatMap(one => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
}

function abortedBy(request: FastifyRequest): AbortSignal {
  return AbortSignal.any([request.server.stopping, AbortSignal.timeout(50_000)]);
}
