import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeInWindow, pushedWindow, readDate } from './pushed-filter.ts';
import type { PushedFilter } from './settings.ts';

const at = (text: string) => new Date(text);
const today: PushedFilter = { kind: 'today' };
const yesterday: PushedFilter = { kind: 'yesterday' };

test.each([
  {
    filter: today,
    zone: 'UTC',
    launch: '2026-11-21T00:00:00Z',
    from: '2026-11-21T00:00:00Z',
    until: undefined,
    why: 'on the stroke of midnight',
  },
  {
    filter: today,
    zone: 'UTC',
    launch: '2026-11-20T23:59:59Z',
    from: '2026-11-20T00:00:00Z',
    until: undefined,
    why: 'a second before',
  },
  {
    filter: today,
    zone: 'Asia/Tokyo',
    launch: '2026-11-20T15:30:00Z',
    from: '2026-11-20T15:00:00Z',
    until: undefined,
    why: 'the day of the zone',
  },
  {
    filter: today,
    zone: 'America/Los_Angeles',
    launch: '2026-11-21T07:59:00Z',
    from: '2026-11-20T08:00:00Z',
    until: undefined,
    why: 'still yesterday over there',
  },
  {
    filter: today,
    zone: 'Europe/Madrid',
    launch: '2026-03-29T20:00:00Z',
    from: '2026-03-28T23:00:00Z',
    until: undefined,
    why: 'a day of 23 hours',
  },
  {
    filter: today,
    zone: 'America/Havana',
    launch: '2026-03-08T12:00:00Z',
    from: '2026-03-08T05:00:00Z',
    until: undefined,
    why: 'a day without midnight',
  },
  {
    filter: yesterday,
    zone: 'Europe/Madrid',
    launch: '2026-03-30T10:00:00Z',
    from: '2026-03-28T23:00:00Z',
    until: '2026-03-29T22:00:00Z',
    why: 'a day of 23 hours',
  },
  {
    filter: yesterday,
    zone: 'Europe/Madrid',
    launch: '2026-10-26T10:00:00Z',
    from: '2026-10-24T22:00:00Z',
    until: '2026-10-25T23:00:00Z',
    why: 'a day of 25 hours',
  },
  {
    filter: yesterday,
    zone: 'UTC',
    launch: '2026-03-01T00:00:00Z',
    from: '2026-02-28T00:00:00Z',
    until: '2026-03-01T00:00:00Z',
    why: 'over the end of a month',
  },
  {
    filter: { kind: 'lastDays', days: 7 } as const,
    zone: 'Europe/Madrid',
    launch: '2026-03-30T10:00:00Z',
    from: '2026-03-23T10:00:00Z',
    until: undefined,
    why: '7 x 24 h, whatever the clocks do',
  },
  {
    filter: { kind: 'customDays', days: 3650 } as const,
    zone: 'UTC',
    launch: '2026-11-21T00:00:00Z',
    from: '2016-11-23T00:00:00Z',
    until: undefined,
    why: 'ten years',
  },
  {
    filter: { kind: 'exactlyDaysAgo', days: 3 } as const,
    zone: 'UTC',
    launch: '2026-11-21T13:00:00Z',
    from: '2026-11-18T00:00:00Z',
    until: '2026-11-19T00:00:00Z',
    why: 'one calendar day',
  },
])('$filter in $zone at $launch is from $from until $until: $why', ({ filter, zone, launch, from, until }) => {
  const window = { from: at(from), ...(until === undefined ? {} : { until: at(until) }) };
  expect(pushedWindow(filter, at(launch), zone)).toEqual(window);
});

test('"all" is no window at all, so that unknown dates pass', () => {
  expect(pushedWindow({ kind: 'all' }, at('2026-11-21T00:00:00Z'), 'UTC')).toBeUndefined();
});

test.each([
  { pushedAt: '2026-11-20T00:00:00Z', place: 'inside', why: 'the first instant' },
  { pushedAt: '2026-11-19T23:59:59.999Z', place: 'before', why: 'just before' },
  { pushedAt: '2026-11-21T00:00:00Z', place: 'after', why: 'the end is outside' },
  { pushedAt: '2026-11-20T23:00:00-02:00', place: 'after', why: 'an offset counts' },
  { pushedAt: undefined, place: 'unknown', why: 'nobody knows' },
  { pushedAt: 'last Tuesday', place: 'unknown', why: 'not a date' },
  { pushedAt: '0001-01-01T00:00:00Z', place: 'unknown', why: 'the zero of Go' },
  { pushedAt: '1970-01-01T00:00:01Z', place: 'unknown', why: 'the zero of Unix, as Nix dates images' },
  { pushedAt: '1980-01-01T00:00:01Z', place: 'unknown', why: 'as buildpacks date images' },
  { pushedAt: '2013-06-01T00:00:00Z', place: 'before', why: 'as old as images are' },
])('pushed at $pushedAt is $place: $why', ({ pushedAt, place }) => {
  const window = { from: at('2026-11-20T00:00:00Z'), until: at('2026-11-21T00:00:00Z') };
  expect(placeInWindow(pushedAt, window)).toBe(place);
});

test('every push up to the launch is of today, of yesterday, or before both', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Madrid', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Tokyo');
  const instant = fc.date({ min: at('2025-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z'), noInvalidDate: true });
  fc.assert(
    fc.property(zone, instant, fc.integer({ min: 0, max: 72 * 3600 }), (timezone, launch, secondsAgo) => {
      const pushedAt = new Date(launch.getTime() - secondsAgo * 1000).toISOString();
      const place = (filter: PushedFilter) => placeInWindow(pushedAt, pushedWindow(filter, launch, timezone) ?? {});
      const [ofToday, ofYesterday] = [place(today), place(yesterday)];
      expect([ofToday, ofYesterday].filter(one => one === 'inside').length).toBeLessThanOrEqual(1);
      expect(ofToday === 'inside').toBe(ofYesterday === 'after');
      expect(place({ kind: 'exactlyDaysAgo', days: 1 })).toBe(ofYesterday);
      expect(readDate(pushedAt)).toBe(Date.parse(pushedAt));
    }),
  );
});
