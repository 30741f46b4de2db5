/**
 * Webhooks: who wants to hear of what, and where.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { whyRefused } from '#image/registry/address.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { ServerContext } from '#store/context.ts';
import type { Db } from '#store/database.ts';
import type { EventKind } from '#store/event.ts';
import {
  changeWebhook,
  findWebhook,
  insertDelivery,
  insertWebhook,
  listStoredWebhooks,
  removeStoredWebhook,
  resetDelivery,
  type StoredWebhook,
  type WebhookFilter,
} from '#store/webhook.ts';
import { isMailAddress, parseMailAddress } from './mail-address.ts';
import { checkWebhookSecret, newWebhookSecret } from './signature.ts';

/** A webhook as it is shown: without its secret. */
export type WebhookView = Omit<StoredWebhook, 'sealedSecret'>;

/** What people set of a webhook. */
export interface WebhookSettings {
  readonly name: string;
  readonly url: string;
  readonly kinds: readonly EventKind[];
  readonly filter: WebhookFilter;
  readonly isEnabled: boolean;
}

/** Whether the server can send mail, which webhooks to mailboxes need. */
export interface MailAbility {
  readonly hasMail: boolean;
}

/** Makes a webhook. Its secret is returned this once. @throws {PlimsollError} `REQUEST_INVALID`. */
export async function createWebhook(
  { store, sealer, now }: ServerContext,
  {
    namespaceId,
    secret,
    ...settings
  }: WebhookSettings & { readonly namespaceId: string; readonly secret?: string | undefined },
  { actor, hasMail }: { readonly actor: Actor } & MailAbility,
): Promise<{ readonly webhook: WebhookView; readonly secret: string }> {
  checkUrl(settings.url, { hasMail });
  const id = randomUUID();
  const at = now();
  const used = secret === undefined ? newWebhookSecret() : checkWebhookSecret(secret);
  const stored = await store.db.transaction().execute(async trx => {
    const made = await insertWebhook(trx, {
      ...settings,
      id,
      namespaceId,
      sealedSecret: sealer.seal(used, purposeOf(id)),
      at,
    });
    await recordAudit(trx, {
      at,
      actor,
      action: 'webhook.create',
      namespaceId,
      subjectKind: 'webhook',
      subjectId: id,
      detail: shown(settings),
    });
    return made;
  });
  return { webhook: toView(stored), secret: used };
}

/**
 * Changes a webhook; with `rotatesSecret` it gets a new secret, which is returned.
 * @throws {PlimsollError} `NOT_FOUND`, `VERSION_CONFLICT`, `REQUEST_INVALID`.
 */
export async function updateWebhook(
  context: ServerContext,
  id: string,
  { rotatesSecret = false, ...change }: Partial<WebhookSettings> & { readonly rotatesSecret?: boolean | undefined },
  { actor, revision, hasMail }: { readonly actor: Actor; readonly revision?: number | undefined } & MailAbility,
): Promise<{ readonly webhook: WebhookView; readonly secret?: string }> {
  const { store, sealer, now } = context;
  if (change.url !== undefined) checkUrl(change.url, { hasMail });
  const secret = rotatesSecret ? newWebhookSecret() : undefined;
  const sealedSecret = secret === undefined ? undefined : sealer.seal(secret, purposeOf(id));
  const at = now();
  const stored = await store.db.transaction().execute(async trx => {
    await requireWebhook(trx, id);
    const changed = await changeWebhook(trx, id, { ...change, sealedSecret }, { at, revision });
    if (changed === undefined) {
      throw new PlimsollError(
        'VERSION_CONFLICT',
        'Cannot change the webhook: somebody else has changed it; read it again',
      );
    }
    const { namespaceId } = changed;
    const detail = { ...shown(change), rotatesSecret };
    await recordAudit(trx, {
      at,
      actor,
      action: 'webhook.update',
      namespaceId,
      subjectKind: 'webhook',
      subjectId: id,
      detail,
    });
    return changed;
  });
  return { webhook: toView(stored), ...(secret === undefined ? {} : { secret }) };
}

