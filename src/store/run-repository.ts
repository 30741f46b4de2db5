/**
 * The repositories that a run selected: waiting for their listing, listed, or failed with a reason.
 */
import { sql } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';

export type RunRepositoryState = 'queued' | 'listed' | 'failed' | 'not-reached';

/** A repository of a run as it is kept. */
export interface RunRepositoryRecord {
  readonly repositoryId: number;
  readonly repository: string;
  readonly state: RunRepositoryState;
  readonly tagsSeen: number | undefined;
  readonly tagsMatched: number | undefined;
  /** As scan/schedule/select-tags.ts gives them. */
  readonly figures: unknown;
  readonly errorCode: string | undefined;
  readonly reason: string | undefined;
  readonly endedAt: string | undefined;
}

/** Adds repositories to a run. Returns the ids of those that it did not have. */
export async function insertRunRepositories(
  trx: Trx,
  runId: string,
  repositoryIds: readonly number[],
): Promise<ReadonlySet<number>> {
  if (repositoryIds.length === 0) return new Set();
  const { rows } = await sql<{ id: number }>`
    INSERT INTO run_repository (run_id, repository_id, state)
    SELECT ${runId}::uuid, value::bigint, 'queued' FROM jsonb_array_elements_text(${toJson(repositoryIds)}::jsonb)
    ON CONFLICT DO NOTHING RETURNING repository_id AS id`.execute(trx);
  return new Set(rows.map(({ id }) => id));
}

/** What became of the listing. */
export async function endRunRepository(
  trx: Trx,
  { runId, repositoryId }: { readonly runId: string; readonly repositoryId: number },
  end: {
    readonly state: 'listed' | 'failed';
    readonly at: Date;
    readonly tagsSeen?: number | undefined;
    readonly tagsMatched?: number | undefined;
    readonly figures?: unknown;
    readonly error?: { readonly code: string; readonly message: string } | undefined;
  },
): Promise<void> {
  await trx
    .updateTable('runRepository')
    .set({
      state: end.state,
      endedAt: end.at,
      tagsSeen: end.tagsSeen ?? null,
      tagsMatched: end.tagsMatched ?? null,
      figures: end.figures === undefined ? null : toJson(end.figures),
      errorCode: end.error?.code ?? null,
      reason: end.error?.message ?? null,
    })
    .where('runId', '=', runId)
    .where('repositoryId', '=', repositoryId)
    .execute();
}

/** Marks what was not listed when a run was cut short. */
export async function cutRepositoriesShort(trx: Trx, runId: string, at: Date): Promise<void> {
  await trx
    .updateTable('runRepository')
    .set({ state: 'not-reached', endedAt: at })
    .where('runId', '=', runId)
    .where('state', '=', 'queued')
    .execute();
}

/** Repositories of a run by name, those after `after`. */
export async function listRunRepositories(
  db: Db,
  runId: string,
  {
    state,
    after,
    limit,
  }: { readonly state?: RunRepositoryState | undefined; readonly after?: string | undefined; readonly limit: number },
): Promise<readonly RunRepositoryRecord[]> {
  let select = db
    .selectFrom('runRepository')
    .innerJoin('repository', 'repository.id', 'runRepository.repositoryId')
    .selectAll('runRepository')
    .select('repository.name as repository')
    .where('runRepository.runId', '=', runId);
  if (state !== undefined) select = select.where('runRepository.state', '=', state);
  if (after !== undefined) select = select.where('repository.name', '>', after);
  const rows = await select.orderBy('repository.name').limit(limit).execute();
  return rows.map(row => ({
    repositoryId: row.repositoryId,
    repository: row.repository,
    state: row.state as RunRepositoryState,
    tagsSeen: row.tagsSeen ?? undefined,
    tagsMatched: row.tagsMatched ?? undefined,
    figures: row.figures ?? undefined,
    errorCode: row.errorCode ?? undefined,
    reason: row.reason ?? undefined,
    endedAt: row.endedAt ?? undefined,
  }));
}

/** How many repositories of a run are in each state. */
export async function countRunRepositories(
  db: Db,
  runId: string,
): Promise<Readonly<Partial<Record<RunRepositoryState, number>>>> {
  const rows = await db
    .selectFrom('runRepository')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .where('runId', '=', runId)
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

/** Whether an earlier run of the schedule that came to its end listed the repository. */
export async function wasCovered(
  db: Db,
  { scheduleId, repositoryId }: { readonly scheduleId: string; readonly repositoryId: number },
): Promise<boolean> {
  const row = await db
    .selectFrom('runRepository')
    .innerJoin('run', 'run.id', 'runRepository.runId')
    .select('run.id')
    .where('run.scheduleId', '=', scheduleId)
    .where('run.state', 'in', ['BaselineCompleted', 'Completed', 'Finished'])
    .where('run.completedAt', 'is not', null)
    .where('runRepository.repositoryId', '=', repositoryId)
    .where('runRepository.state', '=', 'listed')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
