/** Background work on both databases. */
import { expect, test } from 'vitest';
import { openQueue } from './queue.ts';
import { describeStores } from './testing/stores.ts';

const failLoudly = (error: Error) => {
  throw error;
};

describeStores('queue', open => {
  test('a job queued in a transaction that is rolled back never runs; one that is committed does', async () => {
    await using store = await open();
    await using queue = await openQueue(store, { onError: failLoudly });
    const seen: string[] = [];
    const done = Promise.withResolvers<void>();
    const doomed = store.db.transaction().execute(async trx => {
      await queue.send(trx, 'run-step', { runId: 'lost' });
      throw new Error('no');
    });
    await expect(doomed).rejects.toThrow('no');
    await store.db.transaction().execute(async trx => await queue.send(trx, 'run-step', { runId: 'kept' }));
    await queue.work('run-step', async ({ runId }) => {
      seen.push(runId);
      done.resolve();
    });
    await done.promise;
    expect(seen).toEqual(['kept']);
  });
});
