/** `plimsoll db import PATH…`: advisories from files, without internet. */
import type { Command } from 'commander';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { startBuild } from '#vulndb/database-build.ts';
import { type ImportReport, importPath } from '#vulndb/import/import-paths.ts';
import type { CliContext } from './context.ts';
import { addDatabaseOption, type DatabaseOptions, databasePath } from './db-options.ts';
import { summaryLines } from './import-summary.ts';
import { keepHeapSmall } from './small-heap.ts';
import { openTaskProgress } from './task-progress.ts';

interface ImportOptions extends DatabaseOptions {
  readonly fresh?: boolean;
  readonly allowFewer?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to `db`. */
export function addImportCommand(db: Command, context: CliContext): void {
  const command = db
    .command('import')
    .summary('read advisories from files and folders')
    .description(
      'Reads advisories from files and folders, without internet: archives and records of OSV, the Debian tracker and lists, security databases ' +
        'of Alpine’s form, VEX of Red Hat, updateinfo of Amazon, OVAL of Oracle, NVD, CISA’s catalogue of known exploited vulnerabilities, EPSS. Each ' +
        'is known by what is in it, whatever it is called. What is imported replaces what was known of the same source and ecosystem.',
    )
    .argument('<path...>', 'files, and folders of them in any layout');
  addDatabaseOption(command)
    .option('--fresh', 'begin with an empty database')
    .option('--allow-fewer', 'replace a source even if it has far fewer advisories than before')
    .option('-q, --quiet', 'no progress, and no summary')
    .option('--verbose', 'on failure, print the chain of causes')
    .action(async (paths: string[], options: ImportOptions) => {
      await runImport(paths, options, context);
    });
}

async function runImport(paths: readonly string[], options: ImportOptions, context: CliContext): Promise<void> {
  const path = databasePath(options, context);
  keepHeapSmall();
  const now = context.now();
  const reports: ImportReport[] = [];
  {
    using progress = openTaskProgress(context.stderr, { isQuiet: options.quiet ?? false });
    using build = startBuild(path, { now, builtBy: context.version, isFresh: options.fresh ?? false });
    const run = { build, now, signal: context.signal, mayShrink: options.allowFewer ?? false };
    for (const from of paths) {
      progress.start(from);
      reports.push(
        await importPath(
          from,
          { ...run, onBytes: bytes => progress.advance(bytes) },
          { onFile: (file, sizeBytes) => progress.start(file, sizeBytes) },
        ),
      );
    }
    if (reports.every(({ imported }) => imported.length === 0)) throw nothingImported(paths, reports);
    progress.start(`writing ${path}`);
    build.finish();
  }
  tell(reports, path, options, context);
  const [failure] = reports.flatMap(({ failed }) => failed);
  // What could be read is in the database; the exit status says that something could not.
  if (failure !== undefined) throw failure.error;
}

function tell(reports: readonly ImportReport[], path: string, { quiet }: ImportOptions, context: CliContext): void {
  const warn = (text: string) => context.stderr.write(`plimsoll: ${text}\n`);
  const [, ...others] = reports.flatMap(({ failed }) => failed);
  for (const { error } of others) warn(`${printable(error.message, 2000)} (${error.code})`);
  const unknown = reports.flatMap(report => report.unknown);
  const [first] = unknown;
  if (first !== undefined) {
    const more = unknown.length === 1 ? '' : ` and ${unknown.length - 1} more`;
    warn(`not recognised, and left out: ${printable(first)}${more}`);
  }
  if (quiet) return;
  const lines = [...summaryLines(reports.flatMap(({ imported }) => imported)), `written to ${printable(path)}`];
  context.stdout.write(`${lines.join('\n')}\n`);
}

function nothingImported(paths: readonly string[], reports: readonly ImportReport[]): PlimsollError {
  const [failure] = reports.flatMap(({ failed }) => failed);
  if (failure !== undefined) return failure.error;
  const where = paths.map(path => `"${printable(path)}"`).join(', ');
  return new PlimsollError(
    'ADVISORY_INVALID',
    `Cannot import ${where}: there is no file of advisories that Plimsoll knows`,
  );
}
