/** What the commands of `plimsoll build` do with builds. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type CliContext, hasColors } from '../context.ts';
import { findProject } from '../find-project.ts';
import { listAll } from '../list-all.ts';
import { openServerApi, type ServerApi } from '../server-api.ts';
import type { ServerOptions } from '../server-options.ts';
import { type Build, buildSchema, isGood, isOver } from './build-answer.ts';
import { logText, renderBuild, renderBuilds } from './build-text.ts';
import { findBuild } from './find-build.ts';
import { followBuild } from './follow-build.ts';

/** As commander hands them over; `project` is needed for a build that is named by its tag. */
export interface BuildOptions extends ServerOptions {
  readonly project?: string;
  readonly format: 'table' | 'json';
}

/** As commander hands them over. */
export interface FollowOptions extends BuildOptions {
  readonly follow?: boolean;
  /** Minutes. */
  readonly timeout: number;
  readonly quiet?: boolean;
}

/** As commander hands them over. */
export interface AddBuildOptions extends FollowOptions {
  readonly project: string;
  /** The version whose next number is taken. */
  readonly next?: string;
}

/** As commander hands them over. */
export interface ListBuildsOptions extends BuildOptions {
  readonly project: string;
  readonly of?: string;
  readonly state: readonly string[];
  readonly limit: number;
}

/** Somebody else may take a number between our asking for it and our using it. */
const MAX_TRIES = 5;

/** Adds a build. @returns with `--follow` whether it ended as it should. */
export async function addBuild(
  tag: string | undefined,
  options: AddBuildOptions,
  context: CliContext,
): Promise<boolean> {
  const { next } = options;
  if ((tag === undefined) === (next === undefined)) {
    throw new PlimsollError('USAGE', 'Cannot add a build: give a tag such as 1.0-1, or with --next a version');
  }
  await using server = await openServerApi(options, context);
  const { id } = await findProject(server, options.project, context.signal);
  const build =
    tag === undefined
      ? await addNext(server, id, next ?? '', context.signal)
      : await queue(server, id, tag, context.signal);
  return await showOrFollow(server, build, options, context);
}

/** Builds the version of a failed build again. @returns with `--follow` whether it ended as it should. */
export async function retryBuild(text: string, options: FollowOptions, context: CliContext): Promise<boolean> {
  await using server = await openServerApi(options, context);
  const { id, tag } = await findBuild(server, text, options.project, context.signal);
  const task = `Cannot retry build ${printable(tag)}`;
  const path = `/builds/${id}/retry`;
  const build = await server.ask({ method: 'POST', path, task, answer: buildSchema }, context.signal);
  return await showOrFollow(server, build, options, context);
}

/** Follows a build to its end. @returns whether it ended as it should. */
export async function watchBuild(text: string, options: FollowOptions, context: CliContext): Promise<boolean> {
  await using server = await openServerApi(options, context);
  const build = await findBuild(server, text, options.project, context.signal);
  return await showOrFollow(server, build, { ...options, follow: true }, context);
}

/** Prints a build. */
export async function showBuild(text: string, options: BuildOptions, context: CliContext): Promise<void> {
  await using server = await openServerApi(options, context);
  await print(server, await findBuild(server, text, options.project, context.signal), options, context);
}

/** Ends a build that is not over, and prints it. */
export async function cancelBuild(text: string, options: BuildOptions, context: CliContext): Promise<void> {
  await using server = await openServerApi(options, context);
  const { id, tag } = await findBuild(server, text, options.project, context.signal);
  const task = `Cannot cancel build ${printable(tag)}`;
  const path = `/builds/${id}/cancel`;
  const build = await server.ask({ method: 'POST', path, task, answer: buildSchema }, context.signal);
  await print(server, build, options, context);
}

/** Prints the log of a build, as far as there is one. */
export async function printLog(text: string, options: Omit<BuildOptions, 'format'>, context: CliContext) {
  await using server = await openServerApi(options, context);
  const { id, tag } = await findBuild(server, text, options.project, context.signal);
  const task = `Cannot read the log of build ${printable(tag)}`;
  for await (const piece of server.text({ path: `/builds/${id}/log`, task }, context.signal)) {
    context.stdout.write(logText(piece));
  }
}

