/** Webhooks to mailboxes, with a real mail server. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServerContext } from '#store/context.ts';
import type { Store } from '#store/database.ts';
import { openQueue, type Queue } from '#store/queue.ts';
import { createSealer } from '#store/seal.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { findDelivery, insertDelivery, listDeliveries } from '#store/webhook.ts';
import { deliver, PAUSES_MS } from './deliver.ts';
import type { MailSettings } from './mail.ts';
import { parseMailAddress } from './mail-address.ts';
import { writeMail } from './mail-text.ts';
import { createWebhook, redeliver, testWebhook } from './webhook.ts';

const by = { actor: { name: 'someone' }, hasMail: true };
const signal = new AbortController().signal;

interface Message {
  readonly to: readonly string[];
  readonly from: string;
  readonly source: string;
}

describeStores('webhooks to mailboxes', open => {
  let store: Store;
  let queue: Queue;
  let context: ServerContext;
  let server: SMTPServer;
  let mail: MailSettings;
  let namespaceId: string;
  let messages: Message[] = [];
  let refusal: string | undefined;
  let clock = new Date('2026-05-01T00:00:00Z');

  beforeAll(async () => {
    store = await open();
    queue = await openQueue(store, { onError: () => {} });
    context = { store, queue, sealer: createSealer('x'.repeat(32)), now: () => clock };
    server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      onData(stream, { envelope }, done) {
        void text(stream).then(source => {
          if (refusal !== undefined) return done(Object.assign(new Error(refusal), { responseCode: 451 }));
          const { mailFrom, rcptTo } = envelope;
          const from = mailFrom === false ? '' : mailFrom.address;
          messages.push({ to: rcptTo.map(({ address }) => address), from, source });
          return done();
        });
      },
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.server.address() as AddressInfo;
    mail = { server: new URL(`smtp://127.0.0.1:${port}`), from: 'Plimsoll <plimsoll@example.test>' };
  });
  afterAll(async () => {
    await new Promise<void>(resolve => server.close(() => resolve()));
    await queue[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await emptyStore(store);
    messages = [];
    refusal = undefined;
    clock = new Date('2026-05-01T00:00:00Z');
    namespaceId = randomUUID();
    const namespace = { id: namespaceId, name: 'default', displayName: 'Default', createdAt: clock };
    await store.db.insertInto('namespace').values(namespace).execute();
  });

  const options = () => ({
    env: {},
    allowsPrivateAddresses: false,
    userAgent: 'plimsoll/test',
    mail,
    site: 'https://plimsoll.test',
    signal,
  });
  const make = async (url = 'mailto:one@example.test,two@example.test') => {
    const settings = { name: 'to the team', url, kinds: ['findings.new'], filter: {}, isEnabled: true } as const;
    return (await createWebhook(context, { ...settings, namespaceId }, by)).webhook;
  };
  const due = async (webhookId: string, data: Record<string, unknown>) => {
    const id = randomUUID();
    const body = JSON.stringify({ type: 'findings.new', timestamp: clock.toISOString(), data });
    await insertDelivery(store.db, { id, webhookId, eventId: undefined, kind: 'findings.new', body, at: clock });
    return id;
  };

  test('a test message reaches every mailbox, and says where it is from', async () => {
    const webhook = await make();
    await deliver(context, await testWebhook(context, webhook.id), options());
    expect(messages).toHaveLength(1);
    const [{ to, from, source } = { to: [], from: '', source: '' }] = messages;
    expect(to).toEqual(['one@example.test', 'two@example.test']);
    expect(from).toBe('plimsoll@example.test');
    expect(source).toContain('Subject: [Plimsoll] This is a test');
    expect(source).toContain('Auto-Submitted: auto-generated');
    expect(source.replaceAll('=\r\n', '').replaceAll('\r\n', '\n')).toContain('of Plimsoll at https://plimsoll.test');
  });

  test('what is due goes in one message, once, whoever sends it', async () => {
    const webhook = await make();
    const ids: string[] = [];
    for (let at = 0; at < 120; at += 1) {
      clock = new Date(clock.getTime() + 1);
      ids.push(await due(webhook.id, { repository: `app-${at}`, findingsNew: at + 1 }));
    }
    await Promise.all(ids.slice(0, 8).map(async id => await deliver(context, id, options())));
    for (const id of ids) await deliver(context, id, options());
    expect(messages).toHaveLength(1);
    const source = messages[0]?.source ?? '';
    expect(source).toContain('(and 119 more)');
    expect(source).toContain('app-49');
    expect(source).toContain('and 70 more: https://plimsoll.test/');
    const deliveries = await listDeliveries(store.db, { webhookId: webhook.id, limit: 200 });
    expect(new Set(deliveries.map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(new Set(['delivered 1']));
  });

  test('what is not due yet waits', async () => {
    const webhook = await make();
    const id = randomUUID();
    const dueAt = new Date(clock.getTime() + 30_000);
    const delivery = {
      id,
      webhookId: webhook.id,
      eventId: undefined,
      kind: 'findings.new',
      body: '{}',
      at: clock,
      dueAt,
    };
    await insertDelivery(store.db, delivery);
    await deliver(context, id, options());
    expect(messages).toEqual([]);
    clock = dueAt;
    await deliver(context, id, options());
    expect(messages).toHaveLength(1);
  });

  test('a mail server that refuses is asked again with growing pauses; its words are in the log', async () => {
    const webhook = await make();
    refusal = 'come back later';
    const id = await due(webhook.id, {});
    for (const pause of PAUSES_MS) {
      await deliver(context, id, options());
      const noted = await findDelivery(store.db, id);
      expect(noted).toMatchObject({ state: 'pending' });
      expect(noted?.lastError).toMatch(/^The mail server answered: 451 .*come back later/);
      expect(Date.parse(noted?.nextAttemptAt ?? '') - clock.getTime()).toBe(pause);
      clock = new Date(clock.getTime() + pause);
    }
    await deliver(context, id, options());
    expect(await findDelivery(store.db, id)).toMatchObject({ state: 'failed' });
    refusal = undefined;
    await redeliver(context, id);
    await deliver(context, id, options());
    expect(await findDelivery(store.db, id)).toMatchObject({ state: 'delivered' });
  });

  test('a password is not told to a server without TLS', async () => {
    const webhook = await make();
    const id = await due(webhook.id, {});
    const withPassword = { ...mail, server: new URL(mail.server) };
    withPassword.server.username = 'plimsoll';
    withPassword.server.password = 'hush-hush';
    await deliver(context, id, { ...options(), mail: withPassword });
    const noted = await findDelivery(store.db, id);
    expect(noted).toMatchObject({ state: 'pending', attempts: 1 });
    expect(JSON.stringify(noted)).not.toContain('hush-hush');
    expect(messages).toEqual([]);
  });

  test('without a mail server it says so', async () => {
    const webhook = await make();
    const id = await due(webhook.id, {});
    await deliver(context, id, { ...options(), mail: undefined });
    const lastError = 'This server sends no mail: PLIMSOLL_SMTP is not set';
    expect(await findDelivery(store.db, id)).toMatchObject({ lastError });
    await expect(make('mailto:a@example.test?bcc=b@example.test')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('addresses', () => {
  test.each([
    { why: 'no mailbox', url: 'mailto:' },
    { why: 'no host', url: 'mailto:someone' },
    { why: 'a field', url: 'mailto:a@example.test?subject=x' },
    { why: 'a line break', url: 'mailto:a%0d%0aBcc:b@example.test' },
    { why: 'a name with a mailbox', url: 'mailto:A%20%3Ca@example.test%3E' },
    { why: 'too many', url: `mailto:${Array.from({ length: 21 }, (_, at) => `a${at}@example.test`).join(',')}` },
  ])('"$url" is refused: $why', ({ url }) => {
    expect(() => parseMailAddress(url)).toThrow(/^Cannot use the address of the webhook: /);
  });

  test('a mailbox that is named twice is told once', () => {
    expect(parseMailAddress('mailto:a@example.test,%20a@example.test,b+c@example.test')).toEqual([
      'a@example.test',
      'b+c@example.test',
    ]);
  });
});

describe('words', () => {
  const site = 'https://plimsoll.test';
  const digest = `sha256:${'ab'.repeat(32)}`;
  test.each([
    {
      kind: 'findings.new',
      data: {
        repository: 'shop/cart',
        digest,
        findingsNew: 3,
        findingsFixed: 1,
        findingsChanged: 0,
        worstNew: 'CRITICAL',
      },
      subject: 'New findings: shop/cart sha256:abababababab, 3 new findings, the worst is CRITICAL, 1 finding gone',
      place: `/images/${digest}`,
    },
    {
      kind: 'run.failed',
      data: {
        name: 'nightly',
        number: 7,
        runId: 'r1',
        state: 'failed',
        from: 'running',
        errors: [{ message: 'No answer' }],
      },
      subject: 'Run failed: nightly run 7, failed, before it running, No answer',
      place: '/runs/r1',
    },
    {
      kind: 'build.succeeded',
      data: {
        project: 'Pilot',
        projectId: 'p',
        buildId: 'b',
        tag: '1.0-2',
        packageCount: 1,
        findingsGone: ['CVE-1', 'CVE-2'],
      },
      subject: 'Build succeeded: Pilot 1.0-2, 2 findings gone, 1 package updated',
      place: '/projects/p/builds/b',
    },
    {
      kind: 'grade.changed',
      data: { project: 'Pilot', projectId: 'p', imageId: 'i', digest, grade: 'C', before: 'A' },
      subject: 'Grade changed: Pilot sha256:abababababab, grade C, before it A',
      place: '/projects/p/images/i',
    },
    {
      kind: 'registry.health',
      data: { name: 'harbour', registryId: 'x/y', health: 'unreachable', from: 'ok', detail: 'It does not answer' },
      subject: 'A registry changed its state: harbour, unreachable, before it ok, It does not answer',
      place: '/registries/x%2Fy',
    },
    {
      kind: 'image.failed',
      data: { repository: 'a', tag: 'b\r\nBcc: c@example.test', error: { message: 'Too large' } },
      subject: 'Image failed: a b\\x0d\\x0aBcc: c@example.test, Too large',
      place: undefined,
    },
  ])('$kind', ({ kind, data, subject, place }) => {
    const written = writeMail([{ kind, body: JSON.stringify({ data }) }], { webhook: 'w', site });
    expect(written.subject).toBe(`[Plimsoll] ${subject}`);
    const [first, second] = written.text.split('\n');
    expect(first).toBe(`- ${subject}`);
    expect(second).toBe(place === undefined ? '' : `  ${site}${place}`);
  });
});
