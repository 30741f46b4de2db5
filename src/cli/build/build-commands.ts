/** `plimsoll build`: images of projects built from Git by a server. */
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { booleanOption } from '../image-options.ts';
import { collected, collectedOf, waitingMinutes, wholeNumber } from '../option-value.ts';
import { addServerOptions } from '../server-options.ts';
import type { ConfigureBuildOptions, TestSourceOptions } from './configure-build.ts';
import type { AddBuildOptions, BuildOptions, FollowOptions, ListBuildsOptions } from './run-build.ts';
import { addSourceOptions } from './source-options.ts';

const EXAMPLES = `
Examples:
  plimsoll build test --project pilot --source https://git.example/acme/pilot.git --token-file token
  plimsoll build configure --project pilot --source git@git.example:acme/pilot.git --ssh-key-file key --auto-rebuild true
  plimsoll build add --project pilot --next 1.0 --follow      build 1.0-1, 1.0-2 …, with the log as it grows
  plimsoll build list --project pilot
  plimsoll build show 1.0-2 --project pilot --format json
  plimsoll build log 1.0-2 --project pilot > build.log

The server is named by --server or PLIMSOLL_URL, the key is in the file of --api-key-file or in PLIMSOLL_API_KEY. Exit status 1 when a build
that was followed failed or was cancelled, or its image is not certified.
`;
const STATES = ['queued', 'cloning', 'building', 'pushing', 'scanning', 'succeeded', 'failed', 'cancelled'];
const PROJECT = 'the project, by its id, its PID (ospid-…) or its name';
const BUILD: readonly [string, string] = ['<build>', 'the build, by its id, or with --project by its tag'];
const DAY_SECONDS = 86_400;

/** Adds the commands to the program. `onNotPassed` is told when a build did not end as it should, or a source cannot be built. */
export function addBuildCommands(program: Command, context: CliContext, onNotPassed: () => void): void {
  const group = program
    .command('build')
    .summary('have a server build images from Git')
    .description('Says how a server builds the image of a project from Git, adds builds, and watches them.')
    .addHelpText('after', EXAMPLES);
  addConfigure(group, context);
  addTest(group, context, onNotPassed);
  addAdd(group, context, onNotPassed);
  addList(group, context);
  addOfOne(group, context, onNotPassed);
}

function addConfigure(group: Command, context: CliContext): void {
  const command = group
    .command('configure')
    .summary('say how a project is built')
    .description(
      'Says how the image of a project is built from Git. What is not named stays as it is; without anything to change, what there is is ' +
        'printed. Secrets go to the server sealed, and come out of it no more.',
    )
    .requiredOption('--project <project>', PROJECT);
  addSourceOptions(command)
    .option('--image-name <name>', 'last part of the image’s name, ospid-…/NAME')
    .addOption(
      new Option('--platform <os/arch>', 'build for this platform; may be given again; empty: the one of the builder')
        .argParser(collected)
        .default([], 'as it is'),
    )
    .addOption(
      new Option('--build-arg <name=value>', 'a build argument; NAME alone takes the variable; may be given again')
        .argParser(collected)
        .default([], 'as they are'),
    )
    .addOption(
      new Option('--remove-build-arg <name>', 'a build argument that is no more; may be given again')
        .argParser(collected)
        .default([], 'none'),
    )
    .option(
      '--pull-secret <file>',
      'log-ins for base images, as podman login --authfile writes them; - is standard input',
    )
    .option('--no-pull-secret', 'forget the log-ins for base images')
    .addOption(booleanOption('--auto-rebuild <bool>', 'build again by itself when that makes a published image better'))
    .addOption(booleanOption('--auto-publish <bool>', 'publish what passes its checks'))
    .addOption(
      new Option('--rebuild-delay <seconds>', 'causes that come within this time make one build').argParser(
        wholeNumber(0, DAY_SECONDS),
      ),
    )
    .addOption(booleanOption('--enabled <bool>', 'whether anything is built'));
  finish(command).action(async (options: ConfigureBuildOptions) => {
    // Other commands need none of what it loads.
    const { configureBuild } = await import('./configure-build.ts');
    await configureBuild(options, context);
  });
}

