/** `plimsoll certify IMAGE…`: whether images are fit to be published, and why not. */
import { type Command, Option } from 'commander';
import { GRADES } from '#certification/health-grade.ts';
import { POLICY_NAMES } from '#certification/policies.ts';
import { CERTIFICATE_FORMATS } from '#report/certification/formats.ts';
import type { CliContext } from './context.ts';
import { addDatabaseOption, addMaxAgeOption } from './db-options.ts';
import { addOnePlatformOption, addReachOptions } from './image-options.ts';
import type { CertifyCommandOptions } from './run-certify.ts';

const EXAMPLES = `
Examples:
  plimsoll certify quay.io/me/app:1.0 --base registry.access.redhat.com/ubi9/ubi-minimal:9.6
  plimsoll certify oci-archive:app.tar --base bases.json --name quay.io/me/app:1.0 --gate critical=7,high=30
  plimsoll certify app:1.0 --policy scratch --gate none          the checks alone, without a vulnerability database
  plimsoll certify app:1.0 --format junit --output app.xml       for a pipeline

Policies:
  auto            what fits the image: container, scratch or general
  container       images with packages of rpm, by Red Hat's rules
  root            as container, for images that were granted to run as root
  scratch         without a distribution; also scratch-nonroot
  scratch-root    as scratch, for images that were granted to run as root
  konflux         as Red Hat's own pipelines are judged
  general         any distribution: rules about rpm count where there is rpm, the base where --base names some

What --gate takes, separated by commas: severities, each with the days that a fix may have been out. "critical=7,high=30" lets critical
findings pass for 7 days and high ones for 30; "high" lets none pass that is high or worse and has a fix; "none" is no gate.

Exit status 1 when an image does not pass; see docs/checks.md for every check.
`;

/** Adds the command to the program. `onNotPassed` is told when an image does not pass. */
export function addCertifyCommand(program: Command, context: CliContext, onNotPassed: () => void): void {
  const command = program
    .command('certify')
    .summary('check whether images are fit to be published')
    .description(
      'Runs the checks of a certification on images, holds their known weaknesses against a gate and grades their health, in one pass over ' +
        'their layers and without a server. Says for every check what was found, why it matters and what to do.',
    )
    .argument('<image...>', 'references; see "plimsoll --help" for the forms')
    .addOption(
      new Option('--policy <name>', 'which checks an image must pass; see below')
        .choices(['auto', 'scratch', ...POLICY_NAMES])
        .default('auto'),
    )
    .addOption(
      new Option('--base <base>', 'an approved base image: a reference, or a file of them (*.json); may be given again')
        .argParser((value: string, before: readonly string[]) => [...before, value])
        .default([], 'none'),
    )
    .option('--name <reference>', 'the name under which it will be published, when that is another one')
    .addOption(
      new Option('-f, --format <format>', 'format of the result')
        .choices(Object.keys(CERTIFICATE_FORMATS))
        .default('table'),
    )
    .option('-o, --output <file>', 'write to a file, whole or not at all; for several images a folder')
    .option('--gate <rules>', 'weaknesses it may not have, such as critical=7,high=30; see below', 'high')
    .addOption(new Option('--min-grade <grade>', 'the health grade that it must have at least').choices([...GRADES]))
    .option('--fail-on <conditions>', 'further findings it may not have; see "plimsoll scan --help"')
    .addOption(
      new Option('--grade-scope <packages>', 'whose weaknesses count for the grade')
        .choices(['distribution', 'everything'])
        .default('distribution'),
    )
    .addOption(
      new Option('--vex <file>', 'what is said of the findings (OpenVEX, CSAF, CycloneDX); may be given again')
        .argParser((path: string, before: readonly string[]) => [...before, path])
        .default([], 'none'),
    )
    .option(
      '--ignore-file <file>',
      'findings that are accepted; default: .plimsollignore.yaml in this folder, if there',
    );
  addMaxAgeOption(addDatabaseOption(command))
    .option('--cache <dir>', 'keep what layers hold in this folder; a layer seen before is not fetched again')
    .option('-q, --quiet', 'no progress, and no warnings')
    .option('--verbose', 'on failure, print the chain of causes');
  addReachOptions(addOnePlatformOption(command))
    .addHelpText('after', EXAMPLES)
    .action(async (images: string[], options: CertifyCommandOptions) => {
      // Other commands need none of what it loads.
      const { runCertify } = await import('./run-certify.ts');
      if (!(await runCertify(images, options, context))) onNotPassed();
    });
}
