/** Approved base images as the command line names them: references, whose layers are looked up, and files of a catalogue. */
import type { BaseImage } from '#certification/base-image.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { CliContext } from './context.ts';
import { type ImageOptions, openImages } from './image-options.ts';
import { readInput } from './read-input.ts';

/** A base image; of a reference for one platform. */
export type PlatformBase = BaseImage & { readonly platform?: string };

/** A catalogue of all versions of a few base images has some thousand. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** The bases that `--base` names. No layer is read. @throws {PlimsollError} `BASES_INVALID`, and what opening an image throws. */
export async function readBases(
  values: readonly string[],
  options: ImageOptions,
  context: CliContext,
): Promise<readonly PlatformBase[]> {
  const bases: PlatformBase[] = [];
  for (const value of values) {
    if (value.endsWith('.json')) bases.push(...(await readFile(value, context)));
    else bases.push(...(await readReference(value, options, context)));
  }
  return bases;
}

async function readFile(path: string, { signal }: CliContext): Promise<readonly BaseImage[]> {
  const { parseBaseCatalogue } = await import('#certification/base-catalogue.ts');
  return parseBaseCatalogue(await readInput(path, { what: 'base images', maxBytes: MAX_FILE_BYTES, signal }), path);
}

async function readReference(
  reference: string,
  options: ImageOptions,
  context: CliContext,
): Promise<readonly PlatformBase[]> {
  await using opened = await openImages(reference, { ...options, allPlatforms: true }, context);
  return opened.images.flatMap(image => {
    const layers = image.config?.diffIds ?? [];
    if (layers.length === 0) return [];
    return [
      {
        name: image.reference,
        layers,
        isApproved: true,
        ...(image.digest === undefined ? {} : { digest: image.digest }),
        ...(image.platform === undefined ? {} : { platform: formatPlatform(image.platform) }),
      },
    ];
  });
}
