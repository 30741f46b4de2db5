/**
 * Deliveries by e-mail. Whatever is due for the same mailboxes goes in one message: a new vulnerability database can change hundreds of images
 * within a second, and nobody reads hundreds of messages.
 */
import { createTransport } from 'nodemailer';
import { printable } from '#base/text.ts';
import type { ServerContext } from '#store/context.ts';
import { claimDeliveries, noteAttempt, type StoredDelivery, type StoredWebhook } from '#store/webhook.ts';
import { parseMailAddress } from './mail-address.ts';
import { writeMail } from './mail-text.ts';

const SECOND = 1000;
/** How long deliveries wait for others that may come. */
export const MAIL_GATHER_MS = 30 * SECOND;
const TIMEOUT_MS = 20 * SECOND;
/** Who has taken deliveries for a message has so long; then others may. */
const CLAIM_MS = 2 * 60 * SECOND;
/** Jobs start by the clock of the store, which may be ahead of ours. */
const CLOCK_TOLERANCE_MS = 5 * SECOND;
const MAX_EVENTS = 200;
const SHOWN_LENGTH = 500;

/** The server that takes our messages. */
export interface MailSettings {
  /** `smtp:` or `smtps:`, with user and password where it wants them. */
  readonly server: URL;
  /** Whom messages are from: a mailbox, or a name with one in angle brackets. */
  readonly from: string;
}

/** What an attempt came to, for each delivery that was in the message. */
export interface MailAttempt {
  readonly deliveries: readonly StoredDelivery[];
  readonly error?: string | undefined;
}

/**
 * Sends what is due for a webhook's mailboxes, in one message; nothing when another has taken it.
 *
 * `site`: where the links lead.
 */
export async function sendDue(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  webhook: StoredWebhook,
  {
    mail,
    site,
    signal,
  }: { readonly mail: MailSettings | undefined; readonly site: string; readonly signal: AbortSignal },
): Promise<MailAttempt> {
  const at = now();
  const dueBy = new Date(at.getTime() + CLOCK_TOLERANCE_MS);
  const until = new Date(at.getTime() + CLAIM_MS);
  const deliveries = await claimDeliveries(store.db, webhook.id, { dueBy, until, limit: MAX_EVENTS });
  const [first] = deliveries;
  if (first === undefined) return { deliveries };
  if (mail === undefined) return { deliveries, error: 'This server sends no mail: PLIMSOLL_SMTP is not set' };
  try {
    const { subject, text } = writeMail(deliveries, { webhook: webhook.name, site });
    signal.throwIfAborted();
    await send(mail, { to: parseMailAddress(webhook.url), subject, text, id: first.id }, signal);
    return { deliveries };
  } catch (error) {
    return { deliveries, error: tell(error) };
  }
}

/** Notes the same result for all deliveries of a message. */
export async function noteMail(
  trx: Parameters<typeof noteAttempt>[0],
  { deliveries }: MailAttempt,
  resultOf: (delivery: StoredDelivery) => Parameters<typeof noteAttempt>[2],
): Promise<void> {
  for (const delivery of deliveries) await noteAttempt(trx, delivery.id, resultOf(delivery));
}

async function send(
  { server, from }: MailSettings,
  message: { readonly to: readonly string[]; readonly subject: string; readonly text: string; readonly id: string },
  signal: AbortSignal,
): Promise<void> {
  const { to, subject, text, id } = message;
  const user = decodeURIComponent(server.username);
  const isEncrypted = server.protocol === 'smtps:';
  const transport = createTransport({
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (isEncrypted ? 465 : 587) : Number(server.port),
    secure: isEncrypted,
    // Without a password there is nothing to lose by plain text; with one there is.
    requireTLS: !isEncrypted && user !== '',
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(server.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const stop = () => transport.close();
  signal.addEventListener('abort', stop);
  try {
    const domain = /@([^\s@>]+)>?$/.exec(from)?.[1] ?? 'localhost';
    await transport.sendMail({
      from,
      to: [...to],
      subject,
      text,
      // The same for each attempt, so that mailboxes can tell repetitions.
      messageId: `<${id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    });
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
}

/** The mail server's own words; they hold no password, which is never echoed. */
function tell(error: unknown): string {
  const { response, responseCode } = error as { readonly response?: unknown; readonly responseCode?: unknown };
  if (typeof response === 'string') return printable(`The mail server answered: ${response}`, SHOWN_LENGTH);
  if (typeof responseCode === 'number') return `The mail server answered with ${responseCode}`;
  const why = error instanceof Error ? error.message : String(error);
  return printable(`The mail server cannot be used: ${why}`, SHOWN_LENGTH);
}
