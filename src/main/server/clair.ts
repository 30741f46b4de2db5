/** Clair's API for another registry, where the settings switch it on: what it works with, and its work. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ServerSettings } from '#base/server-settings.ts';
import { Slots } from '#image/registry/slots.ts';
import {
  type ClairDeliveryOptions,
  deliverClairNotification,
  makeClairNotifications,
} from '#notify/clair-notification.ts';
import type { AdapterContext } from '#scan/adapter/adapter-scan.ts';
import type { ClairContext } from '#scan/clair/clair-context.ts';
import { resumeClairIndexes } from '#scan/clair/index-image.ts';
import { runClairIndex } from '#scan/clair/run-index.ts';
import { forgetClairIndexes } from '#store/clair-index.ts';
import { beginClairNotifications, forgetClairNotifications } from '#store/clair-notification.ts';
import type { ServerContext } from '#store/context.ts';
import type { HostedAddress } from '#store/hosting-space.ts';

/** Images whose layers one server fetches at a time: links live for a minute, so that few may wait. */
const CONCURRENCY = 8;
/** Of these, images that are read at a time. */
const READERS = 2;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Until what nobody asks for is forgotten. Quay never asks again for what it has the result of, unless somebody looks at it. */
const DONE_DAYS = 400;
const OTHER_DAYS = 30;

/** What Clair's API works with, and the key of who may ask; `undefined` when it is off. */
export function openClair(
  context: AdapterContext,
  { settings, folder }: { readonly settings: ServerSettings; readonly folder: string },
): { readonly context: ClairContext; readonly key: Uint8Array | undefined } | undefined {
  const { clair } = settings;
  if (clair === undefined) return undefined;
  const hosts = [...clair.hosts, ...(clair.webhook === undefined ? [] : [clair.webhook.hostname])];
  const scratch = { scratchFolder: join(folder, 'tmp'), diskFloorBytes: settings.diskFloorBytes };
  return { context: { ...context, clair: { hosts, ...scratch, reading: new Slots(READERS) } }, key: clair.key };
}

/** Starts the work; closing it gives back what is in hand. */
export async function startClairWork(
  context: ClairContext,
  {
    settings,
    address,
    log,
  }: { readonly settings: ServerSettings; readonly address: HostedAddress; readonly log: Logger },
): Promise<AsyncDisposable> {
  const { queue } = context;
  const { key, webhook } = settings.clair ?? {};
  const stopping = new AbortController();
  if (key === undefined) log.warn('clair API asks for no key: whoever reaches it may use it');
  const index = async (manifest: string, signal: AbortSignal) => {
    const started = performance.now();
    try {
      const end = await runClairIndex(context, manifest, AbortSignal.any([signal, stopping.signal]));
      const durationMs = Math.round(performance.now() - started);
      if (end !== undefined) log.info({ manifest, durationMs, ...end }, 'clair index ended');
    } catch (err) {
      if (!signal.aborted && !stopping.signal.aborted) log.error({ err, manifest }, 'clair index failed');
      throw err;
    }
  };
  await queue.work('clair-index', ({ manifestHash }, { signal }) => index(manifestHash, signal), CONCURRENCY);
  await resumeClairIndexes(context);
  if (webhook !== undefined) {
    await startTelling(context, { webhook, key, address, log });
    await askForClairNotifications(context, settings);
  }
  return { [Symbol.asyncDispose]: async () => stopping.abort() };
}

async function startTelling(
  context: ClairContext,
  {
    address,
    log,
    ...receiver
  }: Pick<ClairDeliveryOptions, 'webhook' | 'key'> & { readonly address: HostedAddress; readonly log: Logger },
): Promise<void> {
  const { queue, store, world } = context;
  await beginClairNotifications(store.db);
  await queue.work('clair-notify', () => makeClairNotifications(context));
  await queue.work('clair-delivery', async ({ notificationId }, { signal }) => {
    const options = { ...receiver, publicUrl: address.url, env: world.env, userAgent: world.userAgent, signal };
    await deliverClairNotification(context, notificationId, options).catch(err => {
      if (!signal.aborted) log.warn({ err, notificationId }, 'clair notification not delivered');
      throw err;
    });
  });
}

/** Has notifications made, after a re-match. */
export async function askForClairNotifications(
  { queue, store }: ServerContext,
  { clair }: Pick<ServerSettings, 'clair'>,
): Promise<void> {
  if (clair?.webhook !== undefined) await queue.send(store.db, 'clair-notify', {}, { singletonKey: 'rematch' });
}

/** Forgets indexes and notifications whose time is over. */
export async function tidyClair({ store: { db }, now }: ServerContext): Promise<void> {
  const before = (days: number) => new Date(now().getTime() - days * DAY_MS);
  await forgetClairIndexes(db, { doneBefore: before(DONE_DAYS), otherBefore: before(OTHER_DAYS) });
  await forgetClairNotifications(db, before(OTHER_DAYS));
}
