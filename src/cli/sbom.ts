/** `plimsoll sbom IMAGE…`: what is installed in images, in any format. */
import { type Command, Option } from 'commander';
import { printable } from '#base/text.ts';
import type { Image } from '#image/image.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { FORMATS, type FormatName } from '#report/formats.ts';
import { openLayerCache } from '#scan/layer-cache.ts';
import { LayerPool } from '#scan/layer-pool.ts';
import { type ScanOptions, scanImage } from '#scan/scan-image.ts';
import { type CliContext, hasColors } from './context.ts';
import { addImageOptions, type ImageOptions, openImages } from './image-options.ts';
import { openProgress, type Progress } from './progress.ts';
import { writeDocuments } from './write-output.ts';

interface SbomOptions extends ImageOptions {
  readonly format: FormatName;
  readonly output?: string;
  readonly cache?: string;
  readonly quiet?: boolean;
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
  const cache = options.cache === undefined ? undefined : await openLayerCache(options.cache);
  const progress = openProgress(context.stderr, { isQuiet: options.quiet ?? false });
  const inventories: Inventory[] = [];
  const allowsParts = options.wholeLayers !== true;
  try {
    await using pool = new LayerPool();
    for (const reference of references) {
      await using opened = await openImages(reference, options, context);
      for (const image of opened.images) {
        const isLast = reference === references.at(-1) && image === opened.images.at(-1);
        const onLayersRead = isLast ? () => pool[Symbol.asyncDispose]() : undefined;
        inventories.push(
          await scanOne(image, progress, { signal: context.signal, cache, pool, allowsParts, onLayersRead }),
        );
      }
    }
  } finally {
    progress.end();
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
  if (options.format !== 'table' && !options.quiet) warnOfGaps(inventories, context);
  await writeDocuments(documents, {
    format: options.format,
    extension,
    output: options.output,
    stdout: context.stdout,
  });
}

/** The table shows gaps, and some formats have no place for them: whoever looks at the terminal should know. */
function warnOfGaps(inventories: readonly Inventory[], context: CliContext): void {
  for (const { image, gaps } of inventories) {
    const [first] = gaps;
    if (first === undefined) continue;
    const where = first.path === undefined ? '' : ` ("${printable(first.path)}")`;
    context.stderr.write(
      `plimsoll: ${gaps.length} part(s) of ${printable(image.reference)} could not be read, so packages may be missing: ${printable(first.reason)}${where}\n`,
    );
  }
}

async function scanOne(image: Image, progress: Progress, options: Omit<ScanOptions, 'progress'>): Promise<Inventory> {
  const layers = image.layers.flatMap(layer => (layer.kind === 'tar' ? [layer] : []));
  const totalBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  progress.startImage(image.reference, layers.length, totalBytes);
  return await scanImage(image, {
    ...options,
    progress: {
      startLayer: () => progress.startLayer(),
      advance: (_, bytes) => progress.advance(bytes),
      endLayer: () => progress.endLayer(),
    },
  });
}

function documentName(inventory: Inventory): string {
  const { reference, platform } = inventory.image;
  const suffix = platform === undefined ? '' : `-${platform.os}-${platform.architecture}${platform.variant ?? ''}`;
  return `${reference.replace(/[^A-Za-z0-9._-]+/g, '_').slice(-150)}${suffix}`;
}
