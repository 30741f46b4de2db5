/** The build service of a server: its use cases, its work in the background, and a builder of its own where the machine can build. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ServerSettings } from '#base/server-settings.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import type { BuildContext, FindPackageUpdates } from '#build/build-context.ts';
import { startBuildWork } from '#build/build-work.ts';
import { lookAtPrograms } from '#build/builder-programs.ts';
import type { LookAtSource } from '#build/configure-build.ts';
import { findPackageUpdates as findUpdates } from '#build/rebuild/find-package-updates.ts';
import { PackageIndexReader } from '#build/rebuild/index-reader.ts';
import { parseRepositoryMirrors } from '#build/rebuild/repositories.ts';
import { runBuild } from '#build/run-build.ts';
import { runBuilder } from '#build/run-builder.ts';
import { openBuilderPort } from '#build/server-builder-port.ts';
import { testSource } from '#build/test-source.ts';
import type { HostingContext } from '#hosting/context.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { openTaskBell } from '#scan/task/task-bell.ts';
import { BUILD_CHANNEL } from '#store/build.ts';
import { upsertBuiltInBuilder } from '#store/build-lease.ts';
import { FeedClient } from '#vulndb/fetch/feed-client.ts';
import type { ServerWorld } from './start-server.ts';

/** What routes of builds are made from. */
export interface BuildParts {
  readonly context: BuildContext;
  readonly look: LookAtSource;
  /** Why this server builds nothing itself; `undefined` when it does. */
  readonly builtInOff: () => string | undefined;
}

/** The build service. Closing it gives back the build in hand. */
export interface Builds extends AsyncDisposable {
  readonly parts: BuildParts;
  /** Begins the work, once the server listens. */
  work(options: { readonly hosting: HostingContext; readonly url: string }): Promise<void>;
}

const SWITCHED_OFF = 'This server builds nothing itself: PLIMSOLL_BUILDER is off';

/** Puts the build service together. */
export async function openBuilds({
  projects,
  blobs,
  settings,
  world,
  folder,
  log,
}: {
  readonly projects: ProjectContext;
  readonly blobs: BlobStore;
  readonly settings: ServerSettings;
  readonly world: ServerWorld;
  /** The data folder. */
  readonly folder: string;
  readonly log: Logger;
}): Promise<Builds> {
  await using opened = new AsyncDisposableStack();
  const bell = opened.use(await openTaskBell(projects.store, BUILD_CHANNEL));
  const client = opened.use(
    new FeedClient({ env: world.env, tlsVerify: true, userAgent: `plimsoll/${world.version}` }),
  );
  const reader = new PackageIndexReader(client);
  const mirrors = parseRepositoryMirrors(settings.packageMirrors);
  const findPackageUpdates: FindPackageUpdates =
    world.findPackageUpdates ?? (async (image, signal) => await findUpdates(image, { reader, mirrors, signal }));
  const context: BuildContext = { ...projects, blobs, bell };
  const place = join(folder, 'builds');
  const stopping = new AbortController();
  let off: string | undefined = settings.hasBuilder ? undefined : SWITCHED_OFF;
  let building: Promise<void> = Promise.resolve();
  // Before the bell is taken down.
  opened.defer(async () => {
    stopping.abort();
    await building;
  });
  const look: LookAtSource = async (source, where, signal) => {
    await mkdir(place, { recursive: true, mode: 0o700 });
    const scratch = await mkdtemp(join(place, 'look-'));
    try {
      return await testSource(source, where, { folder: scratch, proxies: world.env, signal });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  };
  const buildItself = async (url: string) => {
    const { versions, missing } = await lookAtPrograms(stopping.signal);
    off = missing;
    if (missing !== undefined) {
      log.info({ missing }, 'built-in builder off');
      return;
    }
    const name = `built-in@${hostname()}:${new URL(url).port}`;
    const all = { plimsoll: world.version, ...versions };
    const builder = await upsertBuiltInBuilder(context.store.db, { name, versions: all, at: world.now() });
    await runBuilder({
      port: openBuilderPort(context, { builder, registryUrl: url }),
      folder: place,
      versions: all,
      build: runBuild,
      tools: { proxies: world.env },
      log: log.child({ builder: builder.id }),
      signal: stopping.signal,
    });
  };
  const closing = opened.move();
  return {
    parts: { context, look, builtInOff: () => off },
    async work({ hosting, url }) {
      const work = {
        ...context,
        hosting,
        publicUrl: settings.publicUrl ?? url,
        version: world.version,
        findPackageUpdates,
      };
      await startBuildWork(work, { onProblem: problem => log.warn(problem, 'rebuild watch incomplete') });
      if (!settings.hasBuilder) return;
      building = buildItself(url).catch((err: unknown) => {
        if (!stopping.signal.aborted) log.error({ err }, 'built-in builder failed');
      });
    },
    [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
  };
}
