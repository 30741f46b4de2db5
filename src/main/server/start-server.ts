/**
 * The composition root of the server: opens what it is made of, in the order in which each needs the one before, and closes it in reverse.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import pino, { type Logger } from 'pino';
import { PlimsollError } from '#base/errors.ts';
import type { ServerSettings } from '#base/server-settings.ts';
import { printable } from '#base/text.ts';
import { openBlobStore } from '#blob/open-blob-store.ts';
import type { FindPackageUpdates } from '#build/build-context.ts';
import { basePushListener } from '#build/build-work.ts';
import { isHeldByBuild, wakeBuildsOf } from '#build/follow-build.ts';
import { buildKeyAuthority } from '#build/push-key.ts';
import { createAuthenticate } from '#http/authentication.ts';
import { EventFeed } from '#http/native/event/event-feed.ts';
import type { GuardedRoute } from '#http/route-access.ts';
import { buildServer } from '#http/server.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { startProjectWork } from '#project/project-work.ts';
import { projectPushListener } from '#project/push-listener.ts';
import { registryKeyAuthority } from '#project/registry-key.ts';
import { VulnerabilityHolder } from '#scan/content/vulnerability-holder.ts';
import { analyserVersion } from '#scan/sensor/layer-store.ts';
import type { SensorTiming } from '#scan/sensor/run-sensor.ts';
import { contentFunctions } from '#scan/task/content-functions.ts';
import type { ServerPortContext } from '#scan/task/server-port.ts';
import { openTaskBell } from '#scan/task/task-bell.ts';
import type { ServerContext } from '#store/context.ts';
import { openStore, type Store } from '#store/database.ts';
import { migrate } from '#store/migrate.ts';
import { openQueue } from '#store/queue.ts';
import { createSealer } from '#store/seal.ts';
import { findWebFolder, listApis, type ServerParts } from './apis.ts';
import { openBuilds } from './builds.ts';
import { openClair, startClairWork } from './clair.ts';
import { prepareFirstAccount } from './first-account.ts';
import { openHosting } from './hosting.ts';
import { createMetrics } from './metrics.ts';
import { openProjects } from './projects.ts';
import { readSecretKey } from './secret-key.ts';
import { ServedAddress } from './served-address.ts';
import { startWork } from './work.ts';

/** The world of a server. */
export interface ServerWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly now: () => Date;
  /** Takes lines of the log. */
  readonly log: (line: string) => void;
  /** Other times of the built-in sensor, for tests. */
  readonly sensorTiming?: Partial<SensorTiming> | undefined;
  /** What looks for newer packages in place of the distributions' own repositories, for tests. */
  readonly findPackageUpdates?: FindPackageUpdates | undefined;
  /** Hosts that servers of a test play for projects, as in `TransportOptions`. */
  readonly serviceOrigins?: Readonly<Record<string, string>> | undefined;
}

/** A server that listens. Closing it returns work in hand. */
export interface RunningServer extends AsyncDisposable {
  /** How it is reached. */
  readonly url: string;
  /** Where the first account is made, while there is none. */
  readonly setupUrl?: string;
  /** What it answers, and to whom. */
  readonly routes: readonly GuardedRoute[];
}

