/** What the commands of `plimsoll project` do with projects. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type CliContext, hasColors } from '../context.ts';
import { findProject } from '../find-project.ts';
import { listAll } from '../list-all.ts';
import { readSecretInput } from '../read-input.ts';
import { openServerApi, type ServerApi } from '../server-api.ts';
import type { ServerOptions } from '../server-options.ts';
import { checklistSchema, type Project, projectSchema, registryKeySchema } from './project-answer.ts';
import { renderProject, renderProjects } from './project-text.ts';
import { readSettings, type SettingsOptions } from './settings-options.ts';

/** As commander hands them over. */
export interface ProjectOptions extends ServerOptions {
  readonly format: 'table' | 'json';
}

/** As commander hands them over. */
export interface CreateProjectOptions extends ProjectOptions, SettingsOptions {
  readonly namespace?: string;
  readonly pullSecret?: string;
}

/** As commander hands them over. */
export interface SetProjectOptions extends ProjectOptions, SettingsOptions {
  readonly name?: string;
  readonly archived?: boolean;
  /** `false` for `--no-pull-secret`. */
  readonly pullSecret?: string | false;
}

/** As commander hands them over. */
export interface ListProjectsOptions extends ProjectOptions {
  readonly namespace?: string;
  readonly search?: string;
  readonly archived?: boolean;
}

/** As commander hands them over. */
export interface RegistryKeyOptions extends ProjectOptions {
  readonly reveal?: boolean;
  readonly new?: boolean;
}

const MAX_SECRET_BYTES = 1024 * 1024;
const SECRET = { what: 'pull secret', maxBytes: MAX_SECRET_BYTES };
const namespaceSchema = z.object({ id: z.string(), name: z.string() });

/** Makes a project, and prints it. */
export async function createProject(name: string, options: CreateProjectOptions, context: CliContext): Promise<void> {
  const { signal } = context;
  const pullSecret =
    options.pullSecret === undefined ? undefined : await readSecretInput(options.pullSecret, SECRET, context);
  await using server = await openServerApi(options, context);
  const namespaceId = await findNamespace(server, options.namespace, signal);
  const task = `Cannot make project "${printable(name)}"`;
  // Commands name projects by their names.
  const path = `/projects?namespaceId=${namespaceId}&q=${encodeURIComponent(name.slice(0, 255))}`;
  const same = (await listAll(server, { path, task, item: projectSchema }, signal)).find(
    one => one.name === name.trim(),
  );
  if (same !== undefined) {
    throw new PlimsollError('CONFLICT', `${task}: there is one of that name, ${printable(same.pid)}`);
  }
  const json = { namespaceId, name, ...readSettings(options), pullSecret };
  const made = await server.ask({ method: 'POST', path: '/projects', json, task, answer: projectSchema }, signal);
  tellDropped(made, context);
  await print(server, made, options, context);
}

/** Changes a project, and prints it. */
export async function setProject(text: string, options: SetProjectOptions, context: CliContext): Promise<void> {
  const { signal } = context;
  const { name, archived, pullSecret } = options;
  const json = {
    ...readSettings(options),
    ...(name === undefined ? {} : { name }),
    ...(archived === undefined ? {} : { status: archived ? 'archived' : 'active' }),
  };
  const isSame = Object.keys(json).length === 0;
  if (isSame && pullSecret === undefined) {
    throw new PlimsollError('USAGE', 'Cannot change the project: say what is to be otherwise; see --help');
  }
  const secret = typeof pullSecret === 'string' ? await readSecretInput(pullSecret, SECRET, context) : undefined;
  await using server = await openServerApi(options, context);
  const { id } = await findProject(server, text, signal);
  const path = `/projects/${id}`;
  const task = `Cannot change project "${printable(text)}"`;
  let changed: Project | undefined;
  if (!isSame) changed = await server.ask({ method: 'PATCH', path, json, task, answer: projectSchema }, signal);
  // After the settings: it is kept for the registry that they name.
  if (secret !== undefined) {
    const body = { pullSecret: secret };
    const question = { method: 'PUT' as const, path: `${path}/pull-secret`, json: body, task, answer: projectSchema };
    changed = await server.ask(question, signal);
    tellDropped(changed, context);
  } else if (pullSecret === false) {
    await server.ask({ method: 'DELETE', path: `${path}/pull-secret`, task, answer: z.unknown() }, signal);
    changed = undefined;
  }
  await print(server, changed ?? (await readProject(server, id, signal)), options, context);
}

/** Prints a project with what it misses. */
export async function showProject(text: string, options: ProjectOptions, context: CliContext): Promise<void> {
  await using server = await openServerApi(options, context);
  const { id } = await findProject(server, text, context.signal);
  await print(server, await readProject(server, id, context.signal), options, context);
}

