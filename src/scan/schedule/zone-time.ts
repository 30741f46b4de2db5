/**
 * Local clocks: which instant a date and time of a zone mean, on the odd days too.
 *
 * A time that a clock change skips means the first instant after the gap; a time that comes twice means the first of the two. Luxon shifts
 * the first by the width of the gap and leaves the second open, so both are settled here, from the zone's offsets alone.
 */
import { DateTime, IANAZone } from 'luxon';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A day of the calendar; `month` and `day` count from 1. */
export interface LocalDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Whether `name` is a zone of the IANA database. Bare offsets are not: they know no summer time, and people who write them forget that. */
export function isTimeZone(name: string): boolean {
  return /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);
}

/** The calendar day in `zone` at an instant. */
export function localDateOf(at: Date, zone: string): LocalDate {
  const { year, month, day } = DateTime.fromJSDate(at, { zone });
  return { year, month, day };
}

/** The day `days` later (earlier when negative). */
export function addDays({ year, month, day }: LocalDate, days: number): LocalDate {
  const moved = new Date(Date.UTC(year, month - 1, day + days));
  return { year: moved.getUTCFullYear(), month: moved.getUTCMonth() + 1, day: moved.getUTCDate() };
}

/** ISO weekday of a date: 1 for Monday to 7 for Sunday. */
export function weekdayOf({ year, month, day }: LocalDate): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;
}

/** The instant at which the clock of `zone` first shows that many minutes after midnight on that day, or is past them. */
export function instantOf(date: LocalDate, minuteOfDay: number, zone: string): Date {
  const rules = IANAZone.create(zone);
  const local = Date.UTC(date.year, date.month - 1, date.day) + minuteOfDay * MINUTE_MS;
  // No offset is a day wide, so these two lie on either side of every reading of the local time.
  const before = local - DAY_MS;
  const after = local + DAY_MS;
  const candidates = [rules.offset(before), rules.offset(after)].map(offset => local - offset * MINUTE_MS);
  const shown = candidates.filter(instant => instant + rules.offset(instant) * MINUTE_MS === local);
  if (shown.length > 0) return new Date(Math.min(...shown));
  return new Date(findChange(rules, before, after));
}

/** The first instant of a day; midnight, but for days whose midnight a clock change skips. */
export function startOfDay(date: LocalDate, zone: string): Date {
  return instantOf(date, 0, zone);
}

/** An instant for people: on the clock of the zone with its offset, and in UTC. */
export function showInstant(at: Date, zone: string): { readonly local: string; readonly utc: string } {
  const local = DateTime.fromJSDate(at, { zone });
  return {
    local: `${local.toFormat('yyyy-MM-dd HH:mm')} ${zone} (UTC${local.toFormat('ZZ')})`,
    utc: `${DateTime.fromJSDate(at, { zone: 'UTC' }).toFormat('yyyy-MM-dd HH:mm')} UTC`,
  };
}

/** The instant of the one change of offset between two instants. */
function findChange(rules: IANAZone, from: number, to: number): number {
  const old = rules.offset(from);
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (rules.offset(middle) === old) low = middle;
    else high = middle;
  }
  return high;
}
