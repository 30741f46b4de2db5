/** Projects of a server as people name them on the command line. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { listAll } from './list-all.ts';
import type { ServerApi } from './server-api.ts';

/** What is needed of a project to do something with it. */
const projectSchema = z.object({
  id: z.string(),
  pid: z.string(),
  name: z.string(),
  /** `HOST/ospid-…`; null: its images are not pushed to the server. */
  pushTo: z.string().nullable(),
});

/** A project that was found. */
export type FoundProject = z.output<typeof projectSchema>;

const MAX_NAMED = 5;

/**
 * The project of this id, PID (`ospid-…`) or name.
 * @throws {PlimsollError} `NOT_FOUND`; `USAGE` when several have the name, with their PIDs; what the server says.
 */
export async function findProject(server: ServerApi, text: string, signal: AbortSignal): Promise<FoundProject> {
  const named = text.trim();
  const task = `Cannot find project "${printable(named)}"`;
  if (/^[0-9a-f]{24}$/.test(named)) {
    return await server.ask({ method: 'GET', path: `/projects/${named}`, task, answer: projectSchema }, signal);
  }
  if (named === '') throw new PlimsollError('USAGE', 'Cannot find a project: its id, PID or name is empty');
  const query = `q=${encodeURIComponent(named.slice(0, 255))}`;
  const items = await listAll(server, { path: `/projects?${query}`, task, item: projectSchema }, signal);
  const byPid = items.find(({ pid }) => pid === named || pid === `ospid-${named}`);
  if (byPid !== undefined) return byPid;
  const [found, ...others] = items.filter(({ name }) => name === named);
  if (found === undefined) {
    throw new PlimsollError('NOT_FOUND', `${task}: expected its id, its PID (ospid-…) or its name`);
  }
  if (others.length === 0) return found;
  const pids = [found, ...others].map(({ pid }) => pid);
  const more = pids.length > MAX_NAMED ? ' …' : '';
  throw new PlimsollError(
    'USAGE',
    `${task}: ${pids.length} projects have that name; say which by PID: ${pids.slice(0, MAX_NAMED).join(', ')}${more}`,
  );
}
