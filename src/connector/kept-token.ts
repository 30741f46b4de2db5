/**
 * A token of a product's API that is fetched when first needed, shared by all calls, and renewed before it ends.
 */
import { untilAborted } from '#image/registry/until-aborted.ts';
import type { CallOptions } from './connector.ts';

/** A token and how long it may be used. */
export interface FreshToken {
  readonly value: string;
  readonly lifeMs: number;
}

interface Kept {
  readonly token: Promise<FreshToken>;
  expiresAt: number;
}

/** An answer may take a while, and clocks run differently. */
const USABLE_SHARE = 0.8;

/** See above. */
export class KeptToken {
  readonly #fetch: (options: CallOptions) => Promise<FreshToken>;
  readonly #now: () => number;
  #current: Kept | undefined;
  #values: readonly string[] = [];

  /** `fetch` is called for all who wait at that moment, so a caller who leaves does not end it: only closing the connection does. */
  constructor(fetch: (options: CallOptions) => Promise<FreshToken>, now: () => number) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** The token, fetched if there is none or the time of the last is nearly over. @throws what `fetch` throws. */
  async get({ signal }: CallOptions): Promise<string> {
    const kept = this.#current;
    const current = kept === undefined || kept.expiresAt <= this.#now() ? this.#renew() : kept;
    const { value } = await untilAborted(current.token, signal);
    return value;
  }

  /** The token was refused. */
  forget(): void {
    this.#current = undefined;
  }

  /** The tokens granted so far, for keeping them out of messages: the last two. */
  secrets(): readonly string[] {
    return this.#values;
  }

  #renew(): Kept {
    const token = this.#fetch({ signal: new AbortController().signal });
    const kept: Kept = { token, expiresAt: Number.POSITIVE_INFINITY };
    this.#current = kept;
    token.then(
      ({ value, lifeMs }) => {
        kept.expiresAt = this.#now() + lifeMs * USABLE_SHARE;
        this.#values = [value, ...this.#values].slice(0, 2);
      },
      () => {
        if (this.#current === kept) this.#current = undefined;
      },
    );
    return kept;
  }
}
