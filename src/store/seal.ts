/**
 * Secrets at rest: AES-256-GCM under a key that is not in the database.
 *
 * What a secret belongs to is bound into it, so that a sealed value copied to another row does not open there.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';

/** Seals and opens secrets. */
export interface Sealer {
  /** `purpose` says what it belongs to: `registry/<id>`; the same must be said to open it. */
  seal(text: string, purpose: string): Uint8Array;
  /** @throws {PlimsollError} `CONFIGURATION_INVALID` when it was sealed with another key, or for another purpose. */
  open(sealed: Uint8Array, purpose: string): string;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealer with `secret`, at least 32 bytes of randomness in any form. @throws {PlimsollError} `CONFIGURATION_INVALID` for a short one. */
export function createSealer(secret: string): Sealer {
  if (Buffer.byteLength(secret) < 32) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      'Cannot use PLIMSOLL_SECRET_KEY: it has fewer than 32 characters; make one with "openssl rand -hex 32"',
    );
  }
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'plimsoll seal 1', 32));
  return {
    seal(text, purpose) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(
        Buffer.from(purpose),
      );
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed);
      try {
        if (bytes[0] !== VERSION) throw new Error('unknown version');
        const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
        const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(purpose))
          .setAuthTag(tag);
        const body = bytes.subarray(1 + NONCE_BYTES + TAG_BYTES);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new PlimsollError(
          'CONFIGURATION_INVALID',
          'Cannot open a stored secret: PLIMSOLL_SECRET_KEY is another than the one it was sealed with; enter the credentials again',
          { cause },
        );
      }
    },
  };
}
