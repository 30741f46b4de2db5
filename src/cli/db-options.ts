/** Options that every command with a vulnerability database has, and where it is. */
import { homedir } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defaultCacheFolder, defaultDatabasePath, type Machine } from '#vulndb/default-path.ts';
import { DEFAULT_MAX_AGE_DAYS } from '#vulndb/freshness.ts';
import type { CliContext } from './context.ts';

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

/** Adds `--max-age`. */
export function addMaxAgeOption(command: Command): Command {
  return command.addOption(
    new Option('--max-age <days>', 'warn when the vulnerability database is older than this')
      .argParser(toDays)
      .default(DEFAULT_MAX_AGE_DAYS),
  );
}

/** Where the database is. */
export function databasePath(options: DatabaseOptions, context: CliContext): string {
  return options.db ?? defaultDatabasePath(machineOf(context));
}

/** Where downloads are kept. */
export function cacheFolder(context: CliContext): string {
  return defaultCacheFolder(machineOf(context));
}

function machineOf({ env }: CliContext): Machine {
  return { env, platform: process.platform, home: env['HOME'] || homedir() };
}

function toDays(text: string): number {
  const days = Number(text);
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('expected a number of days');
  return days;
}
