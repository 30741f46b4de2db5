/**
 * Tells a registry that asks by Clair's API what a re-match changed of its images: one call that names a notification, which it then reads
 * page by page and deletes.
 *
 * Source: Clair's notifier, and what Quay checks: HS256 with `iat`, `nbf` and `exp`, no leeway, no `aud`; delivered is what it answers with 200.
 */
import { SignJWT } from 'jose';
import { PlimsollError } from '#base/errors.ts';
import { DEFAULT_PATIENCE } from '#image/registry/attempt.ts';
import { discard, type ProxyEnvironment, Transport } from '#image/registry/transport.ts';
import {
  findClairNotification,
  insertClairNotifications,
  markClairNotificationDelivered,
} from '#store/clair-notification.ts';
import type { ServerContext } from '#store/context.ts';
import { inTransaction } from '#store/transaction.ts';

const TIMEOUT_MS = 20_000;
/** Tokens hold a minute to either side: clocks differ, and Quay forgives nothing that lies ahead. */
const TOKEN_SECONDS = 60;

/** Makes notifications of what re-matches have changed since the last time, and queues that they are told of. */
export async function makeClairNotifications({ store, queue, now }: ServerContext): Promise<void> {
  await inTransaction(store.db, async trx => {
    for (const notificationId of await insertClairNotifications(trx, now())) {
      await queue.send(trx, 'clair-delivery', { notificationId });
    }
  });
}

/** How to tell. */
export interface ClairDeliveryOptions {
  /** What Quay calls its notification endpoint. */
  readonly webhook: URL;
  /** Missing: nothing is signed. */
  readonly key: Uint8Array | undefined;
  /** How this server is reached, for the address of the pages. */
  readonly publicUrl: string;
  readonly env: ProxyEnvironment;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/**
 * Tells of one notification; fine when that was done, or it is gone.
 * @throws {PlimsollError} `REGISTRY_UNAVAILABLE`, `REGISTRY_DENIED`, … when it is to be tried again.
 */
export async function deliverClairNotification(
  { store, now }: ServerContext,
  id: string,
  { webhook, key, publicUrl, env, userAgent, signal }: ClairDeliveryOptions,
): Promise<void> {
  const notification = await findClairNotification(store.db, id);
  if (notification === undefined || notification.isDelivered) return;
  await using transport = new Transport({
    tlsVerify: true,
    authorities: [],
    proxies: env,
    patience: { ...DEFAULT_PATIENCE, connectTimeoutMs: TIMEOUT_MS / 2, headersTimeoutMs: TIMEOUT_MS },
    userAgent,
    allowsLinkLocal: false,
    home: webhook.hostname,
    advice: 'settings',
  });
  const authorization = key === undefined ? {} : { authorization: `Bearer ${await signFor(key, now())}` };
  const body = JSON.stringify({ notification_id: id, callback: `${publicUrl}/notifier/api/v1/notification/${id}` });
  const task = 'Cannot tell the registry of new findings';
  const headers = { 'content-type': 'application/json', ...authorization };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const answer = await transport.send({ method: 'POST', url: webhook, headers, body }, { task, signal: deadline });
  await discard(answer);
  if (answer.status === 200) return await markClairNotificationDelivered(store.db, id, now());
  const isDenied = answer.status === 401 || answer.status === 403;
  throw new PlimsollError(
    isDenied ? 'REGISTRY_DENIED' : 'REGISTRY_UNAVAILABLE',
    `${task}: ${webhook.host} answers ${answer.status}${isDenied ? '; is PLIMSOLL_CLAIR_PSK the key that it has?' : ''}`,
  );
}

async function signFor(key: Uint8Array, now: Date): Promise<string> {
  const seconds = Math.floor(now.getTime() / 1000);
  return await new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('clair-notifier')
    .setIssuedAt(seconds - TOKEN_SECONDS)
    .setNotBefore(seconds - TOKEN_SECONDS)
    .setExpirationTime(seconds + TOKEN_SECONDS)
    .sign(key);
}
