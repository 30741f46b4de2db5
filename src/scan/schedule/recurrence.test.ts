import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Cadence,
  firstRun,
  nextRun,
  parseStartTime,
  replan,
  settleDue,
  toCadence,
  withJitter,
} from './recurrence.ts';
import { WEEK_DAYS } from './settings.ts';
import { instantOf, isTimeZone, localDateOf, showInstant, startOfDay, weekdayOf } from './zone-time.ts';

const at = (text: string) => new Date(text);
const daily = (time: string, timezone = 'Europe/Madrid'): Cadence => ({
  kind: 'daily',
  minuteOfDay: parseStartTime(time) ?? Number.NaN,
  timezone,
});
const weekly = (weekDay: (typeof WEEK_DAYS)[number], timezone = 'Europe/Madrid'): Cadence => ({
  kind: 'weekly',
  weekDay,
  timezone,
});
const every = (days: number): Cadence => ({ kind: 'every', days });

const firsts = [
  { cadence: daily('02:30'), created: '2026-11-21T00:00:00Z', first: '2026-11-21T01:30:00Z', why: 'still ahead today' },
  { cadence: daily('02:30'), created: '2026-11-21T01:30:00Z', first: '2026-11-22T01:30:00Z', why: 'just missed' },
  {
    cadence: daily('23:30', 'Asia/Tokyo'),
    created: '2026-11-21T15:00:00Z',
    first: '2026-11-22T14:30:00Z',
    why: 'today is tomorrow in Tokyo',
  },
  {
    cadence: weekly('MONDAY'),
    created: '2026-11-21T12:00:00Z',
    first: '2026-11-22T23:00:00Z',
    why: 'the coming Monday, local midnight',
  },
  {
    cadence: weekly('SATURDAY'),
    created: '2026-11-21T12:00:00Z',
    first: '2026-11-27T23:00:00Z',
    why: 'today has begun: in a week',
  },
  { cadence: every(14), created: '2026-11-21T12:00:00Z', first: '2026-11-21T12:00:00Z', why: 'at once' },
  { cadence: every(365), created: '2026-11-21T12:00:00Z', first: '2026-11-21T12:00:00Z', why: 'at once' },
];
test.each(firsts)('first run of $cadence created $created is $first: $why', ({ cadence, created, first }) => {
  expect(firstRun(cadence, at(created))).toEqual(at(first));
});

test('a weekly job can run its baseline at once, and keeps its weekday', () => {
  const now = at('2026-11-21T12:00:00Z');
  expect(firstRun(weekly('MONDAY'), now, { runBaselineNow: true })).toEqual(now);
  expect(nextRun(weekly('MONDAY'), now)).toEqual(at('2026-11-22T23:00:00Z'));
});

test.each([
  {
    cadence: daily('02:30'),
    planned: '2026-03-28T01:30:00Z',
    next: '2026-03-29T01:00:00Z',
    why: 'a skipped time is the first instant after the gap',
  },
  {
    cadence: daily('02:30'),
    planned: '2026-03-29T01:00:00Z',
    next: '2026-03-30T00:30:00Z',
    why: 'and the day after is as usual',
  },
  {
    cadence: daily('02:30'),
    planned: '2026-10-24T00:30:00Z',
    next: '2026-10-25T00:30:00Z',
    why: 'a repeated time is the first of the two',
  },
  { cadence: daily('02:30'), planned: '2026-10-25T00:30:00Z', next: '2026-10-26T01:30:00Z', why: 'and runs once' },
  { cadence: daily('12:00'), planned: '2026-03-28T11:00:00Z', next: '2026-03-29T10:00:00Z', why: 'noon stays noon' },
  {
    cadence: daily('02:15', 'Australia/Lord_Howe'),
    planned: '2026-10-02T15:45:00Z',
    next: '2026-10-03T15:30:00Z',
    why: 'a clock change of half an hour',
  },
  {
    cadence: daily('00:30', 'Pacific/Apia'),
    planned: '2011-12-29T10:30:00Z',
    next: '2011-12-30T10:00:00Z',
    why: 'a day that Samoa left out',
  },
  {
    cadence: weekly('MONDAY'),
    planned: '2026-03-22T23:00:00Z',
    next: '2026-03-29T22:00:00Z',
    why: '7 local days over a clock change',
  },
  { cadence: every(14), planned: '2026-03-22T23:00:00Z', next: '2026-04-05T23:00:00Z', why: '14 x 24 h' },
])('after $planned, $cadence runs $next: $why', ({ cadence, planned, next }) => {
  expect(nextRun(cadence, at(planned))).toEqual(at(next));
});

