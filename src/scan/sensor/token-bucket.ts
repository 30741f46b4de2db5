/** A cap on bytes per second that all images of a sensor share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { toPlimsollError } from '#base/errors.ts';

/** Bytes that may pass at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 1;

/** Tokens are bytes. Who has taken more than there were waits until the debt is paid. */
export class TokenBucket {
  readonly #now: () => number;
  #rate: number | undefined;
  #tokens = 0;
  #filledAt: number;

  /** `now` in milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#filledAt = now();
  }

  /** Bytes per second; undefined lifts the cap, also for those who wait from their next chunk on. */
  setRate(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond === this.#rate) return;
    this.#rate = bytesPerSecond;
    this.#tokens = (bytesPerSecond ?? 0) * BURST_SECONDS;
    this.#filledAt = this.#now();
  }

  /** Takes `bytes` that have come; milliseconds to wait before asking for more. */
  take(bytes: number): number {
    const rate = this.#rate;
    if (rate === undefined) return 0;
    const now = this.#now();
    const filled = this.#tokens + ((now - this.#filledAt) / 1000) * rate;
    this.#filledAt = now;
    this.#tokens = Math.min(rate * BURST_SECONDS, filled) - bytes;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / rate) * 1000);
  }

  /** Takes `bytes`, and waits as long as that costs. @throws {PlimsollError} `CANCELLED`. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.take(bytes);
    if (waitMs === 0) return;
    try {
      await sleep(waitMs, undefined, { signal });
    } catch {
      throw toPlimsollError(signal.reason);
    }
  }
}
