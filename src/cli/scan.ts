/** `plimsoll scan IMAGE…`: which known weaknesses are in images, and what to do about them. */
import { type Command, Option } from 'commander';
import { SCAN_FORMATS } from '#report/scan/formats.ts';
import { GROUPINGS } from '#report/scan/scan-report-options.ts';
import type { CliContext } from './context.ts';
import { addDatabaseOption, addMaxAgeOption } from './db-options.ts';
import { addImageOptions } from './image-options.ts';
import type { ScanCommandOptions } from './run-scan.ts';

const EXAMPLES = `
Examples:
  plimsoll scan docker.io/library/alpine:3.20                     what is wrong with an image
  plimsoll scan app:1.0 --fail-on high,fixable                    exit status 1 for what could be fixed and is not
  plimsoll scan app:1.0 --fail-on kev --ignore-unfixed            only what is being exploited and has a fix
  plimsoll scan app:1.0 --format sarif --output app.sarif         for code scanning
  plimsoll scan oci-archive:app.tar --all-platforms --format html --output app.html
  plimsoll scan sbom:app.cdx.json                                 without the image

What --fail-on takes, separated by commas, all of which must hold of one finding:
  critical, high, medium, low, negligible, any   that severity or worse
  fixable                                        it has a fix
  kev                                            it is known to be exploited
  epss=0.5                                       it is exploited with that probability or a higher one
  undetermined                                   besides: something of the image could not be judged at all
`;

/** Adds the command to the program. `onPolicyNotMet` is told when an image has what it may not have. */
export function addScanCommand(program: Command, context: CliContext, onPolicyNotMet: () => void): void {
  const command = program
    .command('scan')
    .summary('find known weaknesses in images')
    .description(
      'Finds known weaknesses in everything installed in images, says what to upgrade first, which layer brought it and what could not be ' +
        'judged. Needs a vulnerability database: see "plimsoll db --help". With sbom:FILE the packages come from a CycloneDX or SPDX document.',
    )
    .argument('<image...>', 'references, or sbom:FILE; see "plimsoll --help" for the forms')
    .addOption(
      new Option('-f, --format <format>', 'format of the result').choices(Object.keys(SCAN_FORMATS)).default('table'),
    )
    .option('-o, --output <file>', 'write to a file, whole or not at all; for several images a folder')
    .option('--severity <list>', 'only findings of these severities: critical,high')
    .option('--ignore-unfixed', 'only findings that have a fix')
    .option('--fail-on <conditions>', 'exit status 1 when a finding meets them: high, medium,fixable, kev; see below')
    .addOption(
      new Option('--vex <file>', 'what is said of the findings (OpenVEX, CSAF, CycloneDX); may be given again')
        .argParser((path: string, before: readonly string[]) => [...before, path])
        .default([], 'none'),
    )
    .option(
      '--vex-from-image',
      'also use the VEX documents that the registry keeps for the image; whoever may push can add some',
    )
    .option(
      '--ignore-file <file>',
      'findings that are accepted; default: .plimsollignore.yaml in this folder, if there',
    )
    .addOption(
      new Option('--group-by <what>', 'how findings are put together for people')
        .choices(GROUPINGS)
        .default('severity'),
    );
  addMaxAgeOption(addDatabaseOption(command))
    .option('--offline', 'never use the network: an image in a registry is refused')
    .option('--cache <dir>', 'keep what layers hold in this folder; a layer seen before is not fetched again')
    .option('-q, --quiet', 'no progress, and no warnings')
    .option('--verbose', 'on failure, print the chain of causes');
  addImageOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (images: string[], options: ScanCommandOptions) => {
      // Other commands need none of what it loads.
      const { runScan } = await import('./run-scan.ts');
      if (!(await runScan(images, options, context))) onPolicyNotMet();
    });
}
