/** Long work in the thread that also answers requests: it stops for a moment every few milliseconds. */
import { setImmediate } from 'node:timers/promises';

const SLICE_MS = 15;

/** See the head of the file: `if (pauses.isDue()) await pauses.take()`. */
export class Pauses {
  readonly #signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether the work has gone on for long enough. */
  isDue(): boolean {
    return performance.now() - this.#since > SLICE_MS;
  }

  /** Lets everything else run that waits. @throws the reason of the signal once it is aborted. */
  async take(): Promise<void> {
    await setImmediate();
    this.#signal.throwIfAborted();
    this.#since = performance.now();
  }
}
