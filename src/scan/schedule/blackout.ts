/**
 * Weekly hours in which a sensor leaves registries alone: nothing is leased, and runs are held until the hours are over.
 */
import { z } from 'zod';
import { parseStartTime } from './recurrence.ts';
import { WEEK_DAYS } from './settings.ts';
import { addDays, instantOf, isTimeZone, localDateOf, weekdayOf } from './zone-time.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAY_MINUTES = 24 * 60;

const start = z.string().refine(text => parseStartTime(text) !== undefined, 'a time is written HH:MM');
const end = z.string().refine(text => readEnd(text) !== undefined, 'a time is written HH:MM, the end of a day 24:00');

/** The blackout windows of a sensor, as they are set. */
export const blackoutSchema = z.strictObject({
  timezone: z.string().max(64).refine(isTimeZone, 'a name of the IANA time zone database'),
  windows: z.array(z.strictObject({ days: z.array(z.enum(WEEK_DAYS)).min(1).max(7), from: start, to: end })).max(50),
});

/** Windows begin on each of `days` at `from` and end at the next `to`: not later than `from` means on the next day. */
export type Blackout = z.output<typeof blackoutSchema>;

/** Whether `at` lies in a window. The first instant of a window does, its end does not. */
export function isBlackedOut(blackout: Blackout, at: Date): boolean {
  return endOfWindows(blackout, at) !== undefined;
}

/** When the hours that `at` lies in are over, windows that touch taken as one; `at` itself outside of them; undefined for never. */
export function nextEnd(blackout: Blackout, at: Date): Date | undefined {
  let instant = at;
  for (;;) {
    const over = endOfWindows(blackout, instant);
    if (over === undefined) return instant;
    // Windows repeat every week: what covers eight days covers all.
    if (over.getTime() - at.getTime() > 8 * DAY_MS) return undefined;
    instant = over;
  }
}

/** The latest end of the windows around an instant. */
function endOfWindows({ timezone, windows }: Blackout, at: Date): Date | undefined {
  const today = localDateOf(at, timezone);
  let latest: Date | undefined;
  for (const daysAgo of [0, 1, 2]) {
    // A window is up to a day long, and a day up to 25 hours: two days back is enough.
    const date = addDays(today, -daysAgo);
    const day = WEEK_DAYS[weekdayOf(date) - 1];
    for (const { days, from, to } of windows) {
      if (day === undefined || !days.includes(day)) continue;
      const fromMinute = parseStartTime(from) ?? 0;
      const toMinute = readEnd(to) ?? DAY_MINUTES;
      const starts = instantOf(date, fromMinute, timezone);
      const ends = toMinute > fromMinute ? endOn(date, toMinute) : endOn(addDays(date, 1), toMinute);
      if (starts <= at && at < ends && (latest === undefined || latest < ends)) latest = ends;
    }
  }
  return latest;

  function endOn(date: ReturnType<typeof localDateOf>, minute: number): Date {
    return minute === DAY_MINUTES ? instantOf(addDays(date, 1), 0, timezone) : instantOf(date, minute, timezone);
  }
}

function readEnd(text: string): number | undefined {
  return text === '24:00' ? DAY_MINUTES : parseStartTime(text);
}
