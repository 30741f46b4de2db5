/** `plimsoll sbom IMAGE…`: what is installed in images, in any format. */
import { type Command, Option } from 'commander';
import type { Inventory } from '#inventory/inventory.ts';
import { FORMATS, type FormatName } from '#report/formats.ts';
import { type CliContext, hasColors } from './context.ts';
import { documentName, type InventoryOptions, openInventoryReader, warnOfGaps } from './image-inventories.ts';
import { addImageOptions } from './image-options.ts';
import { joinTexts, writeDocuments } from './write-output.ts';

interface SbomOptions extends InventoryOptions {
  readonly format: FormatName;
  readonly output?: string;
}

/** Adds the command to the program. */
export function addSbomCommand(program: Command, context: CliContext): void {
  const command = program
    .command('sbom')
    .summary('list everything installed in images')
    .description(
      'Lists everything installed in images: packages of the distribution and of every language, programs without a package manager, ' +
        'with the layer and instruction that brought each. Layers are streamed once and never unpacked.',
    )
    .argument('<image...>', 'references; see "plimsoll --help" for the forms')
    .addOption(
      new Option('-f, --format <format>', 'format of the result').choices(Object.keys(FORMATS)).default('table'),
    )
    .option('-o, --output <file>', 'write to a file, whole or not at all; for several images a folder')
    .option('--cache <dir>', 'keep what layers hold in this folder; a layer seen before is not fetched again')
    .option('-q, --quiet', 'no progress')
    .option('--verbose', 'on failure, print the chain of causes');
  addImageOptions(command).action(async (images: string[], options: SbomOptions) => {
    await runSbom(images, options, context);
  });
}

async function runSbom(references: readonly string[], options: SbomOptions, context: CliContext): Promise<void> {
  const inventories: Inventory[] = [];
  {
    await using reader = await openInventoryReader(options, context);
    for (const [at, reference] of references.entries()) {
      const isLast = at === references.length - 1;
      for await (const inventory of reader.read(reference, { isLast })) inventories.push(inventory);
    }
  }
  const { load, extension } = FORMATS[options.format];
  const render = await load();
  const isTerminal = options.output === undefined && context.stdout.isTTY === true;
  const report = {
    createdAt: context.now(),
    toolVersion: context.version,
    hasColors: options.output === undefined && hasColors(context),
    ...(isTerminal && context.stdout.columns !== undefined ? { columns: context.stdout.columns } : {}),
  };
  const documents = inventories.map(inventory => ({ name: documentName(inventory), text: render(inventory, report) }));
  // The table shows gaps, and some formats have no place for them: whoever looks at the terminal should know.
  if (options.format !== 'table' && !options.quiet) warnOfGaps(inventories, context);
  await writeDocuments(
    documents.map(({ name, text }) => ({ name, text: () => text })),
    {
      join: () =>
        joinTexts(
          documents.map(({ text }) => text),
          options.format,
        ),
      extension,
      output: options.output,
      stdout: context.stdout,
    },
  );
}
