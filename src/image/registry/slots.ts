/**
 * At most so many requests to one registry at a time, first come, first served.
 */
import { toPlimsollError } from '#base/errors.ts';

/** A counted set of places; who takes one gives it back once. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a place. The function returned gives it back; calling it again does nothing. @throws {PlimsollError} `CANCELLED`. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw toPlimsollError(signal.reason);
    if (this.#free > 0) {
      this.#free -= 1;
      return this.#giveBack();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      const at = this.#waiting.indexOf(resolve);
      if (at !== -1) this.#waiting.splice(at, 1);
      reject(toPlimsollError(signal.reason));
    };
    this.#waiting.push(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return this.#giveBack();
  }

  #giveBack(): () => void {
    let isGivenBack = false;
    return () => {
      if (isGivenBack) return;
      isGivenBack = true;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }
}