/** Removes a webhook; what was not delivered is not. @throws {PlimsollError} `NOT_FOUND`. */
export async function removeWebhook(context: ServerContext, id: string, actor: Actor): Promise<void> {
  const { store, now } = context;
  await store.db.transaction().execute(async trx => {
    const { namespaceId, name } = await requireWebhook(trx, id);
    await removeStoredWebhook(trx, id);
    await recordAudit(trx, {
      at: now(),
      actor,
      action: 'webhook.remove',
      namespaceId,
      subjectKind: 'webhook',
      subjectId: id,
      detail: { name },
    });
  });
}

/** One webhook. @throws {PlimsollError} `NOT_FOUND`. */
export async function getWebhook({ store }: Pick<ServerContext, 'store'>, id: string): Promise<WebhookView> {
  return toView(await requireWebhook(store.db, id));
}

async function requireWebhook(db: Db, id: string): Promise<StoredWebhook> {
  const found = await findWebhook(db, id);
  if (found === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot find the webhook: there is none of that id');
  return found;
}

/** Webhooks by name. */
export async function listWebhooks(
  { store }: Pick<ServerContext, 'store'>,
  namespaceIds: readonly string[] | undefined,
): Promise<readonly WebhookView[]> {
  return (await listStoredWebhooks(store.db, { namespaceIds })).map(toView);
}

/** Sends something to a webhook so that its receiver can be tried. Returns the id of the delivery. @throws {PlimsollError} `NOT_FOUND`. */
export async function testWebhook(context: ServerContext, id: string): Promise<string> {
  const { store, queue, now } = context;
  const at = now();
  const { name, namespaceId } = await getWebhook(context, id);
  const deliveryId = randomUUID();
  const body = JSON.stringify({
    type: 'webhook.test',
    timestamp: at.toISOString(),
    data: { webhook: name, namespaceId },
  });
  await store.db.transaction().execute(async trx => {
    await insertDelivery(trx, { id: deliveryId, webhookId: id, eventId: undefined, kind: 'webhook.test', body, at });
    await queue.send(trx, 'webhook-delivery', { deliveryId });
  });
  return deliveryId;
}

/** Makes a delivery again, with all its attempts. @throws {PlimsollError} `NOT_FOUND`. */
export async function redeliver({ store, queue, now }: ServerContext, deliveryId: string): Promise<void> {
  await store.db.transaction().execute(async trx => {
    if (!(await resetDelivery(trx, deliveryId, now()))) {
      throw new PlimsollError('NOT_FOUND', 'Cannot find the delivery: there is none of that id');
    }
    await queue.send(trx, 'webhook-delivery', { deliveryId });
  });
}

/** What a webhook's secret is sealed for. */
export function purposeOf(webhookId: string): string {
  return `webhook/${webhookId}`;
}

function checkUrl(text: string, { hasMail }: MailAbility): void {
  if (isMailAddress(text)) {
    parseMailAddress(text);
    if (hasMail) return;
    throw new PlimsollError(
      'REQUEST_INVALID',
      'Cannot use the address of the webhook: this server sends no mail; its operator sets PLIMSOLL_SMTP',
    );
  }
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      'Cannot use the address of the webhook: expected a URL that begins with https:// or http://, or mailto: and mailboxes',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new PlimsollError(
      'REQUEST_INVALID',
      'Cannot use the address of the webhook: it holds a password; receivers check the signature instead',
    );
  }
  // What no setting allows is said now, and not by a delivery that fails some day. Names are looked up when something is delivered.
  const refused = whyRefused(url.hostname, { allowsLoopback: true, allowsLinkLocal: false });
  if (refused !== undefined) {
    throw new PlimsollError('REQUEST_INVALID', `Cannot use the address of the webhook: ${url.hostname} ${refused}`);
  }
}

/** For the audit log. Addresses may hold tokens in their query. */
function shown({ url, ...rest }: Partial<WebhookSettings>): Readonly<Record<string, unknown>> {
  return { ...rest, ...(url === undefined ? {} : { host: isMailAddress(url) ? url : URL.parse(url)?.host }) };
}

function toView({ sealedSecret: _, ...webhook }: StoredWebhook): WebhookView {
  return webhook;
}