test.each([
  { text: '00:00', minute: 0 },
  { text: '23:59', minute: 1439 },
  { text: '24:00', minute: undefined },
  { text: '2:30', minute: undefined },
  { text: '02:60', minute: undefined },
  { text: '02:30:00', minute: undefined },
])('start time "$text" is minute $minute', ({ text, minute }) => {
  expect(parseStartTime(text)).toBe(minute);
});

describe('when a job is due', () => {
  const planned = at('2026-11-18T01:30:00Z');
  const settle = (now: string, options: { cadence?: Cadence; hasActiveRun?: boolean; planned?: Date } = {}) =>
    settleDue(options.cadence ?? daily('02:30'), {
      planned: options.planned ?? planned,
      now: at(now),
      hasActiveRun: options.hasActiveRun ?? false,
    });

  test('nothing happens before', () => {
    expect(settle('2026-11-18T01:29:59Z')).toEqual({ kind: 'not-due', next: planned });
  });

  test('on the instant it launches, and the next is counted from the planned time', () => {
    expect(settle('2026-11-18T01:30:00Z')).toEqual({
      kind: 'launch',
      plannedFor: planned,
      missed: 0,
      next: at('2026-11-19T01:30:00Z'),
    });
  });

  test('after three due times without a server there is exactly one run', () => {
    expect(settle('2026-11-20T12:00:00Z')).toEqual({
      kind: 'launch',
      plannedFor: at('2026-11-20T01:30:00Z'),
      missed: 2,
      next: at('2026-11-21T01:30:00Z'),
    });
  });

  test('a job of 14 days keeps its grid over missed times', () => {
    expect(settle('2027-01-01T00:00:00Z', { cadence: every(14) })).toEqual({
      kind: 'launch',
      plannedFor: at('2026-12-30T01:30:00Z'),
      missed: 3,
      next: at('2027-01-13T01:30:00Z'),
    });
  });

  test('while a run is active it is skipped, and the next is counted from the planned time', () => {
    expect(settle('2026-11-18T01:40:00Z', { hasActiveRun: true })).toEqual({
      kind: 'skipped-overlap',
      plannedFor: planned,
      missed: 0,
      next: at('2026-11-19T01:30:00Z'),
    });
  });

  test.each([
    { cadence: daily('02:30'), next: '2020-01-02T01:30:00.000Z' },
    { cadence: weekly('MONDAY'), next: '2020-01-05T23:00:00.000Z' },
    { cadence: every(14), next: '2020-01-01T01:30:00.000Z' },
  ])('a clock that went back by years does not stop a job for years: $cadence', ({ cadence, next }) => {
    const due = settle('2020-01-01T01:30:00Z', { cadence, planned: at('2031-01-01T01:30:00Z') });
    expect(due.kind).toBe('not-due');
    expect(due.next.getTime() - at('2020-01-01T01:30:00Z').getTime()).toBeLessThanOrEqual(14 * 86_400_000);
    if (cadence.kind !== 'every') expect(due.next.toISOString()).toBe(next);
  });

  test('a clock that is a thousand years ahead gives one run', () => {
    const due = settle('3026-11-20T12:00:00Z');
    expect(due).toMatchObject({ kind: 'launch', plannedFor: at('3026-11-20T01:30:00Z') });
  });
});

