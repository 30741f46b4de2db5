/** What `plimsoll build configure` and `plimsoll build test` do. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type CliContext, hasColors } from '../context.ts';
import { type FoundProject, findProject } from '../find-project.ts';
import { readSecretInput } from '../read-input.ts';
import { openServerApi, type Revised, type ServerApi } from '../server-api.ts';
import type { ServerOptions } from '../server-options.ts';
import { type BuildConfiguration, configurationSchema, sourceReportSchema } from './build-answer.ts';
import { type ConfigurationChange, isChange, toBody } from './configuration-change.ts';
import { renderConfiguration, renderSource } from './configuration-text.ts';
import { readSource, type SourceOptions } from './source-options.ts';

/** As commander hands them over. */
export interface TestSourceOptions extends ServerOptions, SourceOptions {
  readonly project: string;
  readonly format: 'table' | 'json';
}

/** As commander hands them over. */
export interface ConfigureBuildOptions extends TestSourceOptions {
  readonly imageName?: string;
  readonly platform: readonly string[];
  readonly buildArg: readonly string[];
  readonly removeBuildArg: readonly string[];
  /** `false` for `--no-pull-secret`. */
  readonly pullSecret?: string | false;
  readonly autoRebuild?: boolean;
  readonly autoPublish?: boolean;
  readonly rebuildDelay?: number;
  readonly enabled?: boolean;
}

const MAX_SECRET_BYTES = 256 * 1024;
/** The server looks at a source for two minutes at most. */
const LOOK_MS = 150_000;

/** Says how a project is built, and prints it; without anything to change, prints it alone. */
export async function configureBuild(options: ConfigureBuildOptions, context: CliContext): Promise<void> {
  const { stdout, stderr, signal } = context;
  const change = await readChange(options, context);
  await using server = await openServerApi(options, context);
  const project = await findProject(server, options.project, signal);
  const path = `/projects/${project.id}/build-configuration`;
  const { data: current, revision } = await readConfiguration(server, project, signal);
  let configuration = current;
  if (isChange(change)) {
    const task = 'Cannot configure builds';
    const answer = z.object({ configuration: configurationSchema });
    const json = toBody(current, change);
    const saved = await server.ask({ method: 'PUT', path, json, ifMatch: revision, task, answer }, signal);
    configuration = saved.configuration;
    for (const warning of configuration.warnings) stderr.write(`plimsoll: ${printable(warning, 4000)}\n`);
  }
  if (configuration === null) {
    throw new PlimsollError(
      'NOT_FOUND',
      `Cannot show how "${printable(project.name)}" is built: nobody has said yet; begin with --source`,
    );
  }
  stdout.write(
    options.format === 'json'
      ? `${JSON.stringify(configuration, undefined, 2)}\n`
      : renderConfiguration(project, configuration, { hasColors: hasColors(context) }),
  );
}

/** Clones a source and prints what is there; nothing is saved. @returns whether it can be built. */
export async function testSource(options: TestSourceOptions, context: CliContext): Promise<boolean> {
  const { signal } = context;
  const change = await readSource(options, context);
  await using server = await openServerApi(options, context, { answersWithinMs: LOOK_MS });
  const project = await findProject(server, options.project, signal);
  const { data: current } = await readConfiguration(server, project, signal);
  const report = await server.ask(
    {
      method: 'POST',
      path: `/projects/${project.id}/build-configuration/test`,
      json: toBody(current, change),
      task: 'Cannot look at the source',
      answer: sourceReportSchema,
    },
    signal,
  );
  context.stdout.write(
    options.format === 'json'
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : renderSource(report, { hasColors: hasColors(context) }),
  );
  return report.hasDockerfile;
}

async function readConfiguration(
  server: ServerApi,
  { id, name }: FoundProject,
  signal: AbortSignal,
): Promise<Revised<BuildConfiguration | null>> {
  const { data, revision } = await server.askRevised(
    {
      method: 'GET',
      path: `/projects/${id}/build-configuration`,
      task: `Cannot read how "${printable(name)}" is built`,
      answer: z.object({ configuration: configurationSchema.nullable() }),
    },
    signal,
  );
  return { data: data.configuration, revision: data.configuration === null ? undefined : revision };
}

async function readChange(options: ConfigureBuildOptions, context: CliContext): Promise<ConfigurationChange> {
  const { imageName, platform, removeBuildArg, pullSecret, autoRebuild, autoPublish, rebuildDelay, enabled } = options;
  const fromStdin = [options.tokenFile, options.sshKeyFile, pullSecret].filter(one => one === '-');
  if (fromStdin.length > 1) {
    throw new PlimsollError('USAGE', 'Cannot read two secrets from standard input: name a file for one of them');
  }
  return {
    ...(await readSource(options, context)),
    imageName,
    platforms: platform.length === 0 ? undefined : platform.filter(one => one !== ''),
    args: options.buildArg.length === 0 ? undefined : readArguments(options.buildArg, context),
    removedArgs: removeBuildArg.length === 0 ? undefined : removeBuildArg,
    pullSecret: await readPullSecret(pullSecret, context),
    autoRebuild,
    autoPublish,
    rebuildDelaySeconds: rebuildDelay,
    isEnabled: enabled,
  };
}

async function readPullSecret(
  path: string | false | undefined,
  context: CliContext,
): Promise<string | null | undefined> {
  if (path === undefined) return undefined;
  if (path === false) return null;
  return await readSecretInput(path, { what: 'pull secret', maxBytes: MAX_SECRET_BYTES }, context);
}

/** `NAME=VALUE`, or `NAME` for the variable of that name. @throws {PlimsollError} `USAGE`. */
function readArguments(texts: readonly string[], { env }: CliContext): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map(text => {
      const sign = text.indexOf('=');
      const name = sign === -1 ? text : text.slice(0, sign);
      const value = sign === -1 ? env[name] : text.slice(sign + 1);
      if (name === '') throw new PlimsollError('USAGE', 'Cannot use --build-arg: expected NAME=VALUE, or NAME');
      if (value === undefined) {
        throw new PlimsollError(
          'USAGE',
          `Cannot use --build-arg ${printable(name)}: there is no variable of that name; set it, or give NAME=VALUE`,
        );
      }
      return [name, value];
    }),
  );
}
