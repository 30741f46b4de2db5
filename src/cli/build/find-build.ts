/** Builds as people name them: by id, or by tag in a project. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { findProject } from '../find-project.ts';
import { listAll } from '../list-all.ts';
import type { ServerApi } from '../server-api.ts';
import { type Build, buildSchema } from './build-answer.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Builds of one version; a tag below is asked for by nobody. */
const MAX_SEARCHED = 5000;

/** The build. @throws {PlimsollError} `USAGE` for a tag without a project, `NOT_FOUND`, what the server says. */
export async function findBuild(
  server: ServerApi,
  text: string,
  project: string | undefined,
  signal: AbortSignal,
): Promise<Build> {
  const task = `Cannot find build "${printable(text)}"`;
  if (UUID.test(text)) return await readBuild(server, text, signal);
  if (project === undefined) {
    throw new PlimsollError('USAGE', `${task}: give its id, or its tag and with --project the project`);
  }
  const { id, name } = await findProject(server, project, signal);
  const version = text.slice(0, text.lastIndexOf('-'));
  const path = `/projects/${id}/builds?version=${encodeURIComponent(version.slice(0, 128))}`;
  const builds =
    version === '' ? [] : await listAll(server, { path, task, item: buildSchema, limit: MAX_SEARCHED }, signal);
  const found = builds.find(({ tag }) => tag === text);
  if (found !== undefined) return found;
  const newest = builds[0] === undefined ? '' : `; the newest of that version is "${builds[0].tag}"`;
  throw new PlimsollError(
    'NOT_FOUND',
    `${task}: project "${printable(name)}" has none of that tag${printable(newest)}`,
  );
}

/** The build of this id as it is now. @throws {PlimsollError} `NOT_FOUND`, what the server says. */
export async function readBuild(server: ServerApi, id: string, signal: AbortSignal): Promise<Build> {
  const task = `Cannot read build ${printable(id)}`;
  return await server.ask({ method: 'GET', path: `/builds/${id}`, task, answer: buildSchema }, signal);
}
