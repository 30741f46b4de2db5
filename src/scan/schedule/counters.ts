/**
 * The counters of a run, which always add up:
 *
 *     digestsSelected = digestsSkippedKnown + digestsSkippedPlatform + digestsSkippedNotScannable
 *                     + digestsQueued + digestsRunning + digestsScanned + digestsFailed + digestsNotReached
 *
 * Every selected digest is in exactly one of the eight at any moment, and events move it from one to another; nothing else changes them.
 * `digestsNotReached` is 0 until a run is cut short (cancelled, error, failed): then what was queued or running goes there, so that a run that
 * is over has nothing queued for ever.
 */
import { PlimsollError } from '#base/errors.ts';

/** The places a selected digest can be in. */
export const BUCKETS = [
  'digestsSkippedKnown',
  'digestsSkippedPlatform',
  'digestsSkippedNotScannable',
  'digestsQueued',
  'digestsRunning',
  'digestsScanned',
  'digestsFailed',
  'digestsNotReached',
] as const;
export type Bucket = (typeof BUCKETS)[number];

const TALLIES = ['repositoriesListed', 'tagsSeen', 'tagsMatched', 'bytesPulled', 'pullsCounted'] as const;
type Tally = (typeof TALLIES)[number];

/** Whole numbers, never negative. */
export type RunCounters = Readonly<Record<Tally | 'digestsSelected' | Bucket, number>>;

/** What changes counters. */
export type CounterEvent =
  /** A repository was listed; `tagsMatched` are those selected. */
  | { readonly kind: 'listed'; readonly tagsSeen: number; readonly tagsMatched: number }
  /** Digests were selected, straight into the bucket of their decision. */
  | {
      readonly kind: 'selected';
      readonly into: 'digestsSkippedKnown' | 'digestsSkippedPlatform' | 'digestsSkippedNotScannable' | 'digestsQueued';
      readonly count: number;
    }
  /** A sensor leased the task of a digest; the lease ran out or was given back; the scan ended. */
  | { readonly kind: 'leased' | 'returned' | 'scanned' | 'failed' }
  /** A queued digest needs no scan any more: another job's run scanned it. */
  | { readonly kind: 'shared' }
  /** A task that is not leased has used its attempts up. */
  | { readonly kind: 'given-up' }
  | { readonly kind: 'pulled'; readonly bytes: number; readonly pulls: number }
  /** The run was cut short. */
  | { readonly kind: 'cut-short' };

const MOVES = {
  leased: ['digestsQueued', 'digestsRunning'],
  returned: ['digestsRunning', 'digestsQueued'],
  scanned: ['digestsRunning', 'digestsScanned'],
  failed: ['digestsRunning', 'digestsFailed'],
  shared: ['digestsQueued', 'digestsScanned'],
  'given-up': ['digestsQueued', 'digestsFailed'],
} as const satisfies Record<string, readonly [Bucket, Bucket]>;

/** The counters of a run that has just been launched. */
export function startCounters(): RunCounters {
  const counters: Partial<Record<keyof RunCounters, number>> = {};
  for (const key of [...TALLIES, 'digestsSelected', ...BUCKETS] as const) counters[key] = 0;
  return counters as RunCounters;
}

/** The counters after an event. @throws {PlimsollError} `BUG` for an event that cannot be: a move out of an empty bucket, a negative count. */
export function applyCount(counters: RunCounters, event: CounterEvent): RunCounters {
  switch (event.kind) {
    case 'listed':
      return add(counters, { repositoriesListed: 1, tagsSeen: event.tagsSeen, tagsMatched: event.tagsMatched });
    case 'selected':
      return add(counters, { digestsSelected: event.count, [event.into]: event.count });
    case 'pulled':
      return add(counters, { bytesPulled: event.bytes, pullsCounted: event.pulls });
    case 'cut-short': {
      const digestsNotReached = counters.digestsNotReached + counters.digestsQueued + counters.digestsRunning;
      return { ...counters, digestsQueued: 0, digestsRunning: 0, digestsNotReached };
    }
    default: {
      const [from, to] = MOVES[event.kind];
      if (counters[from] === 0) {
        throw new PlimsollError('BUG', `Cannot count an image as ${event.kind}: none is in ${from}`);
      }
      return { ...counters, [from]: counters[from] - 1, [to]: counters[to] + 1 };
    }
  }
}

/** Whether every selected digest has reached its end: nothing is queued or running. A run ends when listing has ended, too. */
export function isSettled({ digestsQueued, digestsRunning }: RunCounters): boolean {
  return digestsQueued === 0 && digestsRunning === 0;
}

/** What is wrong with counters from elsewhere, a sentence without full stop; undefined when they add up. */
export function whyNotAddingUp(counters: RunCounters): string | undefined {
  const wrong = Object.entries(counters).find(([, value]) => !Number.isSafeInteger(value) || value < 0);
  if (wrong !== undefined) return `${wrong[0]} is ${wrong[1]}`;
  const sum = BUCKETS.reduce((total, bucket) => total + counters[bucket], 0);
  if (sum !== counters.digestsSelected) return `digestsSelected is ${counters.digestsSelected}, its parts are ${sum}`;
  if (counters.tagsMatched > counters.tagsSeen) return 'tagsMatched is more than tagsSeen';
  return undefined;
}

function add(counters: RunCounters, more: Partial<Record<keyof RunCounters, number>>): RunCounters {
  const sum: Record<keyof RunCounters, number> = { ...counters };
  for (const [key, value] of Object.entries(more) as [keyof RunCounters, number][]) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new PlimsollError('BUG', `Cannot add ${value} to ${key}: counters only take whole numbers from 0`);
    }
    sum[key] += value;
  }
  return sum;
}
