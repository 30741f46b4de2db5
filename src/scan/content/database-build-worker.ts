/**
 * Builds the next vulnerability database on a thread of its own: reading a million advisories is minutes of work that must not keep requests
 * waiting, and what it takes of memory is given back with the thread.
 */
import { mkdirSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { SourceId } from '#advisory/sources.ts';
import { type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { startBuild } from '#vulndb/database-build.ts';
import type { DatabaseStatus } from '#vulndb/database-status.ts';
import { FeedClient } from '#vulndb/fetch/feed-client.ts';
import { DEFAULT_SOURCES, updateSources } from '#vulndb/fetch/update-database.ts';
import type { Imported } from '#vulndb/import/import-context.ts';
import { importPath } from '#vulndb/import/import-paths.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';

/** From files that lie on this machine. */
export interface ImportWork {
  readonly kind: 'import';
  readonly paths: readonly string[];
}

/** From the sources, online. */
export interface UpdateWork {
  readonly kind: 'update';
  readonly sources?: readonly SourceId[] | undefined;
  /** Of OSV; all if missing. */
  readonly ecosystems?: readonly string[] | undefined;
  /** Source to the URL of its mirror. */
  readonly mirrors: readonly (readonly [SourceId, string])[];
  /** Variables of proxies, as in the environment. */
  readonly proxy: Readonly<Record<string, string>>;
  readonly tlsVerify: boolean;
  readonly caFile?: string | undefined;
  /** Where downloads that break off are gone on with. */
  readonly downloads: string;
}

/** What the thread is given. `path` is the file to change: a copy of the present database, or nothing yet. */
export interface BuildOrder {
  readonly path: string;
  /** ISO 8601. */
  readonly now: string;
  readonly builtBy: string;
  readonly mayShrink: boolean;
  readonly work: ImportWork | UpdateWork;
}

/** Something that could not be read; the rest was. */
export interface BuildFailure {
  readonly what: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What came of it. */
export interface BuildReport {
  readonly imported: readonly Imported[];
  /** Files of which nobody knows what they are. */
  readonly unknown: readonly string[];
  /** Feeds that have nothing new. */
  readonly unchanged: readonly string[];
  readonly failed: readonly BuildFailure[];
}

/** What the thread says. */
export type FromBuild =
  | { readonly kind: 'done'; readonly report: BuildReport; readonly status: DatabaseStatus }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string };

async function run(order: BuildOrder): Promise<FromBuild> {
  const { path, builtBy, mayShrink, work } = order;
  const now = new Date(order.now);
  // The thread is ended from outside when nobody wants the result any more.
  const { signal } = new AbortController();
  let report: BuildReport;
  {
    using build = startBuild(path, { now, builtBy });
    const context = { build, signal, now, mayShrink };
    report = work.kind === 'import' ? await importAll(work, context) : await updateAll(work, { ...context, builtBy });
    build.finish();
  }
  using database = openDatabase(path);
  return { kind: 'done', report, status: database.status() };
}

type Context = Parameters<typeof importPath>[1];

async function importAll({ paths }: ImportWork, context: Context): Promise<BuildReport> {
  const reports = [];
  for (const path of paths) reports.push(await importPath(path, context));
  const report = {
    imported: reports.flatMap(({ imported }) => imported),
    unknown: reports.flatMap(({ unknown }) => unknown),
    unchanged: [],
    failed: reports.flatMap(({ failed }) => failed.map(({ path, error }) => toFailure(path, error))),
  };
  const [failure] = report.failed;
  if (report.imported.length > 0) return report;
  if (failure !== undefined) throw new PlimsollError(failure.code, failure.message);
  throw new PlimsollError(
    'ADVISORY_INVALID',
    'Nothing was imported: there is no file of advisories that Plimsoll knows',
  );
}

async function updateAll(work: UpdateWork, context: Context & { readonly builtBy: string }): Promise<BuildReport> {
  const { sources = DEFAULT_SOURCES, ecosystems, mirrors, proxy, tlsVerify, caFile, downloads } = work;
  mkdirSync(downloads, { recursive: true });
  await using client = new FeedClient({
    env: proxy,
    tlsVerify,
    caFile,
    userAgent: `plimsoll/${context.builtBy}`,
  });
  const { outcomes, failed } = await updateSources(
    {
      ...context,
      client,
      folder: downloads,
      mirrors: new Map(mirrors.map(([source, url]) => [source, new URL(url)])),
      watcher: {},
      // The file is nobody's before all of it is done.
      saveAfterMs: Number.POSITIVE_INFINITY,
    },
    { sources, ecosystems },
  );
  const [first] = failed;
  if (outcomes.length === 0 && first !== undefined) throw first.error;
  return {
    imported: outcomes.flatMap(outcome => (outcome.kind === 'imported' ? [outcome.imported] : [])),
    unknown: [],
    unchanged: outcomes.flatMap(({ kind, feed }) => (kind === 'unchanged' ? [feed] : [])),
    failed: failed.map(({ feed, error }) => toFailure(feed, error)),
  };
}

function toFailure(what: string, { code, message }: PlimsollError): BuildFailure {
  return { what, code, message };
}

if (parentPort !== null) {
  const port = parentPort;
  try {
    port.postMessage(await run(workerData as BuildOrder));
  } catch (error) {
    const { code, message } = toPlimsollError(error);
    port.postMessage({ kind: 'failed', code, message } satisfies FromBuild);
  }
}
