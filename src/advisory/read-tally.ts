/**
 * The numbers that every import ends with: entries read, kept, skipped and why.
 */
import type { ReadCounts } from './advisory.ts';

/**
 * Counts while a source is read; one tally may go through many files of one source. Reasons are sentences of ours, never text of the
 * source, so that there are few of them.
 */
export class ReadTally {
  #kept = 0;
  readonly #skipped = new Map<string, number>();
  readonly #lost = new Map<string, number>();

  /** Entries that made it. */
  keep(count = 1): void {
    this.#kept += count;
  }

  /** Entries left out as a whole. */
  skip(reason: string, count = 1): void {
    add(this.#skipped, reason, count);
  }

  /** Parts of entries, without which the rest is read. */
  lose(reason: string, count = 1): void {
    add(this.#lost, reason, count);
  }

  /** How things stand; reasons in alphabetical order, so that the same source gives the same text. */
  counts(): ReadCounts {
    const skippedCount = [...this.#skipped.values()].reduce((sum, count) => sum + count, 0);
    return {
      read: this.#kept + skippedCount,
      kept: this.#kept,
      skipped: toRecord(this.#skipped),
      lost: toRecord(this.#lost),
    };
  }
}

function add(counts: Map<string, number>, reason: string, count: number): void {
  if (count > 0) counts.set(reason, (counts.get(reason) ?? 0) + count);
}

function toRecord(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