/** Starts a server. @throws {PlimsollError} `STORE_UNAVAILABLE`, `CONFIGURATION_INVALID`, `CONFLICT`, … */
export async function startServer(settings: ServerSettings, world: ServerWorld): Promise<RunningServer> {
  await using opened = new AsyncDisposableStack();
  const folder = resolve(settings.data);
  makeFolder(folder);
  const log = openLog(settings, world);
  const store = opened.use(await openStoreOf(settings, folder));
  await migrate(store);
  const sealer = createSealer(readSecretKey(settings.secretKey, folder, store.kind === 'postgres'));
  const queue = opened.use(await openQueue(store, { onError: err => log.error({ err }, 'queue failed') }));
  const context: ServerContext = { store, queue, sealer, now: world.now };
  const vulnerabilities = opened.use(new VulnerabilityHolder(store, folder));
  const jobs: ServerPortContext = {
    ...context,
    features: { forceScan: settings.allowsForceScan, wildcards: settings.allowsWildcards },
    isCompatibilityMode: false,
    analyserVersion: analyserVersion(),
    content: contentFunctions({ ...context, vulnerabilities }),
    bell: opened.use(await openTaskBell(store)),
  };
  const content = { ...context, vulnerabilities };
  const address = new ServedAddress(settings);
  const projects: ProjectContext = {
    ...openProjects(content, { settings, world, address }),
    holdsBack: image => isHeldByBuild(context, image),
  };
  const blobs = opened.use(await openBlobStore(settings.blobs, folder));
  const builds = opened.use(await openBuilds({ projects, blobs, settings, world, folder, log }));
  const parts: ServerParts = {
    context,
    content,
    projects,
    jobs,
    builds: builds.parts,
    clair: openClair(projects, { settings, folder }),
    feed: opened.use(await EventFeed.open(store)),
  };
  const hosting = opened.use(
    await openHosting({
      content: parts.content,
      keys: buildKeyAuthority(context, registryKeyAuthority(context)),
      listeners: [projectPushListener(projects), basePushListener(context)],
      blobs,
      log,
      settings,
      publicUrl: settings.publicUrl,
      address,
    }),
  );
  const site = { publicUrl: settings.publicUrl };
  const setupPath = await prepareFirstAccount(context, settings);
  const app = await buildServer({
    apis: [
      hosting.api,
      ...listApis(parts, {
        site,
        webFolder: findWebFolder(),
        version: world.version,
        hasMail: settings.mail !== undefined,
        probing: {
          env: world.env,
          allowsPrivateAddresses: settings.allowsPrivateAddresses,
          userAgent: `plimsoll/${world.version}`,
        },
      }),
    ],
    authenticate: createAuthenticate(context, site),
    answers: context,
    version: world.version,
    logger: log,
    https: readCertificate(settings),
    trustProxy: settings.trustProxy,
    checkReady: async () => void (await store.db.selectFrom('setting').select('name').limit(1).execute()),
    metrics: createMetrics(context),
  });
  opened.defer(async () => await app.close());
  const url = await listen(app, settings);
  address.settle(url);
  opened.use(await startWork(parts, { settings, world, log, folder, url }));
  if (parts.clair !== undefined) opened.use(await startClairWork(parts.clair.context, { settings, address, log }));
  await hosting.work();
  opened.use(
    await startProjectWork(projects, {
      onError: err => log.error({ err }, 'projects failed'),
      afterImage: image => wakeBuildsOf(context, image),
    }),
  );
  await builds.work({ hosting: hosting.context, url });
  log.info({ url, store: store.kind }, 'server started');
  const closing = opened.move();
  const publicUrl = settings.publicUrl ?? url;
  return {
    url: publicUrl,
    ...(setupPath === undefined ? {} : { setupUrl: `${publicUrl}${setupPath}` }),
    routes: app.guardedRoutes,
    async [Symbol.asyncDispose]() {
      log.info('server stopping');
      await closing[Symbol.asyncDispose]();
      log.info('server stopped');
    },
  };
}

async function openStoreOf({ databaseUrl, databaseConnections }: ServerSettings, folder: string): Promise<Store> {
  if (databaseUrl === undefined) return await openStore({ kind: 'pglite', folder });
  return await openStore({ kind: 'postgres', url: databaseUrl, maxConnections: databaseConnections });
}

async function listen(
  app: Awaited<ReturnType<typeof buildServer>>,
  { host, port, tlsCertificate }: ServerSettings,
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const where = `${host}:${port}`;
    const why =
      code === 'EADDRINUSE' ? 'something else listens there; choose another with --listen' : printable(message);
    throw new PlimsollError('CONFIGURATION_INVALID', `Cannot listen on ${where}: ${why}`, { cause: error });
  }
  const { address, port: taken, family } = app.server.address() as AddressInfo;
  const shown = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `${tlsCertificate === undefined ? 'http' : 'https'}://${shown}:${taken}`;
}

function readCertificate({ tlsCertificate, tlsKey }: ServerSettings): { cert: Buffer; key: Buffer } | undefined {
  if (tlsCertificate === undefined || tlsKey === undefined) return undefined;
  try {
    return { cert: readFileSync(tlsCertificate), key: readFileSync(tlsKey) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PlimsollError('CONFIGURATION_INVALID', `Cannot serve HTTPS: ${why}`, { cause: error });
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PlimsollError(
      'FILE_DENIED',
      `Cannot make the data folder "${printable(folder)}": ${why}; set PLIMSOLL_DATA`,
      {
        cause: error,
      },
    );
  }
}

/** JSON lines. Headers that carry secrets never get there. */
function openLog({ logLevel }: ServerSettings, { log }: ServerWorld): Logger {
  return pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-api-key"]'],
    },
    { write: log },
  );
}
