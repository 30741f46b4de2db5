/**
 * Words of a query that a route does not know are refused: a filter that is misspelt and passed over would show a list of everything, as
 * if everything had matched.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** For the routes of our own APIs, which are those that their document shows. A schema that says itself what it does with other words is left. */
export function refuseUnknownQueries(app: FastifyInstance): void {
  app.addHook('onRoute', ({ schema }) => {
    const query = schema?.querystring;
    if (schema?.tags === undefined || !(query instanceof z.ZodObject)) return;
    if (query.def.catchall === undefined) schema.querystring = query.strict();
  });
}
