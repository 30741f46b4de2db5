/** What a server does besides answering: scan jobs, webhooks, housekeeping, and reading images with a sensor of its own. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { tidyAccess } from '#access/housekeeping.ts';
import type { SourceId } from '#advisory/sources.ts';
import type { ServerSettings } from '#base/server-settings.ts';
import { runNotifier } from '#notify/run-notifier.ts';
import { runAdapterScan } from '#scan/adapter/adapter-scan.ts';
import { collectContent } from '#scan/content/collect-content.ts';
import { resumePendingRematch, takeFirstDatabase, updateDatabase } from '#scan/content/database-jobs.ts';
import { rematch } from '#scan/content/rematch.ts';
import { startJobHandlers } from '#scan/job/job-handlers.ts';
import { forgetRetiredSensors } from '#scan/sensor/administration.ts';
import { DEFAULT_PROFILE } from '#scan/sensor/profile.ts';
import { ensureBuiltInSensor } from '#scan/sensor/registration.ts';
import { runSensor } from '#scan/sensor/run-sensor.ts';
import { openServerPort } from '#scan/task/server-port.ts';
import { tellExpiredWaivers } from '#scan/waiver/manage-waiver.ts';
import { forgetAdapterScans } from '#store/adapter-scan.ts';
import type { ServerContext } from '#store/context.ts';
import { forgetFindingDays, noteFindingDay } from '#store/overview.ts';
import { vacuumEmbedded } from '#store/vacuum.ts';
import type { ServerParts } from './apis.ts';
import { askForClairNotifications, tidyClair } from './clair.ts';
import type { ServerWorld } from './start-server.ts';

/** What the work needs besides. */
export interface WorkOptions {
  readonly settings: ServerSettings;
  readonly world: ServerWorld;
  readonly log: Logger;
  /** The data folder. */
  readonly folder: string;
  /** Where this very server listens. */
  readonly url: string;
}

/** Starts the work; closing it gives back what is in hand. */
export async function startWork(parts: ServerParts, options: WorkOptions): Promise<AsyncDisposable> {
  const { context, jobs } = parts;
  const { settings, world, log, url } = options;
  await using opened = new AsyncDisposableStack();
  const userAgent = `plimsoll/${world.version}`;
  await startJobHandlers(jobs);
  await startHousekeeping(context, settings, log);
  await startDatabaseWork(parts, options);
  await context.queue.work(
    'adapter-scan',
    ({ scanId }, { signal }) => runAdapterScan(parts.projects, scanId, signal),
    2,
  );
  opened.use(
    await runNotifier(context, {
      env: world.env,
      allowsPrivateAddresses: settings.allowsPrivateAddresses,
      userAgent,
      mail: settings.mail,
      site: settings.publicUrl ?? url,
      onError: err => log.error({ err }, 'webhooks failed'),
    }),
  );
  if (settings.hasSensor) opened.use(await startBuiltInSensor(parts, options, userAgent));
  return opened.move();
}

/** Re-matches, and fetching advisories on a schedule. The first database may come from a file. */
async function startDatabaseWork({ content }: ServerParts, { settings, world, log }: WorkOptions): Promise<void> {
  const { queue } = content;
  await queue.work('rematch', async ({ versionId }, { signal }) => {
    const result = await rematch(content, versionId, { signal });
    // A fix may be there now.
    await queue.send(content.store.db, 'build-watch', {}, { singletonKey: 'rematch' });
    await askForClairNotifications(content, settings);
    if (result !== undefined) log.info({ ...result }, 'packages judged again');
  });
  await queue.work('database-update', async (_, { signal }) => {
    const proxy = Object.fromEntries(
      Object.entries(world.env).flatMap(([name, value]) =>
        /_proxy$/i.test(name) && value !== undefined ? [[name, value]] : [],
      ),
    );
    const mirrors = Object.entries(settings.databaseMirrors).map(([source, url]) => [source as SourceId, url] as const);
    const { version } = await updateDatabase(content, {
      signal,
      builtBy: world.version,
      mirrors,
      proxy,
      tlsVerify: true,
    });
    log.info({ version: version.id, builtAt: version.builtAt }, 'vulnerability database updated');
  });
  await queue.repeat('database-update', settings.databaseSchedule);
  if (settings.vulnerabilityDatabase !== undefined) {
    const signal = new AbortController().signal;
    const version = await takeFirstDatabase(content, settings.vulnerabilityDatabase, { signal });
    if (version !== undefined)
      log.info({ version: version.id, builtAt: version.builtAt }, 'vulnerability database taken over');
  }
  await resumePendingRematch(content);
}

/** Totals of days are kept for two years. */
const TREND_DAYS = 731;

/** When histories and orphans are removed, in UTC. */
const COLLECTION_CRON = '7 3 * * *';

async function startHousekeeping(context: ServerContext, settings: ServerSettings, log: Logger): Promise<void> {
  const { queue, store, now } = context;
  const retention = {
    eventDays: settings.eventRetentionDays,
    changeDays: settings.changeRetentionDays,
    auditDays: settings.auditRetentionDays,
  };
  await queue.work('content-collection', async (_, { signal }) => {
    log.info(await collectContent(context, retention, { signal }), 'content collected');
    await vacuumEmbedded(store);
  });
  await queue.repeat('content-collection', COLLECTION_CRON);
  await queue.work('housekeeping', async () => {
    await tidyAccess(context);
    await forgetRetiredSensors(context);
    await tellExpiredWaivers(context);
    await noteFindingDay(store.db, now());
    await forgetFindingDays(store.db, new Date(now().getTime() - TREND_DAYS * 24 * 60 * 60 * 1000));
    await tidyClair(context);
    await forgetAdapterScans(store.db, new Date(now().getTime() - 24 * 60 * 60 * 1000));
  });
  await queue.repeat('housekeeping', '23 * * * *');
}

async function startBuiltInSensor(
  { context, jobs }: ServerParts,
  { settings, world, log, folder, url }: WorkOptions,
  userAgent: string,
): Promise<AsyncDisposable> {
  const limits = {
    concurrency: settings.sensorConcurrency,
    cacheMaxBytes: settings.layerCacheBytes,
    diskFloorBytes: settings.diskFloorBytes,
    stateFloorBytes: 0,
  };
  // Two servers on one machine have a sensor each.
  const host = `${hostname()}:${new URL(url).port}`;
  const profile = { ...DEFAULT_PROFILE, ...limits };
  const { id } = await ensureBuiltInSensor(context, { host, labels: settings.sensorLabels, profile });
  const stopping = new AbortController();
  const running = runSensor({
    port: openServerPort(jobs, id),
    folders: { cache: join(folder, 'layers') },
    identity: { version: world.version, host, platform: `${process.platform}/${process.arch}` },
    world: { env: world.env, allowsPrivateAddresses: settings.allowsPrivateAddresses, userAgent },
    limits,
    now: world.now,
    timing: world.sensorTiming,
    log: log.child({ sensor: id }),
    signal: stopping.signal,
  });
  running.catch(err => log.error({ err }, 'built-in sensor failed'));
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running.catch(() => undefined);
    },
  };
}
