/**
 * docs/configuration.md, made of the table of settings. Run as a script it writes the page:
 * `node --conditions=plimsoll-source src/base/settings-page.ts`.
 */
import { writeFileSync } from 'node:fs';
import { SERVER_SETTINGS } from './settings-table.ts';

/** The page. */
export function settingsPage(): string {
  const rows = Object.values(SERVER_SETTINGS).map(row => [
    `\`${row.env}\``,
    `\`--${row.flag}\``,
    'fallback' in row ? `\`${row.fallback}\`` : '',
    `${row.meaning}${'isSecret' in row ? '. Secret: better in the environment than on a command line' : ''}`,
  ]);
  const table = [['variable', 'flag', 'default', 'meaning'], ...rows];
  const widths = [0, 1, 2, 3].map(at => Math.max(...table.map(row => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = table;
  const rule = `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`;
  return `<!-- Written by src/base/settings-page.ts from the table in src/base/settings-table.ts. Change that, then run the script. -->

# Configuration

\`plimsoll serve\` takes its settings from flags, then from the environment, then from the defaults. \`plimsoll serve --print-config\` prints what
is in effect, secrets masked.

${[line(head), rule, ...body.map(line)].join('\n')}
`;
}

if (import.meta.main) {
  writeFileSync(new URL('../../docs/configuration.md', import.meta.url), settingsPage());
}
