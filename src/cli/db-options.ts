/** Options that every command with a vulnerability database has, and where it is. */
import { homedir } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultDatabasePath } from '#vulndb/default-path.ts';
import { DEFAULT_MAX_AGE_DAYS } from '#vulndb/freshness.ts';
import type { CliContext } from './context.ts';
import { toBoolean } from './image-options.ts';

/** As commander hands them over. */
export interface DatabaseOptions {
  readonly db?: string;
}

/** Adds `--db`. */
export function addDatabaseOption(command: Command): Command {
  return command.option(
    '--db <file>',
    'the vulnerability database; default: $PLIMSOLL_DB, else vulnerability.db in the user’s data folder',
  );
}

/** How to reach other machines. */
export interface NetworkOptions {
  readonly tlsVerify: boolean;
  readonly caFile?: string;
  readonly offline?: boolean;
}

/** Adds `--offline`, `--tls-verify` and `--ca-file`. */
export function addNetworkOptions(command: Command): Command {
  return command
    .option('--offline', 'reach no other machine; also when $PLIMSOLL_OFFLINE is set')
    .addOption(
      new Option('--tls-verify <bool>', 'false: accept any certificate, and of a registry plain HTTP')
        .argParser(toBoolean)
        .default(true, 'true'),
    )
    .option('--ca-file <file>', 'certificates (PEM) to trust besides the system’s');
}

/** Whether no other machine may be reached. */
export function isOffline(options: NetworkOptions, { env }: CliContext): boolean {
  return options.offline === true || Boolean(env['PLIMSOLL_OFFLINE']);
}

/** As commander hands them over. */
export interface MaxAgeOptions {
  readonly maxDbAge: number;
  readonly maxAge?: number;
}

/** Adds `--max-db-age`, and `--max-age` as it was called once. */
export function addMaxAgeOption(command: Command): Command {
  return command
    .addOption(
      new Option('--max-db-age <days>', 'warn when the vulnerability database is older than this')
        .argParser(toDays)
        .default(DEFAULT_MAX_AGE_DAYS),
    )
    .addOption(new Option('--max-age <days>').argParser(toDays).hideHelp());
}

/** The age from which on to warn, in days. */
export function maxAgeOf({ maxAge, maxDbAge }: MaxAgeOptions): number {
  return maxAge ?? maxDbAge;
}

/** Where the database is. */
export function databasePath(options: DatabaseOptions, context: CliContext): string {
  const { env } = context;
  return options.db ?? defaultDatabasePath({ env, platform: process.platform, home: env['HOME'] || homedir() });
}

/** Reads a number of days as an argument. */
function toDays(text: string): number {
  const days = Number(text);
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('expected a number of days');
  return days;
}
