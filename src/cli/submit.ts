/** `plimsoll submit IMAGE`: has a server scan an image where it lies, certify it for a project, and publish it. */
import { type Command, Option } from 'commander';
import type { CliContext } from './context.ts';
import { toBoolean } from './image-options.ts';
import { waitingMinutes } from './option-value.ts';
import type { SubmitCommandOptions } from './run-submit.ts';
import { addServerOptions } from './server-options.ts';

const EXAMPLES = `
Examples:
  plimsoll submit quay.io/me/app:1.0-1 --project 64b7c1758357ec6208cd2c72 --server https://plimsoll.example --api-key-file key
  plimsoll submit quay.io/me/app@sha256:… --tag 1.0-1 --project ospid-64b7c1758357ec6208cd2c72 --publish
  plimsoll submit quay.io/me/app:1.0-1 --project 64b7c1758357ec6208cd2c72 --pull-secret auth.json --format json

The server pulls the image itself, with the pull secret of the project. A tag is looked up here, so that what is scanned is what the tag
points at now. Exit status 1 when an image is not certified, or cannot be published with --publish.
`;

/** Adds the command to the program. `onNotPassed` is told when an image is not certified. */
export function addSubmitCommand(program: Command, context: CliContext, onNotPassed: () => void): void {
  const command = program
    .command('submit')
    .summary('have a server scan, certify and publish an image')
    .description(
      'Asks a server to scan an image where it lies, as an image of a certification project, waits for it, and prints what every check found ' +
        'for each architecture.',
    )
    .argument('<image>', 'REGISTRY/REPOSITORY:TAG, or with a digest')
    .requiredOption('--project <project>', 'the project, by its id, its PID (ospid-…) or its name')
    .option('--tag <tag>', 'the tag that the image gets in the project (default: the one of the image)')
    .option(
      '--pull-secret <file>',
      'first save this as the pull secret of the project: what podman login --authfile writes',
    )
    .option('--publish', 'publish the image, all architectures of an index as one, when it is certified')
    .addOption(
      new Option('--timeout <minutes>', 'how long to wait; the server goes on without')
        .argParser(waitingMinutes)
        .default(60, '60'),
    )
    .addOption(new Option('-f, --format <format>', 'format of the result').choices(['table', 'json']).default('table'))
    .option('-q, --quiet', 'print the result alone')
    .option('--verbose', 'on failure, print the chain of causes');
  addServerOptions(command, 'for the server and the registry')
    .option('--authfile <file>', 'credentials for looking up the tag; default: those of podman and docker login')
    .addOption(
      new Option('--tls-verify <bool>', 'false: accept any certificate of the registry, and plain HTTP')
        .argParser(toBoolean)
        .default(true, 'true'),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (image: string, options: SubmitCommandOptions) => {
      // Other commands need none of what it loads.
      const { runSubmit } = await import('./run-submit.ts');
      if (!(await runSubmit(image, options, context))) onNotPassed();
    });
}
