/** `plimsoll db status`: how old the vulnerability database is, and what is in it. */
import { type Command, Option } from 'commander';
import picocolors from 'picocolors';
import { formatBytes } from '#base/byte-size.ts';
import { printable } from '#base/text.ts';
import { padText, textWidth } from '#report/text-columns.ts';
import type { CoveredEcosystem, DatabaseStatus, Part } from '#vulndb/database-status.ts';
import { type Freshness, freshnessOf } from '#vulndb/freshness.ts';
import { partLabel } from '#vulndb/import/part-label.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';
import { type CliContext, hasColors } from './context.ts';
import {
  addDatabaseOption,
  addMaxAgeOption,
  type DatabaseOptions,
  databasePath,
  type MaxAgeOptions,
  maxAgeOf,
} from './db-options.ts';

interface StatusOptions extends DatabaseOptions, MaxAgeOptions {
  readonly format: 'table' | 'json';
}

/** Adds the command to `db`. */
export function addStatusCommand(db: Command, context: CliContext): void {
  const command = db
    .command('status')
    .summary('say how old the database is, and what is in it')
    .description(
      'Says how old the vulnerability database is, which sources and ecosystems are in it, and what of them was left out.',
    );
  addMaxAgeOption(addDatabaseOption(command))
    .addOption(new Option('-f, --format <format>', 'format of the result').choices(['table', 'json']).default('table'))
    .option('--verbose', 'on failure, print the chain of causes')
    .action((options: StatusOptions) => runStatus(options, context));
}

function runStatus(options: StatusOptions, context: CliContext): void {
  using database = openDatabase(databasePath(options, context));
  const status = database.status();
  const ecosystems = database.ecosystems();
  const maxAgeDays = maxAgeOf(options);
  const freshness = freshnessOf(status, context.now(), maxAgeDays);
  const text =
    options.format === 'json'
      ? `${JSON.stringify(toDocument(status, ecosystems, freshness), null, 2)}\n`
      : toTable(status, ecosystems, hasColors(context));
  context.stdout.write(text);
  for (const warning of warningsOf(freshness, maxAgeDays)) context.stderr.write(`plimsoll: ${warning}\n`);
}

/** What to tell whoever relies on a database that is old; empty when it is fresh. */
export function warningsOf({ ageDays, isStale, staleParts }: Freshness, maxAgeDays: number): readonly string[] {
  const warnings: string[] = [];
  if (isStale) {
    warnings.push(
      `the vulnerability database is ${ageDays} days old, over the ${maxAgeDays} allowed; renew it with "plimsoll db update"`,
    );
  }
  const [oldest, ...others] = staleParts;
  if (oldest !== undefined) {
    const age = Number.isFinite(oldest.ageDays) ? `${oldest.ageDays} days old` : 'of unknown age';
    const more = others.length === 0 ? '' : `, and ${others.length} more are older than ${maxAgeDays} days`;
    warnings.push(`what is known from ${printable(partLabel(oldest))} is ${age}${more}`);
  }
  return warnings;
}

function toDocument(status: DatabaseStatus, ecosystems: readonly CoveredEcosystem[], freshness: Freshness): object {
  const { ageDays, isStale, staleParts } = freshness;
  return {
    schema: 'plimsoll/db-status/1',
    ...status,
    ageDays,
    isStale,
    staleParts: staleParts.map(({ source, name, ageDays: days }) => ({
      source,
      name,
      ageDays: Number.isFinite(days) ? days : null,
    })),
    ecosystems,
  };
}

function toTable(status: DatabaseStatus, ecosystems: readonly CoveredEcosystem[], isColored: boolean): string {
  const colors = picocolors.createColors(isColored);
  const fact = (label: string, text: string) => `${colors.dim(padText(label, 12))}${text}`;
  const records = ecosystems.reduce((sum, one) => sum + one.records, 0);
  const lines = [
    fact('Database', printable(status.path, 4096)),
    fact('Built', `${status.builtAt.slice(0, 16).replace('T', ' ')} UTC by Plimsoll ${printable(status.builtBy)}`),
    fact('Size', formatBytes(status.sizeBytes)),
    fact('Advisories', status.advisories.toLocaleString('en')),
    fact('Ecosystems', `${ecosystems.length}, with ${records.toLocaleString('en')} statements about packages`),
    '',
    ...columns(
      ['SOURCE', 'AS OF', 'ADVISORIES', 'SKIPPED', 'ORIGIN'],
      status.parts.map(part => partRow(part)),
      colors.dim,
    ),
    '',
    ...columns(
      ['ECOSYSTEM', 'DECIDED BY', 'PACKAGES', 'STATEMENTS'],
      ecosystems.map(({ name, source, packages, records: count }) => [
        printable(name),
        printable(source ?? 'all sources'),
        packages.toLocaleString('en'),
        count.toLocaleString('en'),
      ]),
      colors.dim,
    ),
  ];
  return `${lines.join('\n')}\n`.toWellFormed();
}

function partRow(part: Part): readonly string[] {
  const { asOf, advisories, counts, origin } = part;
  return [
    printable(partLabel(part)),
    asOf.slice(0, 10),
    advisories.toLocaleString('en'),
    (counts.read - counts.kept).toLocaleString('en'),
    printable(origin, 4096),
  ];
}

/** Lines of columns, numbers to the right. */
function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  dim: (text: string) => string,
): readonly string[] {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map(row => textWidth(row[at] ?? ''))));
  const isNumber = head.map((_, at) => rows.every(row => /^[\d,]+$/.test(row[at] ?? '')));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        return isNumber[at] ? cell.padStart(width) : padText(cell, width);
      })
      .join('  ')
      .trimEnd();
  return [dim(line(head)), ...rows.map(line)];
}
