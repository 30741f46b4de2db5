/**
 * What routes of the native API share: their type provider, and the answers that any of them may give.
 */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { PROBLEM_TYPE, problemSchema } from '../problem.ts';

/** A server whose handlers get what their schemas say. */
export function typed(app: FastifyInstance) {
  return app.withTypeProvider<ZodTypeProvider>();
}

const problem = { description: 'Why not', content: { [PROBLEM_TYPE]: { schema: problemSchema } } } as const;

/** Answers for errors, for the document. */
export const problems = { '4xx': problem, '5xx': problem } as const;
