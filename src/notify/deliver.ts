/**
 * Makes deliveries: one POST, tried again with growing pauses until the receiver takes it.
 */
import { type PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { DEFAULT_PATIENCE } from '#image/registry/attempt.ts';
import { readAll } from '#image/registry/read-body.ts';
import { discard, type ProxyEnvironment, Transport } from '#image/registry/transport.ts';
import type { ServerContext } from '#store/context.ts';
import { findDelivery, findWebhook, listOverdueDeliveries, noteAttempt, type StoredWebhook } from '#store/webhook.ts';
import { type MailSettings, noteMail, sendDue } from './mail.ts';
import { isMailAddress } from './mail-address.ts';
import { signatureHeaders } from './signature.ts';
import { purposeOf } from './webhook.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses before the second attempt and those after it; after the last the delivery has failed. About a day in all. */
export const PAUSES_MS: readonly number[] = [
  5 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  16 * HOUR,
];

/** What a receiver may take to answer. */
const TIMEOUT_MS = 20 * SECOND;
/** Of an answer that refuses, so much is kept for whoever looks. */
const SHOWN_BYTES = 500;
/** A delivery overdue by this much has lost its job with a server. */
const LOST_MS = 10 * MINUTE;

/** What delivering needs besides. */
export interface DeliverOptions {
  readonly env: ProxyEnvironment;
  readonly allowsPrivateAddresses: boolean;
  readonly userAgent: string;
  /** Missing: the server sends no mail. */
  readonly mail?: MailSettings | undefined;
  /** Where the server is for people, without a slash at the end: links in mail lead there. */
  readonly site: string;
}

/** Makes one attempt at a delivery, and queues the next when it fails. Fine when it was made already. */
export async function deliver(
  context: ServerContext,
  deliveryId: string,
  options: DeliverOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { store, queue, now } = context;
  const delivery = await findDelivery(store.db, deliveryId);
  if (delivery === undefined || delivery.state !== 'pending') return;
  const webhook = await findWebhook(store.db, delivery.webhookId);
  if (webhook === undefined) return;
  if (isMailAddress(webhook.url)) return await deliverMail(context, webhook, options);
  const started = now();
  const { status, error } = await attempt(context, webhook, delivery, options);
  // The server stops: another makes the attempt, which does not count.
  if (error !== undefined && options.signal.aborted) throw options.signal.reason;
  const at = now();
  const durationMs = at.getTime() - started.getTime();
  const pause = error === undefined ? undefined : PAUSES_MS[delivery.attempts];
  const nextAttemptAt = pause === undefined ? undefined : new Date(at.getTime() + pause);
  const state = error === undefined ? 'delivered' : nextAttemptAt === undefined ? 'failed' : 'pending';
  await store.db.transaction().execute(async trx => {
    await noteAttempt(trx, deliveryId, { state, status, error, durationMs, at, nextAttemptAt });
    if (nextAttemptAt !== undefined)
      await queue.send(trx, 'webhook-delivery', { deliveryId }, { startAfter: nextAttemptAt });
  });
}

/** One message for all that is due. Which delivery the job was for does not matter: another job may have made it with its own. */
async function deliverMail(
  context: ServerContext,
  webhook: StoredWebhook,
  { mail, site, signal }: DeliverOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { store, queue, now } = context;
  const started = now();
  const attempt = await sendDue(context, webhook, { mail, site, signal });
  const { error } = attempt;
  const at = now();
  // The server stops: that attempt does not count, and the rescue makes another.
  if (error !== undefined && signal.aborted) throw signal.reason;
  const pauseOf = ({ attempts }: { readonly attempts: number }) =>
    error === undefined ? undefined : PAUSES_MS[attempts];
  await store.db.transaction().execute(async trx => {
    await noteMail(trx, attempt, delivery => {
      const pause = pauseOf(delivery);
      const nextAttemptAt = pause === undefined ? undefined : new Date(at.getTime() + pause);
      const state = error === undefined ? 'delivered' : nextAttemptAt === undefined ? 'failed' : 'pending';
      return { state, error, durationMs: at.getTime() - started.getTime(), at, nextAttemptAt };
    });
    for (const delivery of attempt.deliveries) {
      const pause = pauseOf(delivery);
      if (pause === undefined) continue;
      const startAfter = new Date(at.getTime() + pause);
      await queue.send(trx, 'webhook-delivery', { deliveryId: delivery.id }, { startAfter });
    }
  });
}

/** Queues deliveries again whose job was lost. Returns how many. */
export async function rescueDeliveries({ store, queue, now }: ServerContext): Promise<number> {
  const lost = await listOverdueDeliveries(store.db, new Date(now().getTime() - LOST_MS), 100);
  for (const deliveryId of lost)
    await queue.send(store.db, 'webhook-delivery', { deliveryId }, { singletonKey: deliveryId });
  return lost.length;
}

async function attempt(
  { sealer, now }: ServerContext,
  webhook: StoredWebhook,
  { id, body }: { readonly id: string; readonly body: string },
  { env, allowsPrivateAddresses, userAgent, signal }: DeliverOptions & { readonly signal: AbortSignal },
): Promise<{ readonly status?: number; readonly error?: string }> {
  await using transport = new Transport({
    tlsVerify: true,
    authorities: [],
    proxies: env,
    patience: { ...DEFAULT_PATIENCE, connectTimeoutMs: TIMEOUT_MS / 2, headersTimeoutMs: TIMEOUT_MS },
    userAgent,
    allowsLinkLocal: false,
    home: '',
    allowsPrivate: allowsPrivateAddresses,
  });
  const task = `Cannot deliver to "${webhook.name}"`;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const secret = sealer.open(webhook.sealedSecret, purposeOf(webhook.id));
    const headers = { 'content-type': 'application/json', ...signatureHeaders({ id, body, at: now() }, secret) };
    const answer = await transport.send(
      { method: 'POST', url: new URL(webhook.url), headers, body },
      { task, signal: deadline },
    );
    if (answer.status >= 200 && answer.status < 300) {
      await discard(answer);
      return { status: answer.status };
    }
    const said = await readAll(answer, transport, { task, signal: deadline, limitBytes: SHOWN_BYTES }).catch(
      () => new Uint8Array(),
    );
    await discard(answer);
    const words = printable(Buffer.from(said).toString('utf8').trim(), SHOWN_BYTES);
    return {
      status: answer.status,
      error: `The receiver answered with ${answer.status}${words === '' ? '' : `: ${words}`}`,
    };
  } catch (error) {
    const known: PlimsollError = toPlimsollError(error);
    return { error: printable(known.message, SHOWN_BYTES) };
  }
}
