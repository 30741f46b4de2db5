/**
 * From events to deliveries: each event once for each webhook that wants it, whatever the number of servers.
 *
 * How far events have been passed on is a row that one server at a time holds, and it moves in the transaction that makes the deliveries.
 */
import { randomUUID } from 'node:crypto';
import type { ServerContext } from '#store/context.ts';
import { SEVERITY_RANKS } from '#store/counts.ts';
import { type EventKind, type FollowedEvent, followEvents } from '#store/event.ts';
import { moveFollower, takeFollowerPosition } from '#store/event-follower.ts';
import { insertDelivery, listStoredWebhooks, type StoredWebhook } from '#store/webhook.ts';
import { MAIL_GATHER_MS } from './mail.ts';
import { isMailAddress } from './mail-address.ts';

const POSITION = 'webhook-position';
const PAGE = 100;

/** Kinds that a webhook cannot ask for: they come by the second, and are for eyes. */
const TOO_MANY: ReadonlySet<EventKind> = new Set(['run.progress']);

/** Passes on what has happened. Returns how many deliveries were made; call again while `hasMore`. */
export async function dispatchEvents({ store, queue, now }: Pick<ServerContext, 'store' | 'queue' | 'now'>): Promise<{
  readonly deliveries: number;
  readonly hasMore: boolean;
}> {
  return await store.db.transaction().execute(async trx => {
    const from = await takeFollowerPosition(trx, POSITION);
    if (from === undefined) return { deliveries: 0, hasMore: false };
    const events = await followEvents(trx, { from, limit: PAGE });
    const last = events.at(-1);
    if (last === undefined) return { deliveries: 0, hasMore: false };
    const webhooks = await listStoredWebhooks(trx, { isEnabled: true });
    let deliveries = 0;
    for (const event of events) {
      for (const webhook of webhooks.filter(one => wants(one, event))) {
        const id = randomUUID();
        const body = JSON.stringify(toPayload(event));
        const at = now();
        const dueAt = isMailAddress(webhook.url) ? new Date(at.getTime() + MAIL_GATHER_MS) : undefined;
        const delivery = { id, webhookId: webhook.id, eventId: event.id, kind: event.kind, body, at, dueAt };
        await insertDelivery(trx, delivery);
        await queue.send(trx, 'webhook-delivery', { deliveryId: id }, dueAt === undefined ? {} : { startAfter: dueAt });
        deliveries += 1;
      }
    }
    await moveFollower(trx, POSITION, last.position);
    return { deliveries, hasMore: events.length === PAGE };
  });
}

/** Whether a webhook wants to hear of an event. What concerns no namespace goes to those that everybody may see: none. */
function wants(webhook: Pick<StoredWebhook, 'namespaceId' | 'kinds' | 'filter'>, event: FollowedEvent): boolean {
  if (TOO_MANY.has(event.kind) || !webhook.kinds.includes(event.kind)) return false;
  if (event.namespaceId !== undefined && event.namespaceId !== webhook.namespaceId) return false;
  const { registryIds, minSeverity } = webhook.filter;
  if (registryIds !== undefined && registryIds.length > 0) {
    if (event.registryId === undefined || !registryIds.includes(event.registryId)) return false;
  }
  if (minSeverity === undefined || event.kind !== 'findings.new') return true;
  const worst = event.data['worstNew'];
  // Of an unknown severity nobody can say that it is too low.
  if (typeof worst !== 'string' || !Object.hasOwn(SEVERITY_RANKS, worst) || worst === 'UNKNOWN') return true;
  return SEVERITY_RANKS[worst as keyof typeof SEVERITY_RANKS] >= minSeverity;
}

/** The body of a delivery, in the form that Standard Webhooks recommends. */
function toPayload(event: FollowedEvent) {
  const { id, kind, at, namespaceId, registryId, scheduleId, runId, data } = event;
  return { type: kind, timestamp: at, data: { eventId: id, namespaceId, registryId, scheduleId, runId, ...data } };
}
