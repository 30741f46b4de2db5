/** Where a task ends, and the news of its image. */
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import type { RegistryRecord } from '#store/registry.ts';
import type { RunRecord } from '#store/run.ts';
import type { TaskRecord } from '#store/task.ts';
import type { Work } from '../task/contract.ts';
import { loadRun } from './job-state.ts';

/** Where a task ends: its registry is locked. */
export interface TaskPlace {
  readonly registry: RegistryRecord;
  readonly task: TaskRecord;
  readonly at: Date;
}

/** What went wrong, as in docs/errors.md. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Tells of an image that was scanned or given up, once for each run that wanted it. */
export async function tellImage(
  trx: Trx,
  { registry, task, at }: TaskPlace,
  {
    kind,
    runs,
    error,
  }: {
    readonly kind: 'image.scanned' | 'image.failed';
    readonly runs: readonly string[];
    readonly error?: Failure | undefined;
  },
): Promise<void> {
  const work = task.work as Work & { readonly kind: 'scan' };
  const data = {
    digest: work.digest,
    repository: work.repository,
    tag: work.tag,
    ...(error === undefined ? {} : { error: pick(error) }),
  };
  const about = { kind, at, namespaceId: registry.namespaceId, registryId: registry.id, data };
  const handles: (RunRecord | undefined)[] = [];
  for (const run of runs) handles.push((await loadRun(trx, registry, run))?.run);
  const events = handles.flatMap(run =>
    run === undefined ? [] : [{ ...about, runId: run.id, scheduleId: run.scheduleId }],
  );
  await recordEvents(trx, events.length === 0 ? [about] : events);
}

/** The failure and nothing more. */
export function pick({ code, message }: Failure): Failure {
  return { code, message };
}
