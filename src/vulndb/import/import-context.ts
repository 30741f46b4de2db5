/** What every import is given, and what it gives back. */
import { setImmediate } from 'node:timers/promises';
import type { Advisory, ReadCounts } from '#advisory/advisory.ts';
import { toPlimsollError } from '#base/errors.ts';
import type { DatabaseBuild } from '../database-build.ts';
import type { FeedKind } from './recognise.ts';

/** Options of an import. */
export interface ImportContext {
  readonly build: DatabaseBuild;
  readonly signal: AbortSignal;
  readonly now: Date;
  /** Whether a source may have far fewer advisories than it had. */
  readonly mayShrink: boolean;
  /** Where the file is from, when that is not the file itself: a URL. */
  readonly origin?: string;
  /** ISO 8601: up to when the source is known to be complete; by default the latest date in it, or the file's. */
  readonly asOf?: string;
  /** What the fetcher wants to find with the part next time, given the latest date in it. */
  readonly stateOf?: (latest: string | undefined) => string;
  /** Told now and then how much of the file was read, in bytes on disk. */
  readonly onBytes?: (bytes: number) => void;
}

/** What came of one file or folder of records. */
export interface Imported {
  /** As given, or below it. */
  readonly path: string;
  readonly kind: FeedKind;
  /** `osv npm`, `alpine-secdb Alpine:v3.19/main`. */
  readonly parts: readonly string[];
  readonly counts: ReadCounts;
}

/** Lets timers and signals have their turn, now and then; readers here are synchronous and would keep everything waiting. */
export class Breather {
  readonly #signal: AbortSignal;
  #last = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Whether it is time to: asking is far cheaper than waiting for nothing. */
  get isDue(): boolean {
    return performance.now() - this.#last >= 50;
  }

  /** @throws {PlimsollError} `CANCELLED`. */
  async breathe(): Promise<void> {
    await setImmediate();
    this.#last = performance.now();
    if (this.#signal.aborted) throw toPlimsollError(this.#signal.reason);
  }
}

/** The latest date that advisories have; those in the future are mistakes. */
export class LatestDate {
  readonly #limit: string;
  #latest = '';

  constructor(now: Date) {
    this.#limit = now.toISOString();
  }

  see({ modified, published }: Advisory): void {
    const date = modified ?? published ?? '';
    if (date > this.#latest && date <= this.#limit) this.#latest = date;
  }

  /** `undefined` when there was none. */
  get date(): string | undefined {
    return this.#latest === '' ? undefined : this.#latest;
  }
}