/** Prints builds of a project, newest first. */
export async function listBuilds(options: ListBuildsOptions, context: CliContext): Promise<void> {
  const { of, state, limit, format } = options;
  const { stdout, signal } = context;
  await using server = await openServerApi(options, context);
  const { id, name } = await findProject(server, options.project, signal);
  const query = [
    ...(of === undefined ? [] : [`version=${encodeURIComponent(of)}`]),
    ...state.map(one => `state=${encodeURIComponent(one)}`),
  ].join('&');
  const task = `Cannot list builds of "${printable(name)}"`;
  const path = `/projects/${id}/builds${query === '' ? '' : `?${query}`}`;
  const builds = await listAll(server, { path, task, item: buildSchema, limit }, signal);
  if (format === 'json') stdout.write(`${JSON.stringify(builds, undefined, 2)}\n`);
  else if (builds.length === 0) context.stderr.write('plimsoll: there are no such builds\n');
  else stdout.write(renderBuilds(builds, { hasColors: hasColors(context), width: stdout.columns ?? 1000 }));
}

async function queue(server: ServerApi, projectId: string, tag: string, signal: AbortSignal): Promise<Build> {
  const path = `/projects/${projectId}/builds`;
  const task = `Cannot add build "${printable(tag)}"`;
  return await server.ask({ method: 'POST', path, json: { tag }, task, answer: buildSchema }, signal);
}

async function addNext(server: ServerApi, projectId: string, version: string, signal: AbortSignal): Promise<Build> {
  const path = `/projects/${projectId}/next-build-tag?version=${encodeURIComponent(version)}`;
  const task = `Cannot find the next tag of "${printable(version)}"`;
  const answer = z.object({ tag: z.string() });
  let last: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const { tag } = await server.ask({ method: 'GET', path, task, answer }, signal);
    try {
      return await queue(server, projectId, tag, signal);
    } catch (error) {
      // Any other conflict than a number that is taken is the same the next time.
      const isTaken = error instanceof PlimsollError && error.code === 'CONFLICT' && tag !== last;
      if (!isTaken || attempt === MAX_TRIES) throw error;
      last = tag;
    }
  }
}

async function showOrFollow(
  server: ServerApi,
  build: Build,
  options: FollowOptions,
  context: CliContext,
): Promise<boolean> {
  const { follow, timeout, quiet } = options;
  const isFollowed = follow === true;
  if (!isFollowed) {
    await print(server, build, options, context);
    return true;
  }
  const say = (text: string) => {
    if (quiet !== true) context.stderr.write(text);
  };
  const deadline = AbortSignal.timeout(timeout * 60_000);
  const tag = printable(build.tag);
  try {
    const ended = await followBuild(server, build, {
      onLog: say,
      // How it ended is the result.
      onState: state => say(isOver(state) ? '' : `plimsoll: ${tag} is ${printable(state)}\n`),
      onCut: () => say('plimsoll: the connection to the server was cut, trying again\n'),
      signal: AbortSignal.any([context.signal, deadline]),
    });
    await print(server, ended, options, context);
    return isGood(ended);
  } catch (error) {
    const again = `plimsoll build follow ${build.id}`;
    if (context.signal.aborted) {
      context.stderr.write(`plimsoll: build ${tag} goes on; see how with: ${again}\n`);
      throw error;
    }
    if (!deadline.aborted) throw error;
    throw new PlimsollError(
      'TIMED_OUT',
      `Cannot wait any longer for build ${tag}: ${timeout} minutes are over; the server goes on with it, see how with: ${again}`,
      { cause: error },
    );
  }
}

async function print(server: ServerApi, build: Build, options: BuildOptions, context: CliContext): Promise<void> {
  const { stdout, signal } = context;
  if (options.format === 'json') {
    stdout.write(`${JSON.stringify(build, undefined, 2)}\n`);
    return;
  }
  // The name of the registry is needed for a build that has an image alone.
  const host = isOver(build.state) && build.digest !== null ? await findHost(server, build, signal) : undefined;
  stdout.write(renderBuild(build, { hasColors: hasColors(context), host }));
}

async function findHost(server: ServerApi, { projectId }: Build, signal: AbortSignal): Promise<string | undefined> {
  const { pushTo } = await findProject(server, projectId, signal);
  return pushTo?.slice(0, pushTo.lastIndexOf('/'));
}
