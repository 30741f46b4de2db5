/**
 * Random secrets that are shown once, and the hashes by which they are known again.
 *
 * They are 256 bits from the system's generator, so that a plain hash of them cannot be searched: only passwords need a slow one.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/** A new secret: `prefix` and 43 characters of base64url. */
export function makeToken(prefix = ''): string {
  return `${prefix}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
}

/** What is stored instead of the secret: SHA-256 in hex. */
export function hashToken(token: string): string {
  return hash('sha256', token, 'hex');
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
