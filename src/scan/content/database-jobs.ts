/**
 * New versions of the vulnerability database: built from the newest one there is, registered, and then judged by.
 */
import { constants } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { Db } from '#store/database.ts';
import {
  type DatabaseVersion,
  failOldLoading,
  findCurrentVersion,
  findNewestVersion,
  findVersionStatus,
  lockVersions,
  moveVersion,
  registerVersion,
} from '#store/database-version.ts';
import { recordEvents } from '#store/event.ts';
import { findLastRematches, type RematchRow } from '#store/rematch.ts';
import { inTransaction } from '#store/transaction.ts';
import type { DatabaseStatus } from '#vulndb/database-status.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';
import type { ContentContext } from './content-context.ts';
import type { BuildOrder, BuildReport, FromBuild, ImportWork, UpdateWork } from './database-build-worker.ts';
import { databasePath, describeFile, keepFile, uploadFile, workPath } from './database-file.ts';

/** What every change of the database is given. */
export interface ChangeOptions {
  readonly signal: AbortSignal;
  /** Version of Plimsoll. */
  readonly builtBy: string;
  /** Whether a source may have far fewer advisories than it had, which otherwise is taken for a mistake. */
  readonly mayShrink?: boolean | undefined;
}

/** How sources are reached. */
export type UpdateOptions = ChangeOptions & Omit<UpdateWork, 'kind' | 'downloads'>;

/** A change that was made: packages are being judged by it. */
export interface ChangedDatabase {
  readonly version: DatabaseVersion;
  readonly report: BuildReport;
}

/** Somebody else changed the database meanwhile so often: then he may. */
const MAX_ATTEMPTS = 3;
/** Memory of the thread; the largest feed that is read as a whole, the Debian tracker, takes 500 MB. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 2048 };

/**
 * Imports advisories from files and folders on this machine into the next version. What cannot be read is told; what can is taken over.
 * @throws {PlimsollError} `ADVISORY_INVALID` when nothing could be read, `DATABASE_BUSY`, `FILE_UNKNOWN`, `CANCELLED`, …
 */
export async function importDatabase(
  context: ContentContext,
  paths: readonly string[],
  options: ChangeOptions,
): Promise<ChangedDatabase> {
  return await changeDatabase(context, { kind: 'import', paths }, options);
}

/**
 * Asks the sources for what is new. A source that fails keeps what was known of it.
 * @throws {PlimsollError} `FEED_UNAVAILABLE`, … when no source could be had; `DATABASE_BUSY`, `CANCELLED`.
 */
export async function updateDatabase(context: ContentContext, options: UpdateOptions): Promise<ChangedDatabase> {
  const { sources, ecosystems, mirrors, proxy, tlsVerify, caFile, ...change } = options;
  const downloads = join(context.vulnerabilities.folder, 'downloads');
  const work = { kind: 'update', sources, ecosystems, mirrors, proxy, tlsVerify, caFile, downloads } as const;
  return await changeDatabase(context, work, change);
}

/**
 * Takes over a database that somebody has built elsewhere, when there is none yet; `undefined` when there is one. The file stays where it is.
 * @throws {PlimsollError} `DATABASE_UNKNOWN`, `DATABASE_INVALID`, `DATABASE_BUSY`, …
 */
