/**
 * Secrets of sensors: the one-time token of a new one, and the secret that it makes itself. 256 bits of chance each, so a plain hash is
 * enough to keep of them.
 */
import { hash, randomBytes } from 'node:crypto';

const TOKEN = /^plst_[A-Za-z0-9_-]{43}$/;
const SECRET = /^plss_[A-Za-z0-9_-]{43}$/;

/** A one-time token to introduce a sensor with: `plst_…`. */
export function newSensorToken(): string {
  return `plst_${randomBytes(32).toString('base64url')}`;
}

/** What a sensor shows with each request: `plss_…`. The sensor makes it, so that it has it also when the answer to its introduction is lost. */
export function newSensorSecret(): string {
  return `plss_${randomBytes(32).toString('base64url')}`;
}

export function isSensorToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isSensorSecret(text: string): boolean {
  return SECRET.test(text);
}

/** What is kept of either. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret);
}
