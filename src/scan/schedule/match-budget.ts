/**
 * The time that a run may spend on holding names against patterns.
 *
 * Expressions are matched in linear time, but a mean one still costs half a millisecond a name, and there may be 50 of them and 50,000 names
 * in one listing. Matching is not interrupted by anything else, so it must not take long.
 */
import { PlimsollError } from '#base/errors.ts';
import { matches, type Pattern } from './pattern.ts';
import { quoted } from './violation.ts';

const DEFAULT_LIMIT_MS = 10_000;
/** Names between two looks at the clock. */
const STRIDE = 100;

/** One for each run; what is spent in one repository is not there for the next. */
export class MatchBudget {
  readonly #limitMs: number;
  readonly #now: () => number;
  #spentMs = 0;

  constructor({ limitMs = DEFAULT_LIMIT_MS, now = () => performance.now() } = {}) {
    this.#limitMs = limitMs;
    this.#now = now;
  }

  /** The names that a pattern covers, in their order. @throws {PlimsollError} `LIMIT_EXCEEDED` when the time is over. */
  cover(pattern: Pattern, names: readonly string[]): readonly string[] {
    // Looking at the clock would cost more than comparing a few texts.
    if (names.length <= STRIDE && !('expression' in pattern)) return names.filter(name => matches(pattern, name));
    const covered: string[] = [];
    for (let at = 0; at < names.length; at += STRIDE) {
      if (this.#spentMs > this.#limitMs) throw this.#exceeded(pattern);
      const start = this.#now();
      for (const name of names.slice(at, at + STRIDE)) if (matches(pattern, name)) covered.push(name);
      this.#spentMs += this.#now() - start;
    }
    return covered;
  }

  #exceeded({ text }: Pattern): PlimsollError {
    const limit = `${this.#limitMs / 1000} s`;
    return new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot hold all names against the entries of the job: it took longer than ${limit}, with ${quoted(text)} as the last; use fewer or simpler entries`,
    );
  }
}
