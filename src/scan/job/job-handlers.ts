/** The background jobs of scan jobs, at the queue. */
import type { JobContext } from './job-context.ts';
import { finishRemoval } from './removal.ts';
import { stepRun, tick } from './tick.ts';

/** Works on them for as long as the queue is open, and ticks once a minute. */
export async function startJobHandlers(context: JobContext): Promise<void> {
  const { queue } = context;
  await queue.work('schedule-tick', (_, { signal }) => tick(context, { signal }));
  await queue.work('run-step', ({ runId }) => stepRun(context, runId), 2);
  await queue.work('removal', async ({ kind, id, keepsImages }, { signal }) => {
    // Schedules are removed at once.
    if (kind === 'registry') await finishRemoval(context, { id, keepsImages, signal });
  });
  await queue.repeat('schedule-tick', '* * * * *');
  // What was due while the server was down does not wait for the minute.
  await queue.send(context.store.db, 'schedule-tick', {});
}
