/**
 * The images and repositories of a run: where each is on its way, and why it did not get there.
 */
import { sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import { addToRun, type RunCounter } from './run.ts';

/** Where an image of a run is. */
export const RUN_IMAGE_STATES = [
  'queued',
  'running',
  'scanned',
  'failed',
  'not-reached',
  'skipped-known',
  'skipped-platform',
  'skipped-not-scannable',
] as const;
export type RunImageState = (typeof RUN_IMAGE_STATES)[number];

/** The counter of each state. */
const COUNTER_OF = {
  queued: 'digestsQueued',
  running: 'digestsRunning',
  scanned: 'digestsScanned',
  failed: 'digestsFailed',
  'not-reached': 'digestsNotReached',
  'skipped-known': 'digestsSkippedKnown',
  'skipped-platform': 'digestsSkippedPlatform',
  'skipped-not-scannable': 'digestsSkippedNotScannable',
} as const satisfies Record<RunImageState, RunCounter>;

/** An image that a run selected. */
export interface NewRunImage {
  readonly digest: string;
  readonly tags: readonly string[];
  readonly state: RunImageState;
  readonly taskId?: string | undefined;
  readonly reason?: string | undefined;
}

/** An image of a run as it is kept. */
export interface RunImageRecord {
  readonly digest: string;
  readonly repository: string;
  readonly tags: readonly string[];
  readonly state: RunImageState;
  readonly attempts: number;
  readonly errorCode: string | undefined;
  readonly reason: string | undefined;
  readonly bytesPulled: number;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
}

/** Adds images to a run and to its counters; digests that it has already are passed over. */
export async function insertRunImages(
  trx: Trx,
  { runId, repositoryId, at }: { readonly runId: string; readonly repositoryId: number; readonly at: Date },
  images: readonly NewRunImage[],
): Promise<void> {
  if (images.length === 0) return;
  const { rows } = await sql<{ state: RunImageState; count: number }>`
    WITH added AS (
      INSERT INTO run_image (run_id, digest, repository_id, tags, state, task_id, reason, started_at, ended_at)
      SELECT ${runId}::uuid, i.digest, ${repositoryId}::bigint, i.tags, i.state, i."taskId", i.reason,
        CASE WHEN i.state = 'running' THEN ${at}::timestamptz END,
        CASE WHEN i.state NOT IN ('queued', 'running') THEN ${at}::timestamptz END
      FROM jsonb_to_recordset(${toJson(images)}::jsonb)
        AS i(digest text, tags jsonb, state text, "taskId" uuid, reason text)
      ON CONFLICT DO NOTHING RETURNING state
    ) SELECT state, count(*)::int AS count FROM added GROUP BY state`.execute(trx);
  const change: Partial<Record<RunCounter, number>> = {};
  for (const { state, count } of rows) change[COUNTER_OF[state]] = count;
  await addToRun(trx, runId, { ...change, digestsSelected: rows.reduce((sum, { count }) => sum + count, 0) });
}

/** What becomes of images that wait for tasks. */
export interface ImageMove {
  readonly to: 'queued' | 'running' | 'scanned' | 'failed' | 'not-reached';
  readonly at: Date;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly reason?: string | undefined;
  readonly bytesPulled?: number | undefined;
  readonly isAttempt?: boolean | undefined;
}

/** Moves the images that wait for these tasks, in every run, with the counters. Returns the runs concerned. */
export async function moveImagesOfTasks(
  trx: Trx,
  taskIds: readonly string[],
  move: ImageMove,
): Promise<readonly string[]> {
  if (taskIds.length === 0) return [];
  return await moveImages(
    trx,
    sql<boolean>`task_id IN (SELECT value::uuid FROM jsonb_array_elements_text(${toJson(taskIds)}::jsonb))`,
    move,
  );
}

/** Moves all images of a run that are not at their end to `not-reached`. */
export async function cutImagesShort(trx: Trx, runId: string, at: Date): Promise<void> {
  await moveImages(trx, sql<boolean>`run_id = ${runId}`, { to: 'not-reached', at });
}

async function moveImages(
  trx: Trx,
  which: ReturnType<typeof sql<boolean>>,
  { to, at, error, reason, bytesPulled = 0, isAttempt = false }: ImageMove,
): Promise<readonly string[]> {
  const isEnd = to !== 'queued' && to !== 'running';
  const { rows } = await sql<{ runId: string; before: RunImageState; count: number }>`
    WITH waiting AS (
      SELECT run_id, digest, state FROM run_image WHERE state IN ('queued', 'running') AND state <> ${to} AND ${which}
    ), moved AS (
      UPDATE run_image i SET state = ${to}::text,
        error_code = ${error?.code ?? null}::text,
        reason = ${error?.message ?? reason ?? null}::text,
        bytes_pulled = i.bytes_pulled + ${bytesPulled}::bigint,
        attempts = i.attempts + ${isAttempt ? 1 : 0}::int,
        started_at = CASE WHEN ${to}::text = 'running' THEN ${at}::timestamptz ELSE i.started_at END,
        ended_at = CASE WHEN ${isEnd}::boolean THEN ${at}::timestamptz END
      FROM waiting w WHERE w.run_id = i.run_id AND w.digest = i.digest
      RETURNING i.run_id, w.state AS before
    )
    SELECT run_id, before, count(*)::int AS count FROM moved GROUP BY run_id, before ORDER BY run_id`.execute(trx);
  for (const { runId, before, count } of rows) {
    await addToRun(trx, runId, { [COUNTER_OF[before]]: -count, [COUNTER_OF[to]]: count });
  }
  return [...new Set(rows.map(({ runId }) => runId))];
}

/** Images of a run in the order of their digests. */
export async function listRunImages(
  db: Db,
  runId: string,
  {
    state,
    after,
    limit,
  }: { readonly state?: RunImageState | undefined; readonly after?: string | undefined; readonly limit: number },
): Promise<readonly RunImageRecord[]> {
  let select = db
    .selectFrom('runImage')
    .innerJoin('repository', 'repository.id', 'runImage.repositoryId')
    .selectAll('runImage')
    .select('repository.name as repository')
    .where('runImage.runId', '=', runId);
  if (state !== undefined) select = select.where('runImage.state', '=', state);
  if (after !== undefined) select = select.where('runImage.digest', '>', after);
  const rows = await select.orderBy('runImage.digest').limit(limit).execute();
  return rows.map(row => ({
    digest: row.digest,
    repository: row.repository,
    tags: row.tags as readonly string[],
    state: row.state as RunImageState,
    attempts: row.attempts,
    errorCode: row.errorCode ?? undefined,
    reason: row.reason ?? undefined,
    bytesPulled: row.bytesPulled,
    startedAt: row.startedAt ?? undefined,
    endedAt: row.endedAt ?? undefined,
  }));
}

/** Images of a run by state, counted from the rows: what the counters must say. */
export async function countRunImages(db: Db, runId: string): Promise<Readonly<Partial<Record<RunImageState, number>>>> {
  const rows = await db
    .selectFrom('runImage')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('runId', '=', runId)
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}
