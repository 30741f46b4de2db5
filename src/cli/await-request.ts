/** What is asked for about images of a project, until it is done or refused. */
import { z } from 'zod';
import { pause } from '#scan/sensor/reports.ts';
import type { ServerApi } from './server-api.ts';

const POLL_MS = 1000;

export const requestSchema = z.object({
  id: z.string(),
  status: z.enum(['pending', 'in progress', 'completed', 'failed', 'aborted']),
  statusMessage: z.string().nullable(),
  /** Stable; `docs/projects.md` lists them. */
  situation: z.string().nullable(),
  retryAt: z.string().nullable(),
  warnings: z.array(z.object({ message: z.string() })),
  imageIds: z.array(z.string()),
});

/** A request, as far as commands look at it. */
export type ProjectRequest = z.output<typeof requestSchema>;

/** Waits for the end of a request; tells what it waits for. @throws {PlimsollError} what the server says. */
export async function awaitRequest(
  server: ServerApi,
  first: ProjectRequest,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<ProjectRequest> {
  let told: string | null = null;
  for (let request = first; ; ) {
    if (request.status !== 'pending' && request.status !== 'in progress') return request;
    if (request.retryAt !== null && request.retryAt !== told) {
      say(request.statusMessage ?? `It is tried again at ${request.retryAt}`);
      told = request.retryAt;
    }
    await pause(POLL_MS, signal);
    const path = `/project-requests/${first.id}`;
    request = await server.ask(
      { method: 'GET', path, task: `Cannot read request ${first.id}`, answer: requestSchema },
      signal,
    );
  }
}
