/** The end of a build, whichever: told once, and its log put away. */
import { type BuildOutcome, type BuildRecord, type StoredBuildFailure, updateBuild } from '#store/build.ts';
import type { Trx } from '#store/database.ts';
import type { ProjectRecord } from '#store/project.ts';
import type { BuildContext } from './build-context.ts';
import { recordBuildEvent } from './build-event.ts';
import { addToLog, closeLog } from './build-log.ts';

/** How a build ends. */
export type BuildEnd = { readonly at: Date } & (
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly failure: StoredBuildFailure }
  | { readonly state: 'succeeded'; readonly outcome: BuildOutcome; readonly considered: readonly string[] }
);

/** A build that has ended; its log becomes a blob when `keepLog` is called after the transaction. */
export interface EndedBuild {
  readonly build: BuildRecord;
  keepLog(context: Pick<BuildContext, 'store' | 'blobs' | 'now'>): Promise<void>;
}

/** Ends a build that the caller has locked: its lease and its right to push end with it. */
export async function endBuild(
  trx: Trx,
  project: ProjectRecord,
  build: BuildRecord,
  end: BuildEnd,
): Promise<EndedBuild> {
  const { at, state } = end;
  await addToLog(trx, build, state === 'failed' ? `Build failed: ${end.failure.message}\n` : `Build ${state}\n`);
  const ended = await updateBuild(trx, build.id, {
    state,
    leaseToken: undefined,
    leaseUntil: undefined,
    pushHash: undefined,
    finishedAt: at.toISOString(),
    ...(end.state === 'failed' ? { failure: end.failure } : {}),
    ...(end.state === 'succeeded' ? { outcome: end.outcome, considered: end.considered } : {}),
  });
  await recordBuildEvent(trx, project, ended, at);
  return { build: ended, keepLog: context => closeLog(context, ended.id) };
}
