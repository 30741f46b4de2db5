/** How far one task is: counted where bytes pass, told with heartbeats and at the end. */
import type { SeenRateLimit, TaskProgress } from '../task/contract.ts';

export class Meter {
  /** What is being done, for people. */
  detail: string | undefined;
  rateLimit: SeenRateLimit | undefined;
  #bytesPulled = 0;
  #bytesTotal: number | undefined;
  #pulls = 0;

  /** Bytes came from the registry. */
  count(bytes: number): void {
    this.#bytesPulled += bytes;
  }

  /** A manifest or blob was asked for. */
  countPull(): void {
    this.#pulls += 1;
  }

  /** So many more bytes are to be pulled; fewer, when they need not be after all. */
  expect(bytes: number): void {
    this.#bytesTotal = Math.max(0, (this.#bytesTotal ?? 0) + bytes);
  }

  snapshot(): TaskProgress {
    return {
      bytesPulled: this.#bytesPulled,
      pulls: this.#pulls,
      ...(this.#bytesTotal === undefined ? {} : { bytesTotal: this.#bytesTotal }),
      ...(this.detail === undefined ? {} : { detail: this.detail.slice(0, 200) }),
      ...(this.rateLimit === undefined ? {} : { rateLimit: this.rateLimit }),
    };
  }
}
