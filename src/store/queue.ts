/**
 * Background work: pg-boss in the store's own database, so that a job is queued in the transaction that causes it.
 *
 * What sensors do is not here but in `task`: they lease over HTTP. A job may run twice (a server that dies gives it back), so every
 * handler must be able to.
 */
import { type ConstructorOptions, fromKysely, fromPglite, PgBoss } from 'pg-boss';
import { z } from 'zod';
import type { Db, Store } from './database.ts';

/** Every kind of job: what it carries, and how it is tried again. */
export const JOBS = {
  /** Launches what is due, takes back leases that ran out, wakes what was paused. Once a minute, and whenever something may be due. */
  'schedule-tick': { data: z.object({}), retryLimit: 0, expireInSeconds: 120, policy: 'singleton' },
  /** Goes on with a run after something about it changed. */
  'run-step': { data: z.object({ runId: z.string() }), retryLimit: 5, expireInSeconds: 300, policy: 'standard' },
  /** Removes a schedule or registry with what belongs to it. */
  removal: {
    data: z.object({ kind: z.enum(['schedule', 'registry']), id: z.string(), keepsImages: z.boolean() }),
    retryLimit: 5,
    expireInSeconds: 3600,
    policy: 'standard',
  },
  /** Fetches the sources of the vulnerability database. */
  'database-update': { data: z.object({}), retryLimit: 2, expireInSeconds: 7200, policy: 'singleton' },
  /** Judges packages by a new vulnerability database. */
  rematch: { data: z.object({ versionId: z.number() }), retryLimit: 3, expireInSeconds: 3600, policy: 'singleton' },
  /** Delivers one webhook. */
  'webhook-delivery': {
    data: z.object({ deliveryId: z.string() }),
    retryLimit: 0,
    expireInSeconds: 120,
    policy: 'standard',
  },
  /** Takes the inventory of an image that was pushed to the hosted registry. */
  'push-scan': {
    data: z.object({ repository: z.string(), digest: z.string() }),
    retryLimit: 3,
    expireInSeconds: 3600,
    policy: 'standard',
  },
  /** Scans an image that another registry asked for. */
  'adapter-scan': {
    data: z.object({ scanId: z.string() }),
    retryLimit: 3,
    expireInSeconds: 3600,
    policy: 'standard',
  },
  /** Sent with the hash as key, so that at most one of a manifest waits. Indexes an image that another registry asked for by Clair's API. */
  'clair-index': {
    data: z.object({ manifestHash: z.string() }),
    retryLimit: 3,
    expireInSeconds: 3600,
    policy: 'short',
  },
  /** Makes notifications of re-matches for registries that ask by Clair's API. */
  'clair-notify': { data: z.object({}), retryLimit: 3, expireInSeconds: 600, policy: 'short' },
  /** Tells such a registry of a notification, for about a day. */
  'clair-delivery': {
    data: z.object({ notificationId: z.string() }),
    retryLimit: 16,
    expireInSeconds: 120,
    policy: 'standard',
  },
  /** Removes what nobody needs any more from the hosted registry. */
  'hosted-collection': { data: z.object({}), retryLimit: 0, expireInSeconds: 7200, policy: 'singleton' },
  /** Sent with the id as key, so that at most one of an image waits. Goes on with an image of a project: reads, certifies and, where that is wanted, publishes it. */
  'project-image': {
    data: z.object({ imageId: z.string() }),
    retryLimit: 3,
    expireInSeconds: 3600,
    policy: 'short',
  },
  /** Does what was asked for about a project: scans an image somewhere, publishes one, … */
  'project-request': {
    data: z.object({ requestId: z.string() }),
    retryLimit: 3,
    expireInSeconds: 3600,
    policy: 'short',
  },
  /** Judges images of projects again after what is known of their packages changed, and tells when a grade falls. */
  'project-grades': { data: z.object({}), retryLimit: 2, expireInSeconds: 3600, policy: 'singleton' },
  /** Removes histories past their time, and manifests, packages and layers that nothing refers to. */
  'content-collection': { data: z.object({}), retryLimit: 1, expireInSeconds: 3600, policy: 'singleton' },
  /** Goes on with a build whose images are being scanned. */
  'build-step': { data: z.object({ buildId: z.string() }), retryLimit: 3, expireInSeconds: 3600, policy: 'short' },
  /** Looks whether published builds of one project, or those based on one repository, or all are to be made again. */
  'build-watch': {
    data: z.object({ projectId: z.string().optional(), repository: z.string().optional() }),
    retryLimit: 1,
    expireInSeconds: 3600,
    policy: 'short',
  },
  /** Takes back builds whose builder has gone. Once a minute. */
  'build-tick': { data: z.object({}), retryLimit: 0, expireInSeconds: 120, policy: 'singleton' },
  /** Removes sessions, sign-ins and retired sensors whose time is over, and notes the totals of the day. */
  housekeeping: { data: z.object({}), retryLimit: 0, expireInSeconds: 3600, policy: 'singleton' },
} as const;

