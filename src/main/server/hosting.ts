/**
 * The hosted registry of a server: its routes, the reading of what is pushed, and its work in the background.
 */
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import type { ServerSettings } from '#base/server-settings.ts';
import type { BlobStore } from '#blob/blob-store.ts';
import { collectGarbage } from '#hosting/collect-garbage.ts';
import { HOSTING_LIMITS, type HostingContext, type HostingLimits, type PushListener } from '#hosting/context.ts';
import { LayerIntake } from '#hosting/layer-intake.ts';
import { PullLog } from '#hosting/pull-log.ts';
import { NO_REGISTRY_KEYS, type RegistryKeyAuthority } from '#hosting/registry-key.ts';
import { keepFacts, scanPushed } from '#hosting/scan-pushed.ts';
import { openTokenSigner } from '#hosting/token.ts';
import { ociRoutes } from '#http/oci/routes.ts';
import type { Api } from '#http/server.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import { LayerPool } from '#scan/layer-pool.ts';
import type { HostedAddress } from '#store/hosting-space.ts';

/** Settings of the server that are about the registry. */
type HostingSettings = Pick<
  ServerSettings,
  'maxBlobBytes' | 'uploadStallSeconds' | 'uploadIdleHours' | 'blobGraceHours'
>;

/** What the registry is made of beside the server's own parts. */
export interface HostingParts {
  readonly content: ContentContext;
  readonly blobs: BlobStore;
  readonly log: Logger;
  readonly settings: HostingSettings;
  /** How clients reach the server, when that is set. */
  readonly publicUrl: string | undefined;
  /** For references. */
  readonly address: HostedAddress;
  readonly keys?: RegistryKeyAuthority | undefined;
  readonly listeners?: readonly PushListener[] | undefined;
}

/** The registry of a server. Closing it ends what reads layers, and writes what it has counted; the blob store stays open. */
export interface Hosting extends AsyncDisposable {
  readonly api: Api;
  readonly context: HostingContext;
  /** Begins the work in the background; to be called once the server listens. */
  work(): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** When garbage is collected, in UTC. */
const COLLECTION_CRON = '41 * * * *';

function limitsOf({
  maxBlobBytes,
  uploadStallSeconds,
  uploadIdleHours,
  blobGraceHours,
}: HostingSettings): HostingLimits {
  return {
    ...HOSTING_LIMITS,
    maxBlobBytes,
    stallMs: uploadStallSeconds * 1000,
    uploadIdleMs: uploadIdleHours * HOUR_MS,
    graceMs: blobGraceHours * HOUR_MS,
  };
}

/** Puts the registry together. */
export async function openHosting(parts: HostingParts): Promise<Hosting> {
  const { content, blobs, log, publicUrl } = parts;
  await using opened = new AsyncDisposableStack();
  const threads = Math.max(1, Math.min(4, availableParallelism()));
  const pool = opened.use(new LayerPool({ isBackground: true }));
  const intake = opened.use(
    new LayerIntake({
      blobs,
      pool,
      keep: (layer, entry) => keepFacts(content, layer, entry),
      maxReaders: threads,
      log,
    }),
  );
  const context: HostingContext = {
    ...content,
    blobs,
    address: parts.address,
    limits: limitsOf(parts.settings),
    keys: parts.keys ?? NO_REGISTRY_KEYS,
    listeners: parts.listeners ?? [],
    watcher: intake,
    log,
  };
  const signer = await openTokenSigner(context);
  const pulls = opened.use(new PullLog(context));
  const closing = opened.move();
  return {
    api: ociRoutes({ hosting: context, signer, pulls, publicUrl }),
    context,
    async work() {
      const { queue } = content;
      const scan = { ...content, ...context, pool, intake };
      await queue.work('push-scan', (data, { signal }) => scanPushed(scan, data, signal), threads);
      await queue.work('hosted-collection', async (_, { signal }) => void (await collectGarbage(context, signal)));
      await queue.repeat('hosted-collection', COLLECTION_CRON);
    },
    [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
  };
}
