/** Webhooks on both databases, with a real receiver. */
import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ServerContext } from '#store/context.ts';
import type { Store } from '#store/database.ts';
import { currentEventPosition, type EventKind, followEvents, recordEvents } from '#store/event.ts';
import { openQueue, type Queue } from '#store/queue.ts';
import { createSealer } from '#store/seal.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { findDelivery, listDeliveries } from '#store/webhook.ts';
import { deliver, PAUSES_MS } from './deliver.ts';
import { dispatchEvents } from './dispatch-events.ts';
import { runNotifier } from './run-notifier.ts';
import { createWebhook, redeliver, removeWebhook, testWebhook, updateWebhook } from './webhook.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const actor = { name: 'someone' };
const by = { actor, hasMail: false };
const options = { env: {}, allowsPrivateAddresses: true, userAgent: 'plimsoll/test', site: 'https://plimsoll.test' };
const signal = new AbortController().signal;

describeStores('webhooks', open => {
  let store: Store;
  let queue: Queue;
  let context: ServerContext;
  let receiver: Server;
  let url: string;
  let namespaceId: string;
  let received: Received[] = [];
  let status = 204;
  let clock = new Date('2026-05-01T00:00:00Z');
  let onReceived: () => void = () => {};

  beforeAll(async () => {
    store = await open();
    queue = await openQueue(store, { onError: () => {} });
    context = { store, queue, sealer: createSealer('x'.repeat(32)), now: () => clock };
    receiver = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', text => {
        body += text;
      });
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        response.writeHead(status).end(status === 204 ? undefined : 'not today');
        onReceived();
      });
    });
    await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  afterAll(async () => {
    receiver.close();
    await queue[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await emptyStore(store);
    received = [];
    status = 204;
    clock = new Date('2026-05-01T00:00:00Z');
    namespaceId = randomUUID();
    await store.db
      .insertInto('namespace')
      .values({ id: namespaceId, name: 'default', displayName: 'Default', createdAt: clock })
      .execute();
    await dispatchEvents(context);
  });

  const make = async (kinds: readonly EventKind[] = ['run.completed'], filter = {}) =>
    await createWebhook(context, { namespaceId, name: 'hook', url, kinds, filter, isEnabled: true }, by);
  /** Records an event, and waits until it can be passed on: a transaction of anybody in the same cluster may hold it back. */
  const happen = async (kind: EventKind, data: Record<string, unknown> = {}, registryId?: string) => {
    const from = await currentEventPosition(store.db);
    await recordEvents(store.db, [{ kind, at: clock, namespaceId, registryId, data }]);
    while ((await followEvents(store.db, { from, limit: 1 })).length === 0) await setImmediate();
  };
  const deliveriesOf = async (webhookId: string) => await listDeliveries(store.db, { webhookId, limit: 50 });

  test('an event is delivered once, signed so that the receiver can check it', async () => {
    const { webhook, secret } = await make();
    await happen('run.completed', { run: 'nightly' });
    await dispatchEvents(context);
    await dispatchEvents(context);
    const [delivery, ...others] = await deliveriesOf(webhook.id);
    expect(others).toEqual([]);
    await deliver(context, delivery?.id ?? '', { ...options, signal });
    await deliver(context, delivery?.id ?? '', { ...options, signal });
    expect(received).toHaveLength(1);
    const { headers, body } = received[0] ?? { headers: {}, body: '' };
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(JSON.parse(body)).toMatchObject({ type: 'run.completed', data: { run: 'nightly', namespaceId } });
    expect(await findDelivery(store.db, delivery?.id ?? '')).toMatchObject({
      state: 'delivered',
      attempts: 1,
      lastStatus: 204,
    });
  });

  test('two servers that pass events on at once make one delivery', async () => {
    const { webhook } = await make();
    await happen('run.completed');
    await Promise.all([dispatchEvents(context), dispatchEvents(context), dispatchEvents(context)]);
    await dispatchEvents(context);
    expect(await deliveriesOf(webhook.id)).toHaveLength(1);
  });

  test.each([
    { why: 'another kind', kinds: ['run.failed'], filter: {}, count: 0 },
    { why: 'another registry', kinds: ['findings.new'], filter: { registryIds: [randomUUID()] }, count: 0 },
    { why: 'too low a severity', kinds: ['findings.new'], filter: { minSeverity: 5 }, count: 0 },
    { why: 'a severity high enough', kinds: ['findings.new'], filter: { minSeverity: 4 }, count: 1 },
  ] as const)('a webhook gets $count deliveries: $why', async ({ kinds, filter, count }) => {
    const { webhook } = await make(kinds, filter);
    await happen('findings.new', { worstNew: 'HIGH' }, randomUUID());
    await dispatchEvents(context);
    expect(await deliveriesOf(webhook.id)).toHaveLength(count);
  });

  test('events of another namespace are not told', async () => {
    const { webhook } = await make();
    await recordEvents(store.db, [{ kind: 'run.completed', at: clock, namespaceId: randomUUID(), data: {} }]);
    await dispatchEvents(context);
    expect(await deliveriesOf(webhook.id)).toEqual([]);
  });

  test('a receiver that refuses is asked again with growing pauses, and at last given up; then it can be tried again by hand', async () => {
    const { webhook } = await make();
    status = 500;
    await happen('run.completed');
    await dispatchEvents(context);
    const id = (await deliveriesOf(webhook.id))[0]?.id ?? '';
    for (const pause of PAUSES_MS) {
      await deliver(context, id, { ...options, signal });
      const noted = await findDelivery(store.db, id);
      expect(noted).toMatchObject({
        state: 'pending',
        lastStatus: 500,
        lastError: 'The receiver answered with 500: not today',
      });
      expect(Date.parse(noted?.nextAttemptAt ?? '') - clock.getTime()).toBe(pause);
      clock = new Date(clock.getTime() + pause);
    }
    await deliver(context, id, { ...options, signal });
    expect(await findDelivery(store.db, id)).toMatchObject({ state: 'failed', attempts: PAUSES_MS.length + 1 });
    status = 204;
    await redeliver(context, id);
    await deliver(context, id, { ...options, signal });
    expect(await findDelivery(store.db, id)).toMatchObject({ state: 'delivered' });
  });

  test('a private address is refused unless the settings allow it, and the secret is in no message', async () => {
    const { webhook, secret } = await make();
    const id = await testWebhook(context, webhook.id);
    await deliver(context, id, { ...options, allowsPrivateAddresses: false, signal });
    const noted = await findDelivery(store.db, id);
    expect(noted?.lastError).toMatch(/refusing to connect|which is/);
    expect(JSON.stringify(noted)).not.toContain(secret);
    expect(received).toEqual([]);
  });

  test.each([
    'ftp://example.test/',
    'nothing',
    'https://user:password@example.test/',
    'mailto:someone@example.test',
    'http://169.254.169.254/latest',
  ])('the address "%s" is refused', async address => {
    const made = createWebhook(
      context,
      { namespaceId, name: 'x', url: address, kinds: ['run.completed'], filter: {}, isEnabled: true },
      by,
    );
    await expect(made).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test('a change based on an old revision is refused; a removed webhook is gone with its log', async () => {
    const { webhook } = await make();
    const { webhook: changed, secret } = await updateWebhook(
      context,
      webhook.id,
      { isEnabled: false, rotatesSecret: true },
      { ...by, revision: 1 },
    );
    expect(changed).toMatchObject({ isEnabled: false, revision: 2 });
    expect(secret).toMatch(/^whsec_/);
    const late = updateWebhook(context, webhook.id, { name: 'late' }, { ...by, revision: 1 });
    await expect(late).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await removeWebhook(context, webhook.id, actor);
    await expect(removeWebhook(context, webhook.id, actor)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const audit = await store.db.selectFrom('auditEntry').select('action').orderBy('id').execute();
    expect(audit.map(({ action }) => action)).toEqual(['webhook.create', 'webhook.update', 'webhook.remove']);
  });

  test('a running server passes on what happens by itself', async () => {
    await make();
    const { promise, resolve } = Promise.withResolvers<void>();
    onReceived = resolve;
    await using _ = await runNotifier(context, { ...options, onError: error => expect.unreachable(String(error)) });
    await happen('run.completed', { by: 'itself' });
    await promise;
    expect(received[0]?.body).toContain('"by":"itself"');
  });
});
