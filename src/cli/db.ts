/** `plimsoll db`: the vulnerability database, made, moved and asked. */
import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { addImportCommand } from './db-import.ts';
import { addShowCommand } from './db-show.ts';
import { addStatusCommand } from './db-status.ts';
import { addExportCommand, addPullCommand } from './db-transfer.ts';
import { addUpdateCommand } from './db-update.ts';

/** Adds `db` and its commands to the program. */
export function addDbCommands(program: Command, context: CliContext): void {
  const db = program
    .command('db')
    .summary('get, look into and pass on the vulnerability database')
    .description(
      'The vulnerability database: one file that holds what the sources publish. It is replaced as a whole, so whoever is reading it goes on ' +
        'with what was there.',
    );
  addUpdateCommand(db, context);
  addImportCommand(db, context);
  addStatusCommand(db, context);
  addShowCommand(db, context);
  addExportCommand(db, context);
  addPullCommand(db, context);
}
