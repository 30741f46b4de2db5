/**
 * Waiting for tasks that somebody looks at: tests of connections, previews. Told by the notices of tasks, looked at again in between.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '#store/database.ts';
import { findTask, TASK_CHANNEL, type TaskRecord } from '#store/task.ts';

const LOOK_AGAIN_MS = 1000;

/** The task once it has ended; `undefined` when it has not after `timeoutMs`, or is gone. */
export async function awaitTask(
  { db, listen }: Pick<Store, 'db' | 'listen'>,
  id: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TaskRecord | undefined> {
  let rung = Promise.withResolvers<void>();
  await using _ = await listen(TASK_CHANNEL, () => rung.resolve());
  const until = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    rung = Promise.withResolvers<void>();
    const task = await findTask(db, id);
    if (task === undefined || task.endedAt !== undefined) return task;
    const left = until - performance.now();
    if (left <= 0) return undefined;
    const timer = new AbortController();
    const pause = sleep(Math.min(left, LOOK_AGAIN_MS), undefined, { signal: AbortSignal.any([signal, timer.signal]) });
    try {
      await Promise.race([rung.promise, pause]);
    } finally {
      timer.abort();
      await pause.catch(() => {});
    }
  }
}
