/** Who may use the routes of webhooks. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const settingsOf = (world: SampleWorld) => ({
  name: world.freshName(),
  url: 'https://hooks.example/plimsoll',
  kinds: ['run.failed'],
  namespaceId: world.own,
});

async function newWebhook(world: SampleWorld): Promise<SampleRequest> {
  const { webhook } = await world.ask('POST', '/api/v1/webhooks', settingsOf(world));
  return { params: { webhookId: (webhook as { id: string }).id } };
}

/** Webhooks and their deliveries. */
export const WEBHOOK_ROWS: readonly Row[] = [
  {
    route: 'GET /api/v1/webhooks',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newWebhook(world);
      return {};
    },
  },
  { route: 'POST /api/v1/webhooks', for: 'admin', request: world => ({ body: settingsOf(world) }) },
  { route: 'GET /api/v1/webhooks/:webhookId', for: 'admin', request: newWebhook },
  {
    route: 'PATCH /api/v1/webhooks/:webhookId',
    for: 'admin',
    request: async world => ({ ...(await newWebhook(world)), body: { isEnabled: false } }),
  },
  { route: 'DELETE /api/v1/webhooks/:webhookId', for: 'admin', request: newWebhook },
  { route: 'POST /api/v1/webhooks/:webhookId/test', for: 'admin', request: newWebhook },
  { route: 'GET /api/v1/webhooks/:webhookId/deliveries', for: 'admin', request: newWebhook },
  {
    route: 'POST /api/v1/webhooks/:webhookId/deliveries/:deliveryId/redeliver',
    for: 'admin',
    request: async world => {
      const { params } = await newWebhook(world);
      const { deliveryId } = await world.ask('POST', `/api/v1/webhooks/${params?.['webhookId']}/test`);
      return { params: { ...params, deliveryId: String(deliveryId) } };
    },
  },
];
