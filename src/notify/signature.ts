/**
 * How a receiver knows that a delivery is ours: an HMAC over its id, its time and its body.
 *
 * Source: Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64>`); libraries that check it exist for most languages.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';

const PREFIX = 'whsec_';

/** A new secret: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return `${PREFIX}${randomBytes(32).toString('base64')}`;
}

/** Checks a secret that a person chose. @throws {PlimsollError} `REQUEST_INVALID`. */
export function checkWebhookSecret(secret: string): string {
  const bytes = keyOf(secret);
  if (secret.startsWith(PREFIX) && bytes.length >= 24 && bytes.length <= 64) return secret;
  throw new PlimsollError(
    'REQUEST_INVALID',
    'Cannot use the secret: expected whsec_ and 24 to 64 bytes in base64; leave it out to have one made',
  );
}

/** The headers of a delivery. */
export function signatureHeaders(
  { id, body, at }: { readonly id: string; readonly body: string; readonly at: Date },
  secret: string,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
