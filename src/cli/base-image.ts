/** `plimsoll base-image`: which base images a server approves. */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { addServerOptions, type ServerOptions } from './server-options.ts';

const EXAMPLES = `
Examples:
  plimsoll base-image add registry.access.redhat.com/ubi9/ubi-minimal:9.6 --server https://plimsoll.example --api-key-file key
  plimsoll base-image list
  plimsoll base-image remove 64b7c1758357ec6208cd2c72

Images that begin with all layers of an approved one pass the check BasedOnUbi. The server reads the manifests itself; the layers are
not fetched. Adding and removing is for admins of the server.
`;

/** Adds the commands to the program. */
export function addBaseImageCommands(program: Command, context: CliContext): void {
  const group = program
    .command('base-image')
    .summary('approve base images on a server')
    .description('Lists the base images that a server approves, and adds and removes some.')
    .addHelpText('after', EXAMPLES);
  const add = (name: string, description: string, argument?: readonly [string, string]) => {
    const command = group.command(name).description(description);
    if (argument !== undefined) command.argument(...argument);
    addServerOptions(command).option('--verbose', 'on failure, print the chain of causes');
    return command;
  };
  add('add', 'Approves an image, for all its architectures that can be certified.', [
    '<image>',
    'REGISTRY/REPOSITORY:TAG, or with a digest; it must be readable without a log-in, or with those of the server',
  ]).action(async (image: string, options: ServerOptions) => {
    const { addBaseImage } = await import('./run-base-image.ts');
    await addBaseImage(image, options, context);
  });
  add('list', 'Lists approved images.').action(async (options: ServerOptions) => {
    const { listBaseImages } = await import('./run-base-image.ts');
    await listBaseImages(options, context);
  });
  add('remove', 'Approves an image no more. What was certified stays so until it is certified again.', [
    '<id>',
    'as listed',
  ]).action(async (id: string, options: ServerOptions) => {
    const { removeBaseImage } = await import('./run-base-image.ts');
    await removeBaseImage(id, options, context);
  });
}
