/**
 * What reading one archive may cost, nested archives included: bytes and entries.
 *
 * A zip costs its author nothing: 42 KB inflate to petabytes, and a thousand entries may share one body. So every step pays
 * from one purse that all archives inside a file share, and the purse, not the archive, decides when it is over.
 */
import { PlimsollError } from '#base/errors.ts';

/** Entries of one archive, and of one that is nested in it. */
export const MAX_ENTRIES = 500_000;

const DEFAULT_BYTES = 1024 * 1024 * 1024;
const DEFAULT_ENTRIES = 4_000_000;
/** Setting up an inflater takes as long as inflating this much. */
const STEP_BYTES = 16 * 1024;

/** Bytes inflated, copied or searched, and entries listed; both only ever shrink. */
export class ZipBudget {
  #bytes: number;
  #entries: number;

  constructor({ bytes = DEFAULT_BYTES, entries = DEFAULT_ENTRIES }: { bytes?: number; entries?: number } = {}) {
    this.#bytes = bytes;
    this.#entries = entries;
  }

  get bytesLeft(): number {
    return this.#bytes;
  }

  /** Nothing more can be read. */
  get isUsedUp(): boolean {
    return this.#bytes === 0 || this.#entries === 0;
  }

  /** Pays for opening an archive or reading an entry, which takes time however small it is. @throws as `spendBytes`. */
  spendStep(): void {
    this.spendBytes(STEP_BYTES);
  }

  /** Pays for `count` bytes of work. @throws {PlimsollError} `LIMIT_EXCEEDED` when they are not left. */
  spendBytes(count: number): void {
    this.#bytes = Math.max(0, this.#bytes - count);
    if (this.#bytes === 0) {
      throw new PlimsollError('LIMIT_EXCEEDED', 'The archive inflates to more bytes than one archive may');
    }
  }

  /** Pays for one entry of a listing. @throws {PlimsollError} `LIMIT_EXCEEDED` when none is left. */
  spendEntry(): void {
    if (this.#entries === 0)
      throw new PlimsollError('LIMIT_EXCEEDED', 'The archive and those in it list too many entries');
    this.#entries -= 1;
  }
}