test.each([
  {
    cadence: every(30),
    last: '2026-11-01T00:00:00Z',
    next: '2026-12-01T00:00:00Z',
    why: 'counted from the last planned start',
  },
  { cadence: every(3), last: '2026-11-01T00:00:00Z', next: '2026-11-21T12:00:00Z', why: 'never earlier than now' },
  { cadence: every(3), last: undefined, next: '2026-11-21T12:00:00Z', why: 'never launched: at once' },
  {
    cadence: daily('02:30'),
    last: '2026-11-01T00:00:00Z',
    next: '2026-11-22T01:30:00Z',
    why: 'a daily job waits for its time',
  },
  {
    cadence: weekly('MONDAY'),
    last: '2026-11-20T00:00:00Z',
    next: '2026-11-22T23:00:00Z',
    why: 'a weekly job waits for its day',
  },
])('replanned to $cadence, last started $last: $next: $why', ({ cadence, last, next }) => {
  const now = at('2026-11-21T12:00:00Z');
  expect(replan(cadence, last === undefined ? undefined : at(last), now)).toEqual(at(next));
});

test('jitter is up to ten minutes, and chosen by the caller', () => {
  const planned = at('2026-11-21T02:30:00Z');
  expect(withJitter(planned, 0)).toEqual(planned);
  expect(withJitter(planned, 0.5)).toEqual(at('2026-11-21T02:35:00Z'));
  expect(withJitter(planned, 7)).toEqual(at('2026-11-21T02:40:00Z'));
});

test.each([
  { recurrence: { intervalDays: null }, cadence: undefined },
  { recurrence: { intervalDays: 1, startTime: '02:30' }, cadence: daily('02:30', 'UTC') },
  { recurrence: { intervalDays: 7, weekDay: 'FRIDAY' as const }, cadence: weekly('FRIDAY', 'UTC') },
  { recurrence: { intervalDays: 2 }, cadence: every(2) },
])('recurrence $recurrence is $cadence', ({ recurrence, cadence }) => {
  const rest = { startTime: null, weekDay: null, timezone: 'UTC', runBaselineNow: false, pinStart: false };
  expect(toCadence({ ...rest, ...recurrence })).toEqual(cadence);
});

describe('local clocks', () => {
  test.each([
    { zone: 'America/Havana', date: [2026, 3, 8], start: '2026-03-08T05:00:00.000Z', why: 'midnight is skipped' },
    { zone: 'America/Havana', date: [2026, 11, 1], start: '2026-11-01T04:00:00.000Z', why: 'midnight comes twice' },
    { zone: 'UTC', date: [2026, 11, 1], start: '2026-11-01T00:00:00.000Z', why: 'nothing odd' },
    { zone: 'Asia/Kathmandu', date: [2026, 11, 1], start: '2026-10-31T18:15:00.000Z', why: 'quarters of an hour' },
    { zone: 'Pacific/Kiritimati', date: [2026, 11, 1], start: '2026-10-31T10:00:00.000Z', why: 'the far east' },
  ] as const)('$date begins in $zone at $start: $why', ({ zone, date: [year, month, day], start }) => {
    expect(startOfDay({ year, month, day }, zone).toISOString()).toBe(start);
  });

  test.each([
    { name: 'Europe/Madrid', isZone: true },
    { name: 'UTC', isZone: true },
    { name: '+02:00', isZone: false },
    { name: 'local', isZone: false },
    { name: 'Mars/Olympus', isZone: false },
    { name: '', isZone: false },
  ])('"$name" is a time zone: $isZone', ({ name, isZone }) => {
    expect(isTimeZone(name)).toBe(isZone);
  });

  test('an instant is shown locally and in UTC', () => {
    expect(showInstant(at('2026-07-01T00:30:00Z'), 'Europe/Madrid')).toEqual({
      local: '2026-07-01 02:30 Europe/Madrid (UTC+02:00)',
      utc: '2026-07-01 00:30 UTC',
    });
  });
});

