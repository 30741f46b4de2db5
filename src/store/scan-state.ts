/**
 * The state of an image's scan as jobs move it. The last complete report stays whatever happens: only a newer one replaces it.
 */
import { sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import { findManifestIds } from './manifest.ts';
import { valueSet } from './row-set.ts';

/** What is known of an image wherever it lies. */
export interface ScanFacts {
  /** Of the report; missing when there is none. */
  readonly scannedAt: string | undefined;
  readonly analyserVersion: string | undefined;
  /** Failed scans since the last one that did not. */
  readonly attempts: number;
}

/** Facts by digest; images that nobody has read the manifest of are missing. */
export async function findScanFacts(db: Db, digests: readonly string[]): Promise<ReadonlyMap<string, ScanFacts>> {
  if (digests.length === 0) return new Map();
  const { rows } = await sql<{
    digest: string;
    scannedAt: string | null;
    analyserVersion: string | null;
    attempts: number;
  }>`
    SELECT m.digest, s.scanned_at, s.analyser_version, s.attempts
    FROM manifest m JOIN image_scan s ON s.manifest_id = m.id
    WHERE m.digest IN (SELECT value FROM ${valueSet(digests, 'text')})`.execute(db);
  return new Map(
    rows.map(({ digest, scannedAt, analyserVersion, attempts }) => [
      digest,
      { scannedAt: scannedAt ?? undefined, analyserVersion: analyserVersion ?? undefined, attempts },
    ]),
  );
}

/** Says of images without a report that they wait for one. */
export async function markScansQueued(trx: Trx, digests: readonly string[]): Promise<void> {
  const ids = await findManifestIds(trx, digests);
  await sql`
    UPDATE image_scan SET state = 'queued'
    WHERE manifest_id = ANY (${listOf(ids.values())}) AND scanned_at IS NULL AND state IN ('not-scanned', 'failed')`.execute(
    trx,
  );
}

/** Takes that back where nothing will come of it, unless another task still will. */
export async function unmarkScansQueued(trx: Trx, digests: readonly string[]): Promise<void> {
  if (digests.length === 0) return;
  const { rows } = await sql<{ digest: string }>`
    SELECT digest FROM ${valueSet(digests, 'text')} JOIN task ON digest = value
    WHERE kind = 'scan' AND state IN ('queued', 'leased')`.execute(trx);
  const wanted = new Set(rows.map(({ digest }) => digest));
  const ids = await findManifestIds(
    trx,
    digests.filter(digest => !wanted.has(digest)),
  );
  await sql`
    UPDATE image_scan SET state = CASE WHEN error_code IS NULL THEN 'not-scanned' ELSE 'failed' END
    WHERE manifest_id = ANY (${listOf(ids.values())}) AND state = 'queued'`.execute(trx);
}

/** An array that is made once: joined, a plan that expects few rows goes through all of them for each. */
function listOf(ids: Iterable<number>) {
  return sql`ARRAY(SELECT value FROM ${valueSet([...ids], 'bigint')})`;
}

/** Says that a scan failed for good. */
export async function markScanFailed(
  trx: Trx,
  digest: string,
  { error, at }: { readonly error: { readonly code: string; readonly message: string }; readonly at: Date },
): Promise<void> {
  const state =
    error.code === 'MANIFEST_UNSUPPORTED'
      ? 'unsupported'
      : error.code === 'LIMIT_EXCEEDED'
        ? 'layer-too-large'
        : 'failed';
  await sql`
    UPDATE image_scan SET state = ${state}, attempts = attempts + 1, error_code = ${error.code},
      error_message = ${error.message}, failed_at = ${at}
    WHERE manifest_id = (SELECT id FROM manifest WHERE digest = ${digest})`.execute(trx);
}

/** Says that a scan came to its end: failures before it are forgotten. */
export async function markScanDone(trx: Trx, digest: string): Promise<void> {
  await sql`
    UPDATE image_scan SET state = 'scanned', attempts = 0, error_code = NULL, error_message = NULL, failed_at = NULL
    WHERE scanned_at IS NOT NULL AND manifest_id = (SELECT id FROM manifest WHERE digest = ${digest})`.execute(trx);
}

/** Of these tasks, those whose image has another report than when they were made: somebody else read it meanwhile. */
export async function findSharedTasks(db: Db, taskIds: readonly string[]): Promise<readonly string[]> {
  if (taskIds.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    SELECT t.id FROM task t JOIN manifest m ON m.digest = t.digest JOIN image_scan s ON s.manifest_id = m.id
    WHERE t.id IN (SELECT value::uuid FROM jsonb_array_elements_text(${toJson(taskIds)}::jsonb))
      AND (t.inventory_at IS NOT NULL OR s.scanned_at IS DISTINCT FROM t.known_report)
    ORDER BY t.id`.execute(db);
  return rows.map(({ id }) => id);
}

/** Queued tasks of a run whose image has another report than when they were made. */
export async function findKnownTasks(db: Db, runId: string): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT t.id FROM task_run x JOIN task t ON t.id = x.task_id
      JOIN manifest m ON m.digest = t.digest JOIN image_scan s ON s.manifest_id = m.id
    WHERE x.run_id = ${runId} AND t.kind = 'scan' AND t.state = 'queued' AND s.scanned_at IS DISTINCT FROM t.known_report
    ORDER BY t.id`.execute(db);
  return rows.map(({ id }) => id);
}

/** Digests among these that a run of the schedule scanned: in a version of its settings, or in one run and those that it resumed. */
export async function findScannedInRuns(
  db: Db,
  digests: readonly string[],
  which: { readonly scheduleId: string; readonly settingsVersion: number } | { readonly runId: string },
): Promise<ReadonlySet<string>> {
  if (digests.length === 0) return new Set();
  const runs =
    'runId' in which
      ? sql`WITH RECURSIVE chain AS (
          SELECT id, previous_run_id, mode FROM run WHERE id = ${which.runId}
          UNION SELECT r.id, r.previous_run_id, r.mode FROM chain c JOIN run r ON r.id = c.previous_run_id WHERE c.mode = 'resume'
        ) SELECT id FROM chain`
      : sql`SELECT id FROM run WHERE schedule_id = ${which.scheduleId} AND settings_version = ${which.settingsVersion}`;
  const { rows } = await sql<{ digest: string }>`
    SELECT DISTINCT digest FROM run_image
    WHERE run_id IN (${runs}) AND state = 'scanned' AND digest IN (SELECT value FROM ${valueSet(digests, 'text')})`.execute(
    db,
  );
  return new Set(rows.map(({ digest }) => digest));
}

/** Digests among these that the run has already. */
export async function findInRun(db: Db, runId: string, digests: readonly string[]): Promise<ReadonlySet<string>> {
  if (digests.length === 0) return new Set();
  const { rows } = await sql<{ digest: string }>`
    SELECT digest FROM run_image
    WHERE run_id = ${runId} AND digest IN (SELECT value FROM ${valueSet(digests, 'text')})`.execute(db);
  return new Set(rows.map(({ digest }) => digest));
}
