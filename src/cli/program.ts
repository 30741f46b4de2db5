/**
 * The command line: its commands, how errors read, and which exit status they give.
 */
import { Command, CommanderError } from 'commander';
import { exitStatusOf } from '#base/errors.ts';
import { addBaseImageCommands } from './base-image.ts';
import { addBuildCommands } from './build/build-commands.ts';
import { addBuilderCommand } from './builder.ts';
import { addCertifyCommand } from './certify.ts';
import type { CliContext } from './context.ts';
import { addDbCommands } from './db.ts';
import { describeFailure } from './describe-failure.ts';
import { addProjectCommands } from './project/project-commands.ts';
import { addSbomCommand } from './sbom.ts';
import { addScanCommand } from './scan.ts';
import { addSensorCommand } from './sensor.ts';
import { addServeCommand } from './serve.ts';
import { addSubmitCommand } from './submit.ts';

const EXAMPLES = `
Examples:
  plimsoll scan docker.io/library/alpine:3.20               known weaknesses of an image in a registry
  plimsoll sbom dir:/                                       what is installed on this machine
  plimsoll sbom oci-archive:app.tar --format cyclonedx-json --output app.cdx.json
  plimsoll sbom docker-daemon:app:dev --quiet --format json
  plimsoll submit quay.io/me/app:1.0-1 --project ID         certify and publish it on a server
  plimsoll build add --project ID --next 1.0 --follow       have it build the next image from Git
  plimsoll serve                                            the server, on http://127.0.0.1:8080
  plimsoll sensor --server https://plimsoll.example         reads images elsewhere, for that server

Images:
  [docker://]REGISTRY/REPOSITORY[:TAG][@DIGEST]   a registry, with the credentials of podman login or docker login
  oci:DIR[:REF]  oci-archive:FILE[:REF]           an OCI layout, as a folder or a tar
  docker-archive:FILE[:REF]                       what docker save or podman save wrote, also gzipped
  docker-daemon:NAME                              the store of a running Docker Engine or podman
  dir:ROOTFS                                      an unpacked root file system

Exit status:
  0 fine   1 a policy was not met   2 wrong usage or malformed data   3 access denied   4 no such thing
  5 conflict   6 a limit   7 a registry or the network failed   70 a bug
`;

const POLICY_NOT_MET = 1;

/** Runs one command. Results go to `stdout`, everything else to `stderr`. @returns the exit status; it never throws. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const isVerbose = args.includes('--verbose');
  let status = 0;
  const onPolicyNotMet = () => {
    status = POLICY_NOT_MET;
  };
  try {
    const program = buildProgram(context, onPolicyNotMet);
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) {
      context.stderr.write('plimsoll: cancelled\n');
      return 130;
    }
    context.stderr.write(describeFailure(error, isVerbose));
    return exitStatusOf(error);
  }
}

function buildProgram(context: CliContext, onPolicyNotMet: () => void): Command {
  const program = new Command('plimsoll');
  program
    .description('Scans, certifies and publishes container images across every registry a team uses.')
    .version(context.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help for a command')
    .helpCommand('help [command]', 'print help for a command')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError()
    .configureHelp({ helpWidth: Math.min(context.stdout.columns ?? 100, 110) })
    .configureOutput({
      writeOut: text => void context.stdout.write(text),
      writeErr: text => void context.stderr.write(text),
      // commander says "error: unknown option …"; ours all begin with the program's name.
      outputError: (text, write) => write(text.replace(/^error: /, 'plimsoll: ')),
    })
    .exitOverride();
  addScanCommand(program, context, onPolicyNotMet);
  addSbomCommand(program, context);
  addCertifyCommand(program, context, onPolicyNotMet);
  addSubmitCommand(program, context, onPolicyNotMet);
  addProjectCommands(program, context, onPolicyNotMet);
  addBuildCommands(program, context, onPolicyNotMet);
  addBaseImageCommands(program, context);
  addDbCommands(program, context);
  addServeCommand(program, context);
  addSensorCommand(program, context);
  addBuilderCommand(program, context);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}
