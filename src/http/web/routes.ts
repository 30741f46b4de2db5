/**
 * The web interface: files that the build made, and its one page for every address that is none of an API.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { PlimsollError } from '#base/errors.ts';
import { sendProblem } from '../problem.ts';

/** Paths of APIs: what is unknown there is a problem, not a page. */
const API = /^\/(?:api|v2|indexer|matcher|notifier|harbor|metrics|healthz|readyz)(?:\/|$|\?)/;

/** Serves the interface built into `folder`; without one, a page that says so. */
export function webRoutes(folder: string) {
  return async (app: FastifyInstance): Promise<void> => {
    const page = join(folder, 'index.html');
    const isBuilt = existsSync(page);
    if (isBuilt) {
      await app.register(fastifyStatic, {
        root: join(folder, 'assets'),
        prefix: '/assets/',
        // Their names change with their content.
        immutable: true,
        maxAge: '365d',
        decorateReply: false,
        schemaHide: true,
      });
    }
    app.get('/load-line.svg', { config: { access: 'anonymous' }, schema: { hide: true } }, async (_, reply) =>
      isBuilt
        ? await reply.type('image/svg+xml').send(await readFile(join(folder, 'load-line.svg')))
        : await reply.code(404).send(),
    );
    app.get('/*', { config: { access: 'anonymous' }, schema: { hide: true } }, async (request, reply) => {
      if (API.test(request.url) || !isPageRequest(request.headers.accept)) {
        const path = request.url.split('?')[0];
        return await sendProblem(
          new PlimsollError('NOT_FOUND', `Cannot find GET ${path}: there is no such path`),
          request,
          reply,
        );
      }
      reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache');
      return isBuilt ? await readFile(page) : NOT_BUILT;
    });
  };
}

function isPageRequest(accept: string | undefined): boolean {
  return accept === undefined || accept.includes('text/html') || accept.includes('*/*');
}

const NOT_BUILT = `<!doctype html><html lang="en"><title>Plimsoll</title><h1>Plimsoll</h1>
<p>The server runs; its web interface has not been built. Run <code>npm run build -w plimsoll-web</code>, then start it again.
The API is described at <a href="/api/docs">/api/docs</a>.</p></html>
`;
