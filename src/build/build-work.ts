/** What is done for builds in the background: builders that have gone, images that were scanned, images to be built again. */
import type { PushListener } from '#hosting/context.ts';
import type { BuildWorkContext } from './build-context.ts';
import { closeLog } from './build-log.ts';
import { followBuild, wakeScanningBuilds } from './follow-build.ts';
import { type OnWatchProblem, watchForRebuilds } from './rebuild-watch.ts';
import { takeBackLapsed } from './server-builder-port.ts';

const TICK_CRON = '* * * * *';
/** Tags of base images and repositories of distributions are asked so often; advisories and our own registry tell by themselves. */
const WATCH_CRON = '11,41 * * * *';

/** Starts it. */
export async function startBuildWork(
  context: BuildWorkContext,
  { onProblem }: { readonly onProblem: OnWatchProblem },
): Promise<void> {
  const { queue, store } = context;
  await queue.work('build-step', async ({ buildId }, { signal }) => await followBuild(context, buildId, signal), 2);
  await queue.work('build-tick', async () => {
    await takeBackLapsed(context);
    await wakeScanningBuilds(context);
    await closeLogs(context);
  });
  await queue.work('build-watch', async (scope, { signal }) => {
    await watchForRebuilds(context, scope, { signal, onProblem });
  });
  await queue.repeat('build-tick', TICK_CRON);
  await queue.repeat('build-watch', WATCH_CRON);
  await wakeScanningBuilds({ store, queue });
}

/** Has builds looked at that are based on what is pushed under a tag. */
export function basePushListener({ queue }: Pick<BuildWorkContext, 'queue'>): PushListener {
  return {
    async onManifest(trx, { kind, tags, repository }) {
      if (tags.length === 0 || (kind !== 'image' && kind !== 'index')) return;
      const isBase = await trx
        .selectFrom('buildConfiguration')
        .select('projectId')
        .where('autoRebuild', '=', true)
        .limit(1)
        .executeTakeFirst();
      if (isBase === undefined) return;
      await queue.send(trx, 'build-watch', { repository }, { singletonKey: repository });
    },
  };
}

/** Puts logs away that a server which died has left. */
async function closeLogs(context: BuildWorkContext): Promise<void> {
  const rows = await context.store.db
    .selectFrom('build')
    .select('id')
    .where('state', 'in', ['succeeded', 'failed', 'cancelled'])
    .where('logDigest', 'is', null)
    .where('logBytes', '>', 0)
    .limit(20)
    .execute();
  for (const { id } of rows) await closeLog(context, id);
}
