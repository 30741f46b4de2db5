/**
 * The registry's API: OCI distribution 1.1 under /v2/, with its own authentication and its own errors.
 *
 * Source: OCI distribution-spec 1.1; distribution, docs/spec/auth.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DistributionError } from '#hosting/distribution-error.ts';
import type { Api } from '../server.ts';
import { challengeOf, identify } from './authorise.ts';
import { type Exchange, serveBlob, serveUpload, startUploads } from './blob-routes.ts';
import { ChallengeError, sendOciError } from './errors.ts';
import { serveCatalogue, serveManifest, serveReferrers, serveTags } from './manifest-routes.ts';
import type { OciContext } from './oci-context.ts';
import { parseOciPath } from './path.ts';
import { getToken, postToken } from './token-routes.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The registry's routes. */
export function ociRoutes(context: OciContext): Api {
  return app => {
    // Bodies are streams, whatever they call themselves; nobody reads them before the handler does.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_, payload, done) => done(null, payload));
    app.addHook('onRequest', async (_, reply) => {
      reply.header('docker-distribution-api-version', 'registry/2.0');
    });
    app.setErrorHandler(async (error, request, reply) => await sendOciError(error, request, reply));
    const config = { access: 'own' as const };
    const hidden = { hide: true };
    app.get('/v2/token', { config, schema: hidden, exposeHeadRoute: false }, async (request, reply) =>
      getToken(context, request, reply),
    );
    app.post('/v2/token', { config, schema: hidden }, async (request, reply) => postToken(context, request, reply));
    for (const url of ['/v2', '/v2/*']) {
      app.route({
        method: [...METHODS],
        url,
        config,
        schema: hidden,
        exposeHeadRoute: false,
        handler: async (request, reply) => await serve(context, request, reply),
      });
    }
  };
}

async function serve(context: OciContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const path = parseOciPath(request.url.split('?', 1)[0] ?? '');
  const exchange: Exchange = { context, request, reply, signal: signalOf(request, reply) };
  const { method } = request;
  switch (path.kind) {
    case 'base':
      requireMethod(method, ['GET', 'HEAD']);
      return await serveBase(exchange);
    case 'catalogue':
      requireMethod(method, ['GET', 'HEAD']);
      return await serveCatalogue(exchange);
    case 'tags':
      requireMethod(method, ['GET', 'HEAD']);
      return await serveTags(exchange, path.name);
    case 'referrers':
      requireMethod(method, ['GET', 'HEAD']);
      return await serveReferrers(exchange, path.name, path.reference);
    case 'uploads':
      requireMethod(method, ['POST']);
      return await startUploads(exchange, path.name);
    case 'upload':
      requireMethod(method, ['GET', 'HEAD', 'PATCH', 'PUT', 'DELETE']);
      return await serveUpload(exchange, path.name, path.id);
    case 'blob':
      requireMethod(method, ['GET', 'HEAD', 'DELETE']);
      return await serveBlob(exchange, path.name, path.reference);
    case 'manifest':
      requireMethod(method, ['GET', 'HEAD', 'PUT', 'DELETE']);
      return await serveManifest(exchange, path.name, path.reference);
    default:
      return path satisfies never;
  }
}

/**
 * `GET /v2/`: whether this is a registry, and whether the client is logged in. Never 200 without credentials: Docker would then ignore the
 * challenges of private repositories (moby/moby#50896). A token for nobody in particular is enough.
 */
async function serveBase({ context, request, reply }: Exchange): Promise<FastifyReply> {
  const { hasCredentials } = await identify(context, request);
  if (!hasCredentials) throw new ChallengeError('Log in first', challengeOf(context, request, {}));
  return await reply.type('application/json').send(Buffer.from('{}'));
}

function requireMethod(method: string, allowed: readonly string[]): void {
  if (!allowed.includes(method))
    throw new DistributionError('UNSUPPORTED', `Cannot ${method} this: the registry has no such call`);
}

/** Aborted when the connection ends before the answer does. */
function signalOf(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new Error(`The connection of request ${request.id} ended`));
  });
  return controller.signal;
}
