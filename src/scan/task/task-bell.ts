/**
 * Waiting for work: who asks for tasks when there are none is woken when there may be some.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '#store/database.ts';
import { TASK_CHANNEL } from '#store/task.ts';

/** Rings when tasks were queued or slots became free, on this server or another. */
export interface TaskBell extends AsyncDisposable {
  /** Resolves at the next ring, or after `timeoutMs`. @throws the reason of `signal` when aborted. */
  wait(timeoutMs: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Listens for as long as it is not disposed of; one for each server and channel: that of tasks, unless another is named. */
export async function openTaskBell(store: Pick<Store, 'listen'>, channel = TASK_CHANNEL): Promise<TaskBell> {
  let waiting = Promise.withResolvers<void>();
  const listening = await store.listen(channel, () => {
    const rung = waiting;
    waiting = Promise.withResolvers<void>();
    rung.resolve();
  });
  return {
    wait: (timeoutMs, { signal }) => waitFor(waiting.promise, timeoutMs, signal),
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
      waiting.resolve();
    },
  };
}

/** Without a bell everybody looks again after a while. */
export const NO_BELL: Pick<TaskBell, 'wait'> = {
  wait: (timeoutMs, { signal }) => waitFor(new Promise(() => {}), timeoutMs, signal),
};

async function waitFor(rung: Promise<void>, timeoutMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const timer = new AbortController();
  const ends = AbortSignal.any([signal, timer.signal]);
  try {
    await Promise.race([rung, sleep(Math.max(timeoutMs, 0), undefined, { signal: ends, ref: false })]);
  } finally {
    timer.abort();
  }
}
