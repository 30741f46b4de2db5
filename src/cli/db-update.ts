/** `plimsoll db update`: advisories from their sources, online. */
import { rmdir } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SourceId } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { startBuild } from '#vulndb/database-build.ts';
import { FeedClient } from '#vulndb/fetch/feed-client.ts';
import { isSourceId, parseMirror, SOURCE_IDS } from '#vulndb/fetch/feed-url.ts';
import { DEFAULT_SOURCES, type UpdateReport, updateSources } from '#vulndb/fetch/update-database.ts';
import type { CliContext } from './context.ts';
import {
  addDatabaseOption,
  addNetworkOptions,
  type DatabaseOptions,
  databasePath,
  isOffline,
  type NetworkOptions,
} from './db-options.ts';
import { summaryLines } from './import-summary.ts';
import { keepHeapSmall } from './small-heap.ts';
import { openTaskProgress, type TaskProgress } from './task-progress.ts';

interface UpdateOptions extends DatabaseOptions, NetworkOptions {
  readonly source?: readonly SourceId[];
  readonly ecosystem?: readonly string[];
  readonly mirror?: readonly (readonly [SourceId, URL])[];
  readonly fresh?: boolean;
  readonly allowFewer?: boolean;
  readonly quiet?: boolean;
}

/** Adds the command to `db`. */
export function addUpdateCommand(db: Command, context: CliContext): void {
  const command = db
    .command('update')
    .summary('fetch what is new from the sources')
    .description(
      'Fetches what is new from the sources of advisories: only what has changed, where a source can tell. A source that fails keeps what was ' +
        'known of it; the others are brought up to date all the same.',
    );
  addDatabaseOption(command)
    .addOption(
      new Option(
        '--source <id>',
        `only this source, may be repeated: ${SOURCE_IDS.join(', ')}; default: all but debian-lists and nvd`,
      ).argParser(collectSource),
    )
    .addOption(
      new Option('--ecosystem <name>', 'only this ecosystem of OSV, as OSV spells it, may be repeated').argParser(
        collect,
      ),
    )
    .addOption(
      new Option('--mirror <source=url>', 'fetch a source from a mirror of it, may be repeated').argParser(
        collectMirror,
      ),
    )
    .option('--fresh', 'begin with an empty database')
    .option('--allow-fewer', 'replace a source even if it has far fewer advisories than before');
  addNetworkOptions(command)
    .option('-q, --quiet', 'no progress, and no summary')
    .option('--verbose', 'on failure, print the chain of causes')
    .action(async (options: UpdateOptions) => {
      await runUpdate(options, context);
    });
}

async function runUpdate(options: UpdateOptions, context: CliContext): Promise<void> {
  if (isOffline(options, context)) {
    throw new PlimsollError(
      'USAGE',
      'Cannot update offline; bring the files here and use "plimsoll db import", or "plimsoll db pull" from a registry at hand',
    );
  }
  const path = databasePath(options, context);
  keepHeapSmall();
  const now = context.now();
  const { tlsVerify, caFile } = options;
  const downloads = `${path}.downloads`;
  let report: UpdateReport;
  {
    using progress = openTaskProgress(context.stderr, { isQuiet: options.quiet ?? false });
    await using client = new FeedClient({
      env: context.env,
      tlsVerify,
      caFile,
      userAgent: `plimsoll/${context.version}`,
    });
    using build = startBuild(path, { now, builtBy: context.version, isFresh: options.fresh ?? false });
    report = await updateSources(
      {
        client,
        build,
        signal: context.signal,
        now,
        mayShrink: options.allowFewer ?? false,
        folder: downloads,
        mirrors: new Map(options.mirror ?? []),
        watcher: toWatcher(progress),
      },
      { sources: options.source ?? DEFAULT_SOURCES, ecosystems: options.ecosystem },
    );
    if (report.outcomes.some(({ kind }) => kind !== 'missing')) {
      progress.start(`writing ${path}`);
      build.finish();
    }
    // What is left in it is the beginning of what broke off, to go on with next time.
    await rmdir(downloads).catch(() => undefined);
  }
  tell(report, path, options, context);
}

function toWatcher(progress: TaskProgress) {
  return {
    onFeed: (name: string) => progress.start(name),
    onTotal: (bytes: number) => progress.expect(bytes),
    onBytes: (bytes: number) => progress.advance(bytes),
  };
}

function tell({ outcomes, failed }: UpdateReport, path: string, { quiet }: UpdateOptions, context: CliContext): void {
  const [last] = failed.slice(-1);
  for (const { error } of failed.slice(0, -1)) {
    context.stderr.write(`plimsoll: ${printable(error.message, 2000)} (${error.code})\n`);
  }
  if (!quiet) {
    const imported = outcomes.flatMap(outcome => (outcome.kind === 'imported' ? [outcome.imported] : []));
    const unchanged = outcomes.filter(({ kind }) => kind === 'unchanged').length;
    const lines = [
      ...summaryLines(imported),
      ...(unchanged === 0 ? [] : [`${unchanged} feed(s) have nothing new`]),
      ...(outcomes.length === 0 ? [] : [`written to ${printable(path)}`]),
    ];
    if (lines.length > 0) context.stdout.write(`${lines.join('\n')}\n`);
  }
  // What could be fetched is in the database; the exit status says that something could not.
  if (last !== undefined) throw last.error;
  if (outcomes.every(({ kind }) => kind === 'missing')) {
    throw new PlimsollError('FEED_INVALID', 'Nothing was fetched: the sources have none of the feeds asked for');
  }
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function collectSource(text: string, before: readonly SourceId[] = []): readonly SourceId[] {
  if (!isSourceId(text)) throw new InvalidArgumentError(`expected one of ${SOURCE_IDS.join(', ')}`);
  return [...before, text];
}

function collectMirror(
  text: string,
  before: readonly (readonly [SourceId, URL])[] = [],
): readonly (readonly [SourceId, URL])[] {
  try {
    return [...before, parseMirror(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : '');
  }
}