export async function takeFirstDatabase(
  context: ContentContext,
  path: string,
  { signal }: Pick<ChangeOptions, 'signal'>,
): Promise<DatabaseVersion | undefined> {
  const { store, vulnerabilities } = context;
  if ((await findNewestVersion(store.db)) !== undefined) return undefined;
  using _ = vulnerabilities.startBuild();
  const place = workPath(vulnerabilities.folder);
  await mkdir(place, { recursive: true, mode: 0o700 });
  try {
    const { builtAt, ...status } = readDatabase(path);
    const copy = join(place, 'vulnerability.db');
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    const version = await keepVersion(context, copy, { ...status, builtAt }, signal);
    const isFirst = await announce(context, version, undefined, { imported: status.parts.length, failed: 0 });
    return isFirst ? { ...version, state: 'judging' } : undefined;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function readDatabase(path: string): DatabaseStatus {
  using database = openDatabase(path);
  return database.status();
}

async function changeDatabase(
  context: ContentContext,
  work: ImportWork | UpdateWork,
  options: ChangeOptions,
): Promise<ChangedDatabase> {
  using _ = context.vulnerabilities.startBuild();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const done = await attemptChange(context, work, options);
    if (done !== undefined) return done;
  }
  throw new PlimsollError(
    'DATABASE_BUSY',
    'Cannot change the vulnerability database: other servers change it all the time; try again later',
  );
}

/** `undefined` when another server has registered a version meanwhile: what that one changed would be lost. */
async function attemptChange(
  context: ContentContext,
  work: ImportWork | UpdateWork,
  { signal, builtBy, mayShrink = false }: ChangeOptions,
): Promise<ChangedDatabase | undefined> {
  const { store, vulnerabilities } = context;
  const { folder } = vulnerabilities;
  const base = await findNewestVersion(store.db);
  const place = workPath(folder);
  await mkdir(place, { recursive: true, mode: 0o700 });
  try {
    const path = join(place, 'vulnerability.db');
    if (base !== undefined) {
      await copyFile(await vulnerabilities.pathOf(base, signal), path, constants.COPYFILE_FICLONE);
    }
    const { report, status } = await build(
      { path, now: context.now().toISOString(), builtBy, mayShrink, work },
      signal,
    );
    const version = await keepVersion(context, path, status, signal);
    const { imported, failed } = report;
    const counts = { imported: imported.length, failed: failed.length };
    const isRegistered = await announce(context, version, base, counts);
    if (isRegistered) return { version: { ...version, state: 'judging' }, report };
    await moveVersion(store.db, version.id, ['loading'], 'failed');
    await rm(databasePath(folder, version.sha256), { force: true });
    return undefined;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Puts a finished file in its place, for this server and for others, and registers it. */
async function keepVersion(
  { store, vulnerabilities: { folder }, now }: ContentContext,
  path: string,
  status: DatabaseStatus,
  signal: AbortSignal,
): Promise<DatabaseVersion> {
  const file = await describeFile(path, signal);
  await keepFile(path, folder, file.sha256);
  const facts = { ...file, builtAt: status.builtAt, status: { ...status, path: '' } };
  await failOldLoading(store.db, now());
  const version = await registerVersion(store.db, facts, now());
  await uploadFile(store, folder, version, signal);
  return version;
}

/** Makes it the version to be judged by next, if it has all that was there before. */
async function announce(
  context: ContentContext,
  version: DatabaseVersion,
  base: DatabaseVersion | undefined,
  counts: { readonly imported: number; readonly failed: number },
): Promise<boolean> {
  return await inTransaction(context.store.db, async trx => {
    await lockVersions(trx);
    const newest = await findNewestVersion(trx);
    if (newest?.id !== base?.id) return false;
    if (!(await moveVersion(trx, version.id, ['loading', 'past', 'failed'], 'judging'))) return false;
    await context.queue.send(trx, 'rematch', { versionId: version.id });
    const data = { versionId: version.id, builtAt: version.builtAt, ...counts };
    await recordEvents(trx, [{ kind: 'database.updated', at: context.now(), data }]);
    return true;
  });
}

/** Runs the build on a thread, which ends with the work, or when nobody wants it any more. */
async function build(
  order: BuildOrder,
  signal: AbortSignal,
): Promise<{ readonly report: BuildReport; readonly status: DatabaseStatus }> {
  if (signal.aborted) throw toPlimsollError(signal.reason);
  const file = import.meta.url.endsWith('.ts') ? './database-build-worker.ts' : './database-build-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: order, resourceLimits: THREAD_LIMITS });
  const answer = Promise.withResolvers<FromBuild>();
  worker.once('message', answer.resolve);
  worker.once('error', error => answer.reject(toThreadFailure(error)));
  worker.once('exit', () => answer.reject(new PlimsollError('BUG', 'The thread that builds the database ended')));
  const cancel = () => answer.reject(toPlimsollError(signal.reason));
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const said = await answer.promise;
    if (said.kind === 'failed') throw new PlimsollError(said.code, said.message);
    return said;
  } finally {
    signal.removeEventListener('abort', cancel);
    await worker.terminate();
  }
}

function toThreadFailure(error: Error): Error {
  if (!('code' in error) || error.code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new PlimsollError('LIMIT_EXCEEDED', 'Cannot build the vulnerability database: a feed takes too much memory', {
    cause: error,
  });
}

/** What an operator wants to know of the database. */
export interface ServerDatabaseStatus {
  /** The version that all findings are by; missing before the first. */
  readonly current: (DatabaseVersion & { readonly status: DatabaseStatus }) | undefined;
  /** A version that packages are being judged by, or are about to be. */
  readonly pending: (DatabaseVersion & { readonly judged: number; readonly total: number }) | undefined;
  /** Whether this server is building a version. */
  readonly isBuilding: boolean;
  /** The last re-matches that were completed, newest first. */
  readonly rematches: readonly RematchRow[];
}

/** The state of the vulnerability database of all servers on this store. */
export async function databaseStatus(context: ContentContext): Promise<ServerDatabaseStatus> {
  const { db } = context.store;
  const current = await findCurrentVersion(db);
  const newest = await findNewestVersion(db);
  const rematches = await findLastRematches(db, 10);
  const running = rematches.find(({ completedAt }) => completedAt === null);
  const isPending = newest !== undefined && newest.state === 'judging';
  return {
    current: current && { ...current, status: (await findVersionStatus(db, current.id)) as DatabaseStatus },
    pending: isPending
      ? { ...newest, judged: running?.packagesJudged ?? 0, total: running?.packagesTotal ?? 0 }
      : undefined,
    isBuilding: context.vulnerabilities.isBuilding,
    rematches: rematches.filter(({ completedAt }) => completedAt !== null),
  };
}

/** Queues the re-match of a version that waits, in case its job was lost or given up; doing it twice does no harm. At every start. */
export async function resumePendingRematch({ store, queue }: Pick<ContentContext, 'store' | 'queue'>): Promise<void> {
  const newest = await findNewest(store.db);
  if (newest === undefined) return;
  await queue.send(store.db, 'rematch', { versionId: newest.id }, { singletonKey: `version-${newest.id}` });
}

async function findNewest(db: Db): Promise<DatabaseVersion | undefined> {
  const newest = await findNewestVersion(db);
  return newest?.state === 'judging' ? newest : undefined;
}
