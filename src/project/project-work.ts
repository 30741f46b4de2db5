/**
 * What is done for projects in the background: requests, images, grades; and listening to what other parts of the server did.
 */

import type { Trx } from '#store/database.ts';
import type { EventKind, FollowedEvent } from '#store/event.ts';
import { EVENT_CHANNEL, followEvents, recordEvents } from '#store/event.ts';
import { moveFollower, takeFollowerPosition } from '#store/event-follower.ts';
import { findProject } from '#store/project.ts';
import { findProjectImage, listImagesOfManifests, type ProjectImage } from '#store/project-image.ts';
import { findRequest } from '#store/project-request.ts';
import { removeOrphanResults } from '#store/project-result.ts';
import { inTransaction } from '#store/transaction.ts';
import { regradeAll } from './health.ts';
import type { ProjectContext } from './project-context.ts';
import { runImageRequest } from './publish.ts';
import { runImage } from './run-image.ts';
import { findOpenRequest, runScan } from './run-scan.ts';

const POSITION = 'project-position';
const PAGE = 200;
/** Should a notice be lost, events are heard of this late at most. */
const POLL_MS = 15_000;
/** Grades fall by the hour. */
const GRADES_CRON = '7 * * * *';
const ORPHANS_MS = 24 * 60 * 60 * 1000;
const KINDS: readonly EventKind[] = [
  'image.scanned',
  'image.failed',
  'findings.changed',
  'rematch.completed',
  'database.updated',
];

/** Starts it; closing it ends what listens. `onError` is told of failures that nobody waits for. */
export async function startProjectWork(
  context: ProjectContext,
  {
    concurrency = 2,
    onError,
    afterImage,
  }: {
    readonly concurrency?: number;
    readonly onError: (error: unknown) => void;
    /** Called when an image was gone on with, whatever came of it. */
    readonly afterImage?: ((image: ProjectImage) => Promise<void>) | undefined;
  },
): Promise<AsyncDisposable> {
  const { queue, store } = context;
  await queue.work(
    'project-request',
    async ({ requestId }, { signal }) => {
      const request = await findOpenRequest(context, requestId);
      if (request === undefined) return;
      if (request.kind === 'scan') await runScan(context, request, signal);
      else await runImageRequest(context, request, signal);
      await tellRequest(context, request.id);
    },
    concurrency,
  );
  await queue.work(
    'project-image',
    async ({ imageId }, { signal }) => {
      await runImage(context, imageId, signal);
      const image = await tellImage(context, imageId);
      if (image !== undefined) await afterImage?.(image);
    },
    concurrency,
  );
  await queue.work('project-grades', async (_, { signal }) => {
    await removeOrphanResults(store.db, new Date(context.now().getTime() - ORPHANS_MS));
    await regradeAll(context, signal);
  });
  await queue.repeat('project-grades', GRADES_CRON);
  return await listen(context, onError);
}

/** Tells who follows events how a request ended, or that it waits. */
async function tellRequest(context: ProjectContext, requestId: string): Promise<void> {
  const request = await findRequest(context.store.db, requestId);
  if (request === undefined) return;
  const { projectId, kind, operation, status, situation } = request;
  await tellChange(context, projectId, { requestId, kind, operation, status, situation });
}

/** Tells them how an image is; verdicts and grades have events of their own. */
async function tellImage(context: ProjectContext, imageId: string): Promise<ProjectImage | undefined> {
  const image = await findProjectImage(context.store.db, imageId);
  if (image === undefined) return undefined;
  const { projectId, digest, scanState: status } = image;
  await tellChange(context, projectId, { imageId, digest, status });
  return image;
}

async function tellChange(
  { store, now }: ProjectContext,
  projectId: string,
  change: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const project = await findProject(store.db, { id: projectId });
  if (project === undefined) return;
  const { namespaceId, name } = project;
  const data = { projectId, project: name, ...change };
  await inTransaction(store.db, async trx => {
    await recordEvents(trx, [{ kind: 'project.changed', at: now(), namespaceId, data }]);
  });
}

/** Goes by what happened since the last time. Returns whether there is more. */
async function followForProjects(context: Pick<ProjectContext, 'store' | 'queue'>): Promise<boolean> {
  return await inTransaction(context.store.db, async trx => {
    const from = await takeFollowerPosition(trx, POSITION);
    if (from === undefined) return false;
    const events = await followEvents(trx, { from, kinds: KINDS, limit: PAGE });
    const last = events.at(-1);
    if (last === undefined) return false;
    await goBy(trx, context, events);
    await moveFollower(trx, POSITION, last.position);
    return events.length === PAGE;
  });
}

async function goBy(
  trx: Trx,
  { queue }: Pick<ProjectContext, 'queue'>,
  events: readonly FollowedEvent[],
): Promise<void> {
  const scanned = events.filter(({ kind }) => kind === 'image.scanned' || kind === 'image.failed');
  const digests = scanned.flatMap(({ data }) => (typeof data['digest'] === 'string' ? [data['digest']] : []));
  for (const { id, scanState } of await listImagesOfManifests(trx, [...new Set(digests)])) {
    if (scanState === 'completed') continue;
    await queue.send(trx, 'project-image', { imageId: id }, { singletonKey: id });
  }
  if (events.length > scanned.length) await queue.send(trx, 'project-grades', {});
}

async function listen(context: ProjectContext, onError: (error: unknown) => void): Promise<AsyncDisposable> {
  const stopping = new AbortController();
  let isFollowing = false;
  let isAskedAgain = false;
  let done: Promise<void> = Promise.resolve();
  const follow = async () => {
    isFollowing = true;
    try {
      do {
        isAskedAgain = false;
        while (!stopping.signal.aborted && (await followForProjects(context)));
      } while (isAskedAgain && !stopping.signal.aborted);
    } catch (error) {
      if (!stopping.signal.aborted) onError(error);
    } finally {
      isFollowing = false;
    }
  };
  const wake = () => {
    if (stopping.signal.aborted) return;
    if (isFollowing) isAskedAgain = true;
    else done = follow();
  };
  const listener = await context.store.listen(EVENT_CHANNEL, wake);
  const poll = setInterval(wake, POLL_MS);
  wake();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      clearInterval(poll);
      await listener[Symbol.asyncDispose]();
      await done;
    },
  };
}