function addTest(group: Command, context: CliContext, onNotPassed: () => void): void {
  const command = group
    .command('test')
    .summary('look at the source of a project')
    .description(
      'Clones the source that is configured, with what is said here otherwise, and tells what is there. Nothing is saved. Exit status 1 when ' +
        'there is no Dockerfile to be used.',
    )
    .requiredOption('--project <project>', PROJECT);
  addSourceOptions(command);
  finish(command).action(async (options: TestSourceOptions) => {
    const { testSource } = await import('./configure-build.ts');
    if (!(await testSource(options, context))) onNotPassed();
  });
}

function addAdd(group: Command, context: CliContext, onNotPassed: () => void): void {
  const command = group
    .command('add')
    .summary('add a build')
    .description('Adds a build under a tag: a version, a dash and a number that no build of the version had.')
    .argument('[tag]', 'such as 1.0-1')
    .requiredOption('--project <project>', PROJECT)
    .option('--next <version>', 'take the next free number of this version in the place of a tag');
  finish(addFollow(command, true)).action(async (tag: string | undefined, options: AddBuildOptions) => {
    const { addBuild } = await import('./run-build.ts');
    if (!(await addBuild(tag, options, context))) onNotPassed();
  });
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .summary('list builds of a project')
    .description('Lists builds of a project, newest first.')
    .requiredOption('--project <project>', PROJECT)
    .option('--of <version>', 'of this version alone')
    .addOption(
      new Option('--state <state>', `in this state alone: ${STATES.join(', ')}; may be given again`)
        .argParser(collectedOf(STATES))
        .default([], 'any'),
    )
    .addOption(new Option('--limit <number>', 'how many').argParser(wholeNumber(1, 100_000)).default(20));
  finish(command).action(async (options: ListBuildsOptions) => {
    const { listBuilds } = await import('./run-build.ts');
    await listBuilds(options, context);
  });
}

function addOfOne(group: Command, context: CliContext, onNotPassed: () => void): void {
  const add = (name: string, summary: string, description: string) =>
    group
      .command(name)
      .summary(summary)
      .description(description)
      .argument(...BUILD)
      .option('--project <project>', `${PROJECT}; for a build that is named by its tag`);
  const show = 'Shows a build: what it was made from, what failed, what became of its images, and what changed.';
  finish(add('show', 'show a build', show)).action(async (build: string, options: BuildOptions) => {
    const { showBuild } = await import('./run-build.ts');
    await showBuild(build, options, context);
  });
  const follow = 'Prints the log of a build to standard error as it grows, and the build once it is over.';
  finish(addFollow(add('follow', 'wait for a build', follow), false)).action(
    async (build: string, options: FollowOptions) => {
      const { watchBuild } = await import('./run-build.ts');
      if (!(await watchBuild(build, options, context))) onNotPassed();
    },
  );
  const log = 'Prints the log of a build to standard output, as far as there is one.';
  addVerbose(addServerOptions(add('log', 'print the log of a build', log))).action(
    async (build: string, options: BuildOptions) => {
      const { printLog } = await import('./run-build.ts');
      await printLog(build, options, context);
    },
  );
  const cancel = 'Ends a build whose image is not pushed yet.';
  finish(add('cancel', 'end a build', cancel)).action(async (build: string, options: BuildOptions) => {
    const { cancelBuild } = await import('./run-build.ts');
    await cancelBuild(build, options, context);
  });
  const retry = 'Builds the version of a build that failed, or was cancelled, again, under its next number.';
  finish(addFollow(add('retry', 'build again what failed', retry), true)).action(
    async (build: string, options: FollowOptions) => {
      const { retryBuild } = await import('./run-build.ts');
      if (!(await retryBuild(build, options, context))) onNotPassed();
    },
  );
}

function addFollow(command: Command, isOptional: boolean): Command {
  if (isOptional)
    command.option('--follow', 'print the log to standard error as it grows, and the build once it is over');
  return command
    .addOption(
      new Option('--timeout <minutes>', 'how long to follow; the server goes on without')
        .argParser(waitingMinutes)
        .default(120, '120'),
    )
    .option('-q, --quiet', 'print the build alone, without its log');
}

function finish(command: Command): Command {
  command.addOption(
    new Option('-f, --format <format>', 'format of the result').choices(['table', 'json']).default('table'),
  );
  return addVerbose(addServerOptions(command));
}

function addVerbose(command: Command): Command {
  return command.option('--verbose', 'on failure, print the chain of causes');
}
