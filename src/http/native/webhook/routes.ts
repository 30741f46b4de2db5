/**
 * `/api/v1/webhooks`: who is told of what happens, and the log of deliveries.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import {
  createWebhook,
  getWebhook,
  listWebhooks,
  type MailAbility,
  redeliver,
  removeWebhook,
  testWebhook,
  updateWebhook,
  type WebhookView,
} from '#notify/webhook.ts';
import type { ServerContext } from '#store/context.ts';
import { EVENT_KINDS } from '#store/event.ts';
import { findDelivery, listDeliveries, type StoredDelivery } from '#store/webhook.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { expectedRevision, sendRevision } from '../../revision.ts';
import { actorOf, signedIn } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';

const filterSchema = z.strictObject({
  registryIds: z.array(z.uuid()).max(100).optional().describe('Only events of these registries'),
  minSeverity: z
    .number()
    .int()
    .min(0)
    .max(5)
    .optional()
    .describe('Of new findings only from this severity: 5 critical, 4 high, 3 medium, 2 low'),
});

const settings = {
  name: z.string().trim().min(1).max(200),
  url: z.string().max(2000),
  kinds: z.array(z.enum(EVENT_KINDS)).min(1).max(EVENT_KINDS.length),
  filter: filterSchema,
  isEnabled: z.boolean(),
};

const webhookSchema = z
  .object({
    id: z.uuid(),
    namespaceId: z.uuid(),
    ...settings,
    url: z.string(),
    revision: z.number().int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });

const deliverySchema = z
  .object({
    id: z.uuid(),
    webhookId: z.uuid(),
    eventId: z.number().int().nullable(),
    kind: z.string(),
    body: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.number().int(),
    lastStatus: z.number().int().nullable(),
    lastError: z.string().nullable(),
    lastDurationMs: z.number().int().nullable(),
    nextAttemptAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    deliveredAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

const params = z.object({ webhookId: z.uuid() });
const tags = ['webhooks'];
const access = { config: { access: 'signed-in' as const } };

/** Adds the routes. */
export function webhookRoutes(context: ServerContext, { hasMail }: MailAbility) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    const mine = async (request: FastifyRequest, id: string): Promise<WebhookView> => {
      const webhook = await getWebhook(context, id);
      requireRole(signedIn(request), 'admin', webhook.namespaceId);
      return webhook;
    };
    app.get(
      '/api/v1/webhooks',
      {
        ...access,
        schema: {
          tags,
          summary: 'List webhooks of the namespaces that I am admin of',
          response: { 200: z.object({ items: z.array(webhookSchema) }), ...problems },
        },
      },
      async request => {
        const principal = signedIn(request);
        const wanted =
          principal.everywhere === 'admin'
            ? undefined
            : [...principal.namespaces].filter(([, role]) => role === 'admin').map(([id]) => id);
        return { items: (await listWebhooks(context, wanted)).map(present) };
      },
    );
    app.post(
      '/api/v1/webhooks',
      {
        config: { access: 'signed-in', answersSecret: true },
        schema: {
          tags,
          summary: 'Make a webhook; its secret is shown this once',
          description:
            'Deliveries are POSTs of JSON, signed as Standard Webhooks 1.0 says (`webhook-id`, `webhook-timestamp`, `webhook-signature`), and tried again for a day. An address `mailto:name@example.com,…` has them sent as e-mail, where the server has PLIMSOLL_SMTP.',
          body: z.strictObject({
            ...settings,
            namespaceId: z.uuid(),
            filter: filterSchema.default({}),
            isEnabled: z.boolean().default(true),
            secret: z.string().max(200).optional(),
          }),
          response: { 201: z.object({ webhook: webhookSchema, secret: z.string() }), ...problems },
        },
      },
      async (request, reply) => {
        requireRole(signedIn(request), 'admin', request.body.namespaceId);
        const { webhook, secret } = await createWebhook(context, request.body, {
          actor: actorOf(request),
          hasMail,
        });
        sendRevision(reply, webhook.revision);
        return await reply.code(201).send({ webhook: present(webhook), secret });
      },
    );
    app.get(
      '/api/v1/webhooks/:webhookId',
      { ...access, schema: { tags, summary: 'Read a webhook', params, response: { 200: webhookSchema, ...problems } } },
      async (request, reply) => {
        const webhook = await mine(request, request.params.webhookId);
        sendRevision(reply, webhook.revision);
        return present(webhook);
      },
    );
    app.patch(
      '/api/v1/webhooks/:webhookId',
      {
        ...access,
        schema: {
          tags,
          summary: 'Change a webhook',
          params,
          body: z.strictObject({
            ...z.strictObject(settings).partial().shape,
            rotatesSecret: z.boolean().optional().describe('Make a new secret and show it'),
          }),
          response: { 200: z.object({ webhook: webhookSchema, secret: z.string().optional() }), ...problems },
        },
      },
      async (request, reply) => {
        const { webhookId } = request.params;
        await mine(request, webhookId);
        const by = { actor: actorOf(request), revision: expectedRevision(request), hasMail };
        const { webhook, secret } = await updateWebhook(context, webhookId, given(request.body), by);
        sendRevision(reply, webhook.revision);
        return { webhook: present(webhook), ...(secret === undefined ? {} : { secret }) };
      },
    );
    app.delete(
      '/api/v1/webhooks/:webhookId',
      {
        ...access,
        schema: { tags, summary: 'Remove a webhook and its log', params, response: { 204: z.null(), ...problems } },
      },
      async (request, reply) => {
        await mine(request, request.params.webhookId);
        await removeWebhook(context, request.params.webhookId, actorOf(request));
        return await reply.code(204).send(null);
      },
    );
    app.post(
      '/api/v1/webhooks/:webhookId/test',
      {
        ...access,
        schema: {
          tags,
          summary: 'Send a test delivery',
          params,
          response: { 202: z.object({ deliveryId: z.uuid() }), ...problems },
        },
      },
      async (request, reply) => {
        await mine(request, request.params.webhookId);
        return await reply.code(202).send({ deliveryId: await testWebhook(context, request.params.webhookId) });
      },
    );
    app.get(
      '/api/v1/webhooks/:webhookId/deliveries',
      {
        ...access,
        schema: {
          tags,
          summary: 'List deliveries, newest first',
          params,
          querystring: z.object(pageQuery),
          response: { 200: pageOf(deliverySchema), ...problems },
        },
      },
      async request => {
        const { webhookId } = request.params;
        await mine(request, webhookId);
        const { limit, cursor } = request.query;
        const before = decodeCursor(cursor, z.object({ at: z.iso.datetime(), id: z.uuid() }));
        const deliveries = await listDeliveries(context.store.db, { webhookId, before, limit: limit + 1 });
        const { items, nextCursor } = toPage(deliveries, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
        return { items: items.map(presentDelivery), nextCursor };
      },
    );
    app.post(
      '/api/v1/webhooks/:webhookId/deliveries/:deliveryId/redeliver',
      {
        ...access,
        schema: {
          tags,
          summary: 'Make a delivery again',
          params: params.extend({ deliveryId: z.uuid() }),
          response: { 202: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        const { webhookId, deliveryId } = request.params;
        await mine(request, webhookId);
        const delivery = await findDelivery(context.store.db, deliveryId);
        if (delivery?.webhookId !== webhookId) {
          throw new PlimsollError('NOT_FOUND', 'Cannot find the delivery: this webhook has none of that id');
        }
        await redeliver(context, deliveryId);
        return await reply.code(202).send(null);
      },
    );
  };
}

/** Without what was not said, which is not the same as saying nothing of it. */
function given<T extends object>(body: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as never;
}

function present({ kinds, filter, ...webhook }: WebhookView) {
  const { registryIds, minSeverity } = filter;
  return {
    ...webhook,
    kinds: [...kinds],
    filter: {
      ...(registryIds === undefined ? {} : { registryIds: [...registryIds] }),
      ...(minSeverity === undefined ? {} : { minSeverity }),
    },
  };
}

function presentDelivery(delivery: StoredDelivery) {
  const { eventId, lastStatus, lastError, lastDurationMs, nextAttemptAt, deliveredAt, ...rest } = delivery;
  return {
    ...rest,
    eventId: eventId ?? null,
    lastStatus: lastStatus ?? null,
    lastError: lastError ?? null,
    lastDurationMs: lastDurationMs ?? null,
    nextAttemptAt: nextAttemptAt ?? null,
    deliveredAt: deliveredAt ?? null,
  };
}
