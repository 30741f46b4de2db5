/**
 * The password that AWS gives out for pulling: good for twelve hours, shared by all repositories, renewed before it ends.
 */
import { PlimsollError } from '#base/errors.ts';
import type { CredentialStore, Credentials } from '#image/registry/credential-store.ts';
import type { CallOptions } from '../connector.ts';
import { KeptToken } from '../kept-token.ts';

/** A password and when it ends, in milliseconds since 1970. */
export interface EcrPassword {
  readonly username: string;
  readonly password: string;
  readonly expiresAtMs: number;
}

/** Pulls take a while: a password with less than this left is not begun with. */
const MARGIN_MS = 10 * 60_000;
const DEFAULT_LIFE_MS = 60 * 60_000;

/** See above. */
export class EcrLogin implements CredentialStore {
  readonly #kept: KeptToken;
  readonly #now: () => number;
  #current: EcrPassword | undefined;

  constructor(fetch: (call: CallOptions) => Promise<EcrPassword>, now: () => number) {
    this.#now = now;
    this.#kept = new KeptToken(async call => {
      this.#current = await fetch(call);
      return { value: this.#current.password, lifeMs: this.#current.expiresAtMs - now() };
    }, now);
  }

  /** @throws {PlimsollError} `REGISTRY_DENIED` when AWS gives none. */
  async find(_: unknown, call: CallOptions): Promise<Credentials | undefined> {
    const password = await this.#kept.get(call);
    const { username = 'AWS', expiresAtMs = this.#now() + DEFAULT_LIFE_MS } = this.#current ?? {};
    // The same share of its life as `KeptToken` uses would renew it here at the moment it is renewed there.
    const left = expiresAtMs - this.#now();
    const lookAgainMs = this.#now() + Math.max(left - Math.max(MARGIN_MS, left * 0.2), left * 0.5);
    return { kind: 'password', username, password, source: 'AWS', expiresAtMs: lookAgainMs };
  }
}

/** Takes the token of AWS apart: base64 of `AWS:password`. @throws {PlimsollError} `REGISTRY_INVALID`. */
export function readLogin(token: string | undefined, expiresAt: Date | undefined, task: string): EcrPassword {
  const text = Buffer.from(token ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) {
    throw new PlimsollError(
      'REGISTRY_INVALID',
      `${task}: AWS gives no password, although it answers the request for one`,
    );
  }
  const expiresAtMs = expiresAt?.getTime() ?? Date.now() + DEFAULT_LIFE_MS;
  return { username: text.slice(0, colon), password: text.slice(colon + 1), expiresAtMs };
}
