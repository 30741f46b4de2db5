/** `plimsoll serve`: the server. */
import { type Command, Option } from 'commander';
import { PlimsollError } from '#base/errors.ts';
import { collectSettings, printSettings, readSettings, type SettingTexts } from '#base/server-settings.ts';
import { SERVER_SETTINGS, type SettingName } from '#base/settings-table.ts';
import type { CliContext } from './context.ts';

/** Adds the command to the program. */
export function addServeCommand(program: Command, context: CliContext): void {
  const command = program
    .command('serve')
    .summary('run the server: registries, scan jobs, API')
    .description(
      'Runs the server: it watches registries, scans their images on demand and by schedule, judges them again when advisories change, and ' +
        'answers by API. Without a database of its own it uses one embedded in the data folder.',
    );
  for (const row of Object.values(SERVER_SETTINGS)) {
    const fallback = 'fallback' in row ? ` (default: ${row.fallback})` : '';
    command.addOption(new Option(`--${row.flag} <${row.value}>`, `${row.meaning}${fallback} [$${row.env}]`));
  }
  command
    .option('--print-config', 'print the settings in effect, secrets masked, and end')
    .option('--verbose', 'on failure, print the chain of causes')
    .action(async (options: Record<string, string | boolean>) => {
      const texts = collectSettings(toTexts(options), context.env);
      const settings = readSettings(texts);
      if (options['printConfig'] === true) {
        context.stdout.write(printSettings(texts));
        return;
      }
      if (context.serve === undefined) throw new PlimsollError('BUG', 'This program was put together without a server');
      await context.serve(settings);
    });
}

/** Flags by the names of settings; commander names them by the flag. */
function toTexts(options: Readonly<Record<string, string | boolean>>): SettingTexts {
  const texts: Partial<Record<SettingName, string>> = {};
  for (const [name, { flag }] of Object.entries(SERVER_SETTINGS) as [SettingName, { flag: string }][]) {
    const value = options[flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    if (typeof value === 'string') texts[name] = value;
  }
  return texts;
}