describe('laws', () => {
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Madrid',
    'Australia/Lord_Howe',
    'America/Havana',
    'Africa/Casablanca',
    'Asia/Kathmandu',
  );
  const cadence: fc.Arbitrary<Cadence> = fc.oneof(
    fc.record({ kind: fc.constant('daily' as const), minuteOfDay: fc.integer({ min: 0, max: 1439 }), timezone: zone }),
    fc.record({ kind: fc.constant('weekly' as const), weekDay: fc.constantFrom(...WEEK_DAYS), timezone: zone }),
    fc.record({ kind: fc.constant('every' as const), days: fc.integer({ min: 2, max: 365 }) }),
  );
  const instant = fc.date({ min: at('2024-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z'), noInvalidDate: true });

  test('the next run is later, by about one interval', () => {
    fc.assert(
      fc.property(cadence, instant, (one, from) => {
        const planned = firstRun(one, from);
        const gapHours = (nextRun(one, planned).getTime() - planned.getTime()) / 3_600_000;
        const days = one.kind === 'daily' ? 1 : one.kind === 'weekly' ? 7 : one.days;
        expect(planned.getTime()).toBeGreaterThanOrEqual(from.getTime());
        expect(Math.abs(gapHours - days * 24)).toBeLessThanOrEqual(one.kind === 'every' ? 0 : 2);
      }),
    );
  });

  test('a daily job runs once on every local day, a weekly one on its weekday', () => {
    fc.assert(
      fc.property(cadence, instant, (one, from) => {
        if (one.kind === 'every') return;
        const due = nextRun(one, from);
        const date = localDateOf(due, one.timezone);
        if (one.kind === 'weekly') expect(WEEK_DAYS[weekdayOf(date) - 1]).toBe(one.weekDay);
        else expect(localDateOf(nextRun(one, due), one.timezone)).not.toEqual(date);
      }),
    );
  });

  test('however a server looks, the next due time is ahead, and looking again finds nothing due', () => {
    fc.assert(
      fc.property(cadence, instant, instant, fc.boolean(), (one, from, now, hasActiveRun) => {
        const planned = firstRun(one, from);
        const due = settleDue(one, { planned, now, hasActiveRun });
        if (due.kind === 'not-due') {
          expect(due.next.getTime()).toBeGreaterThanOrEqual(now.getTime());
          expect(due.next.getTime()).toBeLessThanOrEqual(planned.getTime());
          return;
        }
        expect(due.plannedFor.getTime()).toBeLessThanOrEqual(now.getTime());
        expect(due.next.getTime()).toBeGreaterThan(now.getTime());
        expect(settleDue(one, { planned: due.next, now, hasActiveRun })).toEqual({ kind: 'not-due', next: due.next });
      }),
    );
  });

  test('replanning never gives a time before now', () => {
    fc.assert(
      fc.property(cadence, fc.option(instant, { nil: undefined }), instant, (one, last, now) => {
        expect(replan(one, last, now).getTime()).toBeGreaterThanOrEqual(now.getTime());
      }),
    );
  });

  test('an instant of a local time shows that time, or the first one after a gap', () => {
    fc.assert(
      fc.property(zone, instant, fc.integer({ min: 0, max: 1439 }), (timezone, day, minute) => {
        const date = localDateOf(day, timezone);
        const found = instantOf(date, minute, timezone);
        const before = new Date(found.getTime() - 1);
        const shown = showInstant(found, timezone).local.slice(11, 16);
        const wanted = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
        expect(shown >= wanted || localDateOf(found, timezone).day !== date.day).toBe(true);
        if (shown !== wanted) expect(showInstant(before, timezone).local.slice(11, 16) < wanted).toBe(true);
      }),
    );
  });
});