export type JobName = keyof typeof JOBS;
/** What a job of this kind carries. */
export type JobData<N extends JobName> = z.infer<(typeof JOBS)[N]['data']>;

/** How a job is queued. */
export interface SendOptions {
  /** Not before this. */
  readonly startAfter?: Date | undefined;
  /** At most one job with this key waits. */
  readonly singletonKey?: string | undefined;
}

/** What a handler is told besides. */
export interface JobContext {
  readonly id: string;
  /** Aborted when the server stops or the job has taken too long. */
  readonly signal: AbortSignal;
}

/** The queue. Closing it waits for handlers, as long as `stopTimeoutMs`. */
export interface Queue extends AsyncDisposable {
  /** Queues a job in `db`, which is a transaction where the job belongs to a change. */
  send<N extends JobName>(db: Db, name: N, data: JobData<N>, options?: SendOptions): Promise<void>;
  /** Works on jobs of one kind, `concurrency` at a time. */
  work<N extends JobName>(
    name: N,
    handler: (data: JobData<N>, context: JobContext) => Promise<void>,
    concurrency?: number,
  ): Promise<void>;
  /** Has this server look for jobs of a kind now, where it works on them, and not within a second. For what somebody waits for. */
  wake(name: JobName): void;
  /** Queues a job again and again by a cron expression, in UTC; `undefined` ends that. */
  repeat(name: JobName, cron: string | undefined): Promise<void>;
}

/** Options of `openQueue`. */
export interface QueueOptions {
  /** Told of failures that nobody waits for. */
  readonly onError: (error: Error) => void;
  readonly stopTimeoutMs?: number | undefined;
}

const NO_JOB = '00000000-0000-0000-0000-000000000000';

/** Opens the queue of `store`, which stays open after it; its own tables are made when they are missing. */
export async function openQueue(store: Store, { onError, stopTimeoutMs = 8000 }: QueueOptions): Promise<Queue> {
  const boss = new PgBoss({
    db: rawDatabase(store),
    backend: store.kind === 'pglite' ? 'pglite' : 'postgres',
    useListenNotify: false,
  });
  boss.on('error', onError);
  await boss.start();
  for (const [name, { retryLimit, expireInSeconds, policy }] of Object.entries(JOBS)) {
    await boss.createQueue(name, { retryLimit, expireInSeconds, retryBackoff: true, policy });
    // Has the queue's properties remembered: asking for them in the middle of a transaction would wait for ever on the one connection of PGlite.
    await boss.findJobs(name, { id: NO_JOB });
  }
  const workers = new Map<JobName, string>();
  return {
    async send(db, name, data, { startAfter, singletonKey } = {}) {
      await boss.send(name, data, {
        db: fromKysely(db.getExecutor() as never),
        ...(startAfter === undefined ? {} : { startAfter }),
        ...(singletonKey === undefined ? {} : { singletonKey }),
      });
    },
    async work(name, handler, concurrency = 1) {
      const schema = JOBS[name].data;
      const options = { localConcurrency: concurrency, pollingIntervalSeconds: 1 };
      const worker = await boss.work<unknown>(name, options, async ([job]) => {
        if (job === undefined) return;
        await handler(schema.parse(job.data) as never, { id: job.id, signal: job.signal });
      });
      workers.set(name, worker);
    },
    wake(name) {
      const worker = workers.get(name);
      if (worker !== undefined) boss.notifyWorker(worker);
    },
    async repeat(name, cron) {
      if (cron === undefined) await boss.unschedule(name);
      else await boss.schedule(name, cron, {}, { tz: 'UTC' });
    },
    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: true, timeout: stopTimeoutMs });
    },
  };
}

function rawDatabase({ raw }: Store): NonNullable<ConstructorOptions['db']> {
  if ('pglite' in raw) return fromPglite(raw.pglite);
  return {
    async executeSql(text: string, values?: unknown[]) {
      const result = await raw.pool.query(text, values);
      // Several statements at once give several results.
      return Array.isArray(result) ? { rows: result.flatMap(({ rows }) => rows) } : result;
    },
  };
}
