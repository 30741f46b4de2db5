import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyCount, type CounterEvent, isSettled, startCounters, whyNotAddingUp } from './counters.ts';
import { addRunError, type ErrorKind } from './run-errors.ts';

/** One step of a random run: which event, and for how many. */
const step: fc.Arbitrary<CounterEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('selected' as const),
    into: fc.constantFrom(
      'digestsQueued' as const,
      'digestsQueued' as const,
      'digestsSkippedKnown' as const,
      'digestsSkippedPlatform' as const,
      'digestsSkippedNotScannable' as const,
    ),
    count: fc.integer({ min: 0, max: 5 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'leased' as const,
      'returned' as const,
      'scanned' as const,
      'failed' as const,
      'shared' as const,
      'given-up' as const,
    ),
  }),
  fc
    .tuple(fc.nat(50), fc.nat(50))
    .map(([a, b]) => ({ kind: 'listed' as const, tagsSeen: Math.max(a, b), tagsMatched: Math.min(a, b) })),
  fc.record({ kind: fc.constant('pulled' as const), bytes: fc.nat(), pulls: fc.nat(3) }),
);

describe('the counters of a run', () => {
  test('start at nothing, and add up', () => {
    const counters = startCounters();
    expect(Object.values(counters).every(value => value === 0)).toBe(true);
    expect(Object.keys(counters)).toHaveLength(14);
    expect(whyNotAddingUp(counters)).toBeUndefined();
  });

  test('add up after every event, in whatever order events come; impossible ones change nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), steps => {
        let counters = startCounters();
        for (const event of steps) {
          const before = { ...counters };
          try {
            counters = applyCount(counters, event);
          } catch (error) {
            expect(error).toMatchObject({ code: 'BUG' });
          }
          expect(whyNotAddingUp(counters)).toBeUndefined();
          expect(counters.digestsSelected).toBeGreaterThanOrEqual(before.digestsSelected);
          expect(counters.digestsScanned).toBeGreaterThanOrEqual(before.digestsScanned);
        }
        const over = applyCount(counters, { kind: 'cut-short' });
        expect(isSettled(over)).toBe(true);
        expect(whyNotAddingUp(over)).toBeUndefined();
        expect(over.digestsNotReached).toBe(counters.digestsQueued + counters.digestsRunning);
      }),
    );
  });

  test('count what really happened when many digests live their lives at once', () => {
    const life = fc.constantFrom<readonly CounterEvent['kind'][]>(
      ['leased', 'scanned'],
      ['leased', 'failed'],
      ['leased', 'returned', 'leased', 'scanned'],
      ['leased', 'returned', 'given-up'],
      ['shared'],
    );
    fc.assert(
      fc.property(
        fc.array(life, { maxLength: 12 }),
        fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
        (lives, choices) => {
          const left = lives.map(events => [...events]);
          let counters = applyCount(startCounters(), { kind: 'selected', into: 'digestsQueued', count: lives.length });
          for (let turn = 0; left.some(events => events.length > 0); turn += 1) {
            const alive = left.filter(events => events.length > 0);
            const kind = alive[(choices[turn % choices.length] ?? 0) % alive.length]?.shift();
            counters = applyCount(counters, { kind } as CounterEvent);
            expect(whyNotAddingUp(counters)).toBeUndefined();
          }
          const ends = lives.map(events => events.at(-1));
          expect(isSettled(counters)).toBe(true);
          expect(counters.digestsScanned).toBe(ends.filter(end => end === 'scanned' || end === 'shared').length);
          expect(counters.digestsFailed).toBe(ends.filter(end => end === 'failed' || end === 'given-up').length);
        },
      ),
    );
  });

  test.each([
    { event: { kind: 'scanned' }, why: 'nothing is running' },
    { event: { kind: 'leased' }, why: 'nothing is queued' },
    { event: { kind: 'selected', into: 'digestsQueued', count: -1 }, why: 'negative' },
    { event: { kind: 'pulled', bytes: 0.5, pulls: 0 }, why: 'a fraction' },
    { event: { kind: 'pulled', bytes: Number.NaN, pulls: 0 }, why: 'no number' },
  ] satisfies { event: CounterEvent; why: string }[])('$event is refused: $why', ({ event }) => {
    expect(() => applyCount(startCounters(), event)).toThrow(expect.objectContaining({ code: 'BUG' }));
  });

  test.each([
    { change: { digestsSelected: 1 }, why: 'digestsSelected is 1, its parts are 0' },
    { change: { digestsFailed: -1 }, why: 'digestsFailed is -1' },
    { change: { tagsMatched: 1 }, why: 'tagsMatched is more than tagsSeen' },
  ])('counters that do not add up are told: $why', ({ change, why }) => {
    expect(whyNotAddingUp({ ...startCounters(), ...change })).toBe(why);
  });
});

test('of errors the ten kinds that were seen last are kept, with their counts', () => {
  const error = (code: string, second: number) => ({
    code,
    message: `${code} ${second}`,
    at: new Date(second * 1000).toISOString(),
  });
  let kinds: readonly ErrorKind[] = [];
  for (let second = 0; second < 12; second += 1) kinds = addRunError(kinds, error(`E${second}`, second));
  kinds = addRunError(kinds, error('E5', 99));
  expect(kinds).toHaveLength(10);
  expect(kinds[0]).toMatchObject({ code: 'E5', count: 2, message: 'E5 99' });
  expect(kinds.map(({ code }) => code)).not.toContain('E1');
});
