/**
 * Options that every command which opens images has, and opening images with them.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PlimsollError } from '#base/errors.ts';
import {
  type OpenedImages,
  type OpenReferenceOptions,
  openReferencedImage,
  openReferencedImages,
} from '#image/open-reference.ts';
import type { RegistryClientOptions } from '#image/registry/client.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { type Platform, parsePlatform } from '#oci/platform.ts';
import { parseReference } from '#oci/reference.ts';
import type { CliContext } from './context.ts';

/** As commander hands them over. */
export interface ImageOptions {
  readonly platform?: Platform;
  readonly allPlatforms?: boolean;
  readonly authfile?: string;
  readonly tlsVerify: boolean;
  readonly caFile?: string;
  readonly wholeLayers?: boolean;
}

/** Adds the options to a command. */
export function addImageOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        '--platform <os/arch>',
        'which image of a multi-platform one; default: linux on this machine’s architecture',
      )
        .argParser(toPlatformArgument)
        .conflicts('allPlatforms'),
    )
    .option('--all-platforms', 'every image of a multi-platform one');
  return addReachOptions(command);
}

/** Adds `--platform` for a command that takes every platform without it. */
export function addOnePlatformOption(command: Command): Command {
  return command.addOption(
    new Option('--platform <os/arch>', 'this image alone of a multi-platform one; default: all of them').argParser(
      toPlatformArgument,
    ),
  );
}

/** Adds the options by which images are reached and read, without those that choose among platforms. */
export function addReachOptions(command: Command): Command {
  return command
    .option(
      '--authfile <file>',
      'credentials as podman login --authfile writes them; default: those of podman and docker login',
    )
    .addOption(
      new Option('--tls-verify <bool>', 'false: accept any certificate of the registry, and plain HTTP')
        .argParser(toBoolean)
        .default(true, 'true'),
    )
    .option('--ca-file <file>', 'certificates (PEM) to trust besides the system’s')
    .option('--whole-layers', 'never read a layer by parts, even where its format allows it');
}

/** Opens the image of a reference, or with `--all-platforms` every image. Closing the result closes them all. */
export async function openImages(text: string, options: ImageOptions, context: CliContext): Promise<OpenedImages> {
  const reference = parseReference(text);
  const { env, signal } = context;
  const open: OpenReferenceOptions = {
    registry: registryOptions(options, context),
    dockerHost: env['DOCKER_HOST'],
    signal,
  };
  if (options.allPlatforms) return await openReferencedImages(reference, open);
  const image = await openReferencedImage(reference, { ...open, platform: options.platform });
  return { images: [image], [Symbol.asyncDispose]: () => image[Symbol.asyncDispose]() };
}

/** How to reach registries by these options. */
export function registryOptions(options: ImageOptions, { env }: CliContext): RegistryClientOptions {
  return {
    credentials: openCredentialStore({ authFile: options.authfile, env }),
    tlsVerify: options.tlsVerify,
    caFile: options.caFile,
    env,
  };
}

function toPlatformArgument(text: string): Platform {
  try {
    return parsePlatform(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof PlimsollError ? error.message : String(error));
  }
}

/** `true` or `false` on the command line. @throws {InvalidArgumentError} for anything else. */
export function toBoolean(text: string): boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  throw new InvalidArgumentError('expected true or false');
}

/** An option that takes `true` or `false`. */
export function booleanOption(flags: string, description: string): Option {
  return new Option(flags, `true or false: ${description}`).argParser(toBoolean);
}
