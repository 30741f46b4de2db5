import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Blackout, blackoutSchema, isBlackedOut, nextEnd } from './blackout.ts';
import { WEEK_DAYS, type WeekDay } from './settings.ts';

const at = (text: string) => new Date(text);
const blackout = (timezone: string, ...windows: [days: WeekDay[], from: string, to: string][]): Blackout =>
  blackoutSchema.parse({ timezone, windows: windows.map(([days, from, to]) => ({ days, from, to })) });
const WORK: WeekDay[] = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'];
const office = blackout('Europe/Madrid', [WORK, '08:00', '18:00']);
const night = blackout('Europe/Madrid', [['SUNDAY'], '22:00', '06:00']);
const always = blackout('UTC', [[...WEEK_DAYS], '00:00', '24:00']);

test.each([
  { set: office, when: '2026-11-23T07:00:00Z', end: '2026-11-23T17:00:00Z', why: 'the first minute counts' },
  { set: office, when: '2026-11-23T06:59:59Z', end: null, why: 'a second before does not' },
  { set: office, when: '2026-11-23T17:00:00Z', end: null, why: 'the end does not count' },
  { set: office, when: '2026-11-22T10:00:00Z', end: null, why: 'a Sunday' },
  { set: office, when: '2026-07-20T06:00:00Z', end: '2026-07-20T16:00:00Z', why: 'in summer an hour earlier in UTC' },
  { set: night, when: '2026-11-22T23:30:00Z', end: '2026-11-23T05:00:00Z', why: 'goes on into Monday' },
  { set: night, when: '2026-11-23T21:30:00Z', end: null, why: 'but Monday has none of its own' },
  { set: night, when: '2026-03-29T22:00:00Z', end: '2026-03-30T04:00:00Z', why: 'after the change to summer time' },
  {
    set: blackout(
      'UTC',
      [['MONDAY'], '08:00', '12:00'],
      [['MONDAY'], '11:00', '14:00'],
      [['MONDAY'], '14:00', '15:00'],
    ),
    when: '2026-11-23T09:00:00Z',
    end: '2026-11-23T15:00:00Z',
    why: 'windows that touch are one',
  },
  {
    set: blackout('UTC', [['MONDAY'], '08:00', '08:00']),
    when: '2026-11-24T07:59:00Z',
    end: '2026-11-24T08:00:00Z',
    why: 'from and to the same is a whole day',
  },
])('blackout at $when ends $end: $why', ({ set, when, end }) => {
  expect(isBlackedOut(set, at(when))).toBe(end !== null);
  expect(nextEnd(set, at(when))).toEqual(at(end ?? when));
});

test('a blackout around the clock never ends', () => {
  expect(nextEnd(always, at('2026-11-21T00:00:00Z'))).toBeUndefined();
});

test('an end that a clock change skips is where the clock goes on', () => {
  const skipped = blackout('Europe/Madrid', [['SUNDAY'], '01:00', '02:30']);
  expect(nextEnd(skipped, at('2026-03-29T00:30:00Z'))).toEqual(at('2026-03-29T01:00:00Z'));
});

test.each([
  { timezone: '+02:00', windows: [] },
  { timezone: 'UTC', windows: [{ days: [], from: '08:00', to: '09:00' }] },
  { timezone: 'UTC', windows: [{ days: ['MONDAY'], from: '24:00', to: '09:00' }] },
  { timezone: 'UTC', windows: [{ days: ['Monday'], from: '08:00', to: '09:00' }] },
])('a blackout that makes no sense is refused: %j', settings => {
  expect(blackoutSchema.safeParse(settings).success).toBe(false);
});

test('outside of the hours is where they end, for any windows and instant', () => {
  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30'))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);
  const windows = fc.array(fc.record({ days: fc.subarray([...WEEK_DAYS], { minLength: 1 }), from: time, to: time }), {
    maxLength: 4,
  });
  const zone = fc.constantFrom('UTC', 'Europe/Madrid', 'Australia/Lord_Howe', 'America/Havana');
  const instant = fc.date({ min: at('2025-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z'), noInvalidDate: true });
  fc.assert(
    fc.property(windows, zone, instant, (list, timezone, when) => {
      const set = { timezone, windows: list };
      const end = nextEnd(set, when);
      if (end === undefined) return;
      expect(isBlackedOut(set, end)).toBe(false);
      expect(end.getTime() > when.getTime()).toBe(isBlackedOut(set, when));
    }),
    { numRuns: 60 },
  );
});
