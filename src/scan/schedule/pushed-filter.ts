/**
 * Filters by pushed date, judged at a launch.
 *
 * "Today" is since local midnight in the zone of the job, "yesterday" the calendar day before, "last N days" the N x 24 h before the launch,
 * "exactly N days ago" one calendar day.
 */
import type { PushedFilter } from './settings.ts';
import { addDays, localDateOf, startOfDay } from './zone-time.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Docker came out in March 2013; nobody pushed an image before. */
const FIRST_PUSH_MS = Date.UTC(2013, 0, 1);

/** From `from` on, before `until`; a missing end is open. */
export interface PushedWindow {
  readonly from?: Date;
  readonly until?: Date;
}

/** What a filter lets pass at a launch; undefined when it lets everything pass, unknown dates too. */
export function pushedWindow(filter: PushedFilter, launchedAt: Date, zone: string): PushedWindow | undefined {
  switch (filter.kind) {
    case 'all':
      return undefined;
    case 'today':
      return { from: startOfDay(localDateOf(launchedAt, zone), zone) };
    case 'yesterday':
      return calendarDay(1, launchedAt, zone);
    case 'exactlyDaysAgo':
      return calendarDay(filter.days, launchedAt, zone);
    case 'lastDays':
    case 'customDays':
      return lastDaysWindow(filter.days, launchedAt);
    default:
      return filter satisfies never;
  }
}

/** The `days` x 24 h before a launch; open at the end, so that a push while the run lists is not lost. */
export function lastDaysWindow(days: number, launchedAt: Date): PushedWindow {
  return { from: new Date(launchedAt.getTime() - days * DAY_MS) };
}

/** Where a pushed date (ISO 8601) lies; `unknown` when missing or unreadable. */
export function placeInWindow(
  pushedAt: string | undefined,
  { from, until }: PushedWindow,
): 'inside' | 'before' | 'after' | 'unknown' {
  const instant = readDate(pushedAt);
  if (instant === undefined) return 'unknown';
  if (from !== undefined && instant < from.getTime()) return 'before';
  if (until !== undefined && instant >= until.getTime()) return 'after';
  return 'inside';
}

/**
 * Milliseconds since 1970 of a date as a registry gives it, undefined when nobody knows: registries say "year 1" or 1970 for "never", and
 * reproducible builds are dated 1970 or 1980.
 */
export function readDate(pushedAt: string | undefined): number | undefined {
  if (pushedAt === undefined) return undefined;
  const instant = Date.parse(pushedAt);
  return instant >= FIRST_PUSH_MS ? instant : undefined;
}

function calendarDay(daysAgo: number, launchedAt: Date, zone: string): PushedWindow {
  const date = addDays(localDateOf(launchedAt, zone), -daysAgo);
  return { from: startOfDay(date, zone), until: startOfDay(addDays(date, 1), zone) };
}
