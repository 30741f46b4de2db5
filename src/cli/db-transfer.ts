/** `plimsoll db export` and `plimsoll db pull`: the database as an artifact, for sites that mirror it like an image. */
import type { Command } from 'commander';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { RegistryClient } from '#image/registry/client.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { exportDatabase } from '#vulndb/artifact/export-database.ts';
import { type ArtifactPlace, parsePlace } from '#vulndb/artifact/place.ts';
import { pullDatabase } from '#vulndb/artifact/pull-database.ts';
import type { CliContext } from './context.ts';
import {
  addDatabaseOption,
  addNetworkOptions,
  type DatabaseOptions,
  databasePath,
  isOffline,
  type NetworkOptions,
} from './db-options.ts';
import { openTaskProgress } from './task-progress.ts';

interface TransferOptions extends DatabaseOptions, NetworkOptions {
  readonly authfile?: string;
  readonly quiet?: boolean;
}

const PLACES =
  'a reference in a registry, oci:DIR[:TAG], oci-archive:FILE[:TAG], or the path of a file, which is an OCI archive';

/** Adds `export` to `db`. */
export function addExportCommand(db: Command, context: CliContext): void {
  const command = db
    .command('export')
    .summary('put the database into a registry or a file')
    .description(
      'Puts the vulnerability database into a registry, an OCI layout or a file, from where "plimsoll db pull" takes it.',
    )
    .argument('<target>', PLACES);
  addTransferOptions(command).action(async (target: string, options: TransferOptions) => {
    const place = placeFor(target, options, context);
    const path = databasePath(options, context);
    using progress = openTaskProgress(context.stderr, { isQuiet: options.quiet ?? false });
    progress.start(`exporting ${path}`);
    await using client = clientFor(options, context);
    const digest = await exportDatabase(path, place, {
      client,
      signal: context.signal,
      onBytes: bytes => progress.advance(bytes),
    });
    progress.end();
    if (!options.quiet) context.stdout.write(`exported to ${printable(target, 4096)}\n${digest}\n`);
  });
}

/** Adds `pull` to `db`. */
export function addPullCommand(db: Command, context: CliContext): void {
  const command = db
    .command('pull')
    .summary('take the database from a registry or a file')
    .description(
      'Takes the vulnerability database from where "plimsoll db export" put it. Every byte is checked, and the file opened, before it takes ' +
        'the place of the one that is there.',
    )
    .argument('<source>', PLACES);
  addTransferOptions(command).action(async (source: string, options: TransferOptions) => {
    const place = placeFor(source, options, context);
    const path = databasePath(options, context);
    using progress = openTaskProgress(context.stderr, { isQuiet: options.quiet ?? false });
    progress.start(`pulling ${source}`);
    await using client = clientFor(options, context);
    const { builtAt, advisories } = await pullDatabase(place, path, {
      client,
      signal: context.signal,
      now: context.now(),
      onTotal: bytes => progress.expect(bytes),
      onBytes: bytes => progress.advance(bytes),
    });
    progress.end();
    if (options.quiet) return;
    const count = advisories.toLocaleString('en');
    context.stdout.write(
      `${count} advisories, built ${builtAt.slice(0, 16).replace('T', ' ')} UTC\nwritten to ${printable(path, 4096)}\n`,
    );
  });
}

function addTransferOptions(command: Command): Command {
  return addNetworkOptions(
    addDatabaseOption(command).option(
      '--authfile <file>',
      'credentials as podman login --authfile writes them; default: those of podman and docker login',
    ),
  )
    .option('-q, --quiet', 'no progress, and no summary')
    .option('--verbose', 'on failure, print the chain of causes');
}

function placeFor(text: string, options: TransferOptions, context: CliContext): ArtifactPlace {
  const place = parsePlace(text);
  if (place.transport === 'docker' && isOffline(options, context)) {
    throw new PlimsollError('USAGE', `Cannot reach "${printable(text)}" offline; use a file or an OCI layout`);
  }
  return place;
}

function clientFor({ authfile, tlsVerify, caFile }: TransferOptions, { env, version }: CliContext): RegistryClient {
  const credentials = openCredentialStore({ authFile: authfile, env });
  return new RegistryClient({ credentials, tlsVerify, caFile, env, userAgent: `plimsoll/${version}` });
}
