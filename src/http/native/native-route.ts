/**
 * What routes of the native API share: their type provider, and the answers that any of them may give.
 */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { problemSchema } from '../problem.ts';

/** A server whose handlers get what their schemas say. */
export function typed(app: FastifyInstance) {
  return app.withTypeProvider<ZodTypeProvider>();
}

/** Answers for errors, for the document. */
export const problems = {
  '4xx': problemSchema,
  '5xx': problemSchema,
} as const;
