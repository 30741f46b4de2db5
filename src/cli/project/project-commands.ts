/** `plimsoll project`: certification projects of a server. */
import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { booleanOption } from '../image-options.ts';
import { waitingMinutes } from '../option-value.ts';
import { addServerOptions } from '../server-options.ts';
import type { ListImagesOptions, PublishOptions } from './run-images.ts';
import type {
  CreateProjectOptions,
  ListProjectsOptions,
  ProjectOptions,
  RegistryKeyOptions,
  SetProjectOptions,
} from './run-project.ts';
import { addSettingsOptions } from './settings-options.ts';

const EXAMPLES = `
Examples:
  plimsoll project create pilot --distribution hosted --os-content ubi
  plimsoll project show pilot                               what it is, and what it misses
  plimsoll project registry-key pilot --reveal | podman login -u unused --password-stdin plimsoll.example
  plimsoll project images pilot --tag 1.0-1                 what every check found
  plimsoll project publish pilot 1.0-1

A project is named by its id, its PID (ospid-…) or its name. The server is named by --server or PLIMSOLL_URL, the key is in the file of
--api-key-file or in PLIMSOLL_API_KEY. An image that lies elsewhere is submitted with plimsoll submit.
`;
const PROJECT: readonly [string, string] = ['<project>', 'the project, by its id, its PID (ospid-…) or its name'];
const TAG: readonly [string, string] = ['<tag>', 'the tag, or REPOSITORY:TAG where several repositories have it'];
const SECRET = 'pull secret, as podman login --authfile writes it; - is standard input';

/** Adds the commands to the program. `onNotPassed` is told when something was not published, or not taken back. */
export function addProjectCommands(program: Command, context: CliContext, onNotPassed: () => void): void {
  const group = program
    .command('project')
    .summary('keep certification projects on a server')
    .description('Makes, shows and changes certification projects of a server, and publishes their images.')
    .addHelpText('after', EXAMPLES);
  addCreate(group, context);
  addList(group, context);
  addShow(group, context);
  addSet(group, context);
  addRegistryKey(group, context);
  addImages(group, context);
  addPublish(group, context, onNotPassed);
}

function addCreate(group: Command, context: CliContext): void {
  const command = group
    .command('create')
    .summary('make a project')
    .description('Makes a project, and prints what it misses. A name that there is already is refused.')
    .argument('<name>', 'its name')
    .option('--namespace <namespace>', 'the namespace, by its name or id; needed where there are several');
  addSettingsOptions(command).option('--pull-secret <file>', SECRET);
  finish(command).action(async (name: string, options: CreateProjectOptions) => {
    // Other commands need none of what it loads.
    const { createProject } = await import('./run-project.ts');
    await createProject(name, options, context);
  });
}

function addList(group: Command, context: CliContext): void {
  const command = group
    .command('list')
    .summary('list projects')
    .description('Lists projects by name.')
    .option('--namespace <namespace>', 'of this namespace alone')
    .option('--search <text>', 'in the name, the PID or the place')
    .option('--archived', 'those that are archived');
  finish(command).action(async (options: ListProjectsOptions) => {
    const { listProjects } = await import('./run-project.ts');
    await listProjects(options, context);
  });
}

function addShow(group: Command, context: CliContext): void {
  const description = 'Shows a project, and what it misses before an image of it is published.';
  const command = group
    .command('show')
    .summary('show a project')
    .description(description)
    .argument(...PROJECT);
  finish(command).action(async (project: string, options: ProjectOptions) => {
    const { showProject } = await import('./run-project.ts');
    await showProject(project, options, context);
  });
}

function addSet(group: Command, context: CliContext): void {
  const command = group
    .command('set')
    .summary('change a project')
    .description('Changes what is named of a project, and prints it.')
    .argument(...PROJECT)
    .option('--name <name>', 'its name');
  addSettingsOptions(command)
    .addOption(booleanOption('--archived <bool>', 'it publishes and builds nothing any more'))
    .option('--pull-secret <file>', SECRET)
    .option('--no-pull-secret', 'forget the pull secret');
  finish(command).action(async (project: string, options: SetProjectOptions) => {
    const { setProject } = await import('./run-project.ts');
    await setProject(project, options, context);
  });
}

function addRegistryKey(group: Command, context: CliContext): void {
  const command = group
    .command('registry-key')
    .summary('show the password for pushing images')
    .description(
      'Shows the registry key of a hosted project, the password of podman login -u unused; without an option only its beginning. That it was shown ' +
        'is written down.',
    )
    .argument(...PROJECT)
    .addOption(new Option('--reveal', 'print all of it').conflicts('new'))
    .option('--new', 'end it, and print a new one');
  finish(command).action(async (project: string, options: RegistryKeyOptions) => {
    const { showRegistryKey } = await import('./run-project.ts');
    await showRegistryKey(project, options, context);
  });
}

function addImages(group: Command, context: CliContext): void {
  const command = group
    .command('images')
    .summary('list images of a project')
    .description('Lists images of a project, newest first: tags, architectures, whether the checks passed, grade.')
    .argument(...PROJECT)
    .option('--tag <tag>', 'show what every check found in the images of this tag');
  finish(command).action(async (project: string, options: ListImagesOptions) => {
    const { listImages } = await import('./run-images.ts');
    await listImages(project, options, context);
  });
}

function addPublish(group: Command, context: CliContext, onNotPassed: () => void): void {
  const publish = group
    .command('publish')
    .summary('publish the images of a tag')
    .description(
      'Publishes the image of a tag, all architectures of an index as one, and says what stands against it. Exit status 1 when it is not published.',
    )
    .argument(...PROJECT)
    .argument(...TAG)
    .option('--override <reason>', 'pass over what may be passed over, for a reason that is kept; for admins');
  finish(addTimeout(publish)).action(async (project: string, tag: string, options: PublishOptions) => {
    const { publishTag } = await import('./run-images.ts');
    if (!(await publishTag(project, tag, options, context))) onNotPassed();
  });
  const unpublish = group
    .command('unpublish')
    .summary('take the images of a tag out of the catalogue')
    .description('Takes the image of a tag back, all architectures of an index as one.')
    .argument(...PROJECT)
    .argument(...TAG);
  finish(addTimeout(unpublish)).action(async (project: string, tag: string, options: PublishOptions) => {
    const { unpublishTag } = await import('./run-images.ts');
    if (!(await unpublishTag(project, tag, options, context))) onNotPassed();
  });
}

function addTimeout(command: Command): Command {
  return command.addOption(
    new Option('--timeout <minutes>', 'how long to wait; the server goes on without')
      .argParser(waitingMinutes)
      .default(10, '10'),
  );
}

function finish(command: Command): Command {
  command.addOption(
    new Option('-f, --format <format>', 'format of the result').choices(['table', 'json']).default('table'),
  );
  return addServerOptions(command).option('--verbose', 'on failure, print the chain of causes');
}