/** Prints projects by name. */
export async function listProjects(options: ListProjectsOptions, context: CliContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  await using server = await openServerApi(options, context);
  const { namespace, search, archived } = options;
  const namespaceId = namespace === undefined ? undefined : await findNamespace(server, namespace, signal);
  const query = [
    `status=${archived === true ? 'archived' : 'active'}`,
    ...(namespaceId === undefined ? [] : [`namespaceId=${namespaceId}`]),
    ...(search === undefined ? [] : [`q=${encodeURIComponent(search)}`]),
  ].join('&');
  const list = { path: `/projects?${query}`, task: 'Cannot list projects', item: projectSchema };
  const projects = await listAll(server, list, signal);
  if (options.format === 'json') stdout.write(`${JSON.stringify(projects, undefined, 2)}\n`);
  else if (projects.length === 0) stderr.write('plimsoll: there are no such projects\n');
  else stdout.write(renderProjects(projects, { hasColors: hasColors(context), width: stdout.columns ?? 1000 }));
}

/** Prints the registry key: its beginning, or all of it when that is asked for; a new one always whole. */
export async function showRegistryKey(text: string, options: RegistryKeyOptions, context: CliContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  const { reveal, new: isNew } = options;
  await using server = await openServerApi(options, context);
  const { id, pushTo } = await findProject(server, text, signal);
  const path = `/projects/${id}/registry-key`;
  const task = 'Cannot show the registry key';
  const key = await server.ask(
    isNew === true
      ? { method: 'POST', path: `${path}/rotate`, task: 'Cannot make a registry key', answer: registryKeySchema }
      : { method: 'GET', path: `${path}?reveal=${reveal === true}`, task, answer: registryKeySchema },
    signal,
  );
  if (options.format === 'json') stdout.write(`${JSON.stringify(key, undefined, 2)}\n`);
  else stdout.write(`${printable(key.text)}\n`);
  if (key.isMasked) {
    const used = key.lastUsedAt === null ? 'never used' : `last used ${printable(key.lastUsedAt)}`;
    stderr.write(`plimsoll: made ${printable(key.createdAt)}, ${used}; --reveal shows all of it\n`);
  } else if (pushTo !== null) {
    const host = printable(pushTo.slice(0, pushTo.lastIndexOf('/')));
    stderr.write(`plimsoll: it is the password of: podman login -u unused --password-stdin ${host}\n`);
  }
}

async function readProject(server: ServerApi, id: string, signal: AbortSignal): Promise<Project> {
  const task = `Cannot read project ${id}`;
  return await server.ask({ method: 'GET', path: `/projects/${id}`, task, answer: projectSchema }, signal);
}

async function print(
  server: ServerApi,
  project: Project,
  { format }: ProjectOptions,
  context: CliContext,
): Promise<void> {
  const { stdout, signal } = context;
  const path = `/projects/${project.id}/checklist`;
  const task = `Cannot read what project ${project.id} misses`;
  const { items: checklist } = await server.ask({ method: 'GET', path, task, answer: checklistSchema }, signal);
  stdout.write(
    format === 'json'
      ? `${JSON.stringify({ ...project, checklist }, undefined, 2)}\n`
      : renderProject(project, checklist, { hasColors: hasColors(context) }),
  );
}

function tellDropped({ pullSecret }: Project, { stderr }: CliContext): void {
  if (pullSecret === null || pullSecret.dropped.length === 0) return;
  const dropped = printable(pullSecret.dropped.join(', '), 1000);
  stderr.write(`plimsoll: of the pull secret the entry ${printable(pullSecret.entry)} was kept, not ${dropped}\n`);
}

/** @throws {PlimsollError} `NOT_FOUND`; `USAGE` when there are several to choose from. */
async function findNamespace(server: ServerApi, text: string | undefined, signal: AbortSignal): Promise<string> {
  const list = { path: '/namespaces', task: 'Cannot find the namespace', item: namespaceSchema };
  const namespaces = await listAll(server, list, signal);
  if (text === undefined) {
    const [only, ...others] = namespaces;
    if (only !== undefined && others.length === 0) return only.id;
    const names = namespaces.map(({ name }) => name).join(', ');
    const why = only === undefined ? 'there is none that you may use' : `say which with --namespace: ${names}`;
    throw new PlimsollError('USAGE', `Cannot choose a namespace: ${printable(why, 1000)}`);
  }
  const found = namespaces.find(({ id, name }) => id === text || name === text);
  if (found !== undefined) return found.id;
  throw new PlimsollError('NOT_FOUND', `Cannot find namespace "${printable(text)}": there is none that you may use`);
}
