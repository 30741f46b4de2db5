/**
 * When a job runs: first, next, and after the server was down, the clock jumped or the interval was changed.
 *
 * Everything counts from planned times, never from when a run started or ended, so a job does not drift.
 */
import { type Recurrence, WEEK_DAYS, type WeekDay } from './settings.ts';
import { addDays, instantOf, type LocalDate, localDateOf, weekdayOf } from './zone-time.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_JITTER_MS = 10 * 60 * 1000;
const MAX_STEPS = 1000;

/** A recurrence as the arithmetic needs it. Weekly jobs start at local midnight of their day. */
export type Cadence =
  | { readonly kind: 'daily'; readonly minuteOfDay: number; readonly timezone: string }
  | { readonly kind: 'weekly'; readonly weekDay: WeekDay; readonly timezone: string }
  | { readonly kind: 'every'; readonly days: number };

/** The cadence of checked settings; undefined for On Demand. */
export function toCadence({ intervalDays, startTime, weekDay, timezone }: Recurrence): Cadence | undefined {
  if (intervalDays === null) return undefined;
  if (intervalDays === 1) return { kind: 'daily', minuteOfDay: parseStartTime(startTime ?? '00:00') ?? 0, timezone };
  if (intervalDays === 7) return { kind: 'weekly', weekDay: weekDay ?? 'MONDAY', timezone };
  return { kind: 'every', days: intervalDays };
}

/** Minutes after midnight of `HH:MM`; undefined for anything else. */
export function parseStartTime(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined || minutes === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** The first due time of a job. With `runBaselineNow` a weekly job starts at once, as those of other intervals do anyway. */
export function firstRun(cadence: Cadence, createdAt: Date, { runBaselineNow = false } = {}): Date {
  switch (cadence.kind) {
    case 'daily':
      return nextRun(cadence, createdAt);
    case 'weekly':
      return runBaselineNow ? createdAt : nextRun(cadence, createdAt);
    case 'every':
      return createdAt;
    default:
      return cadence satisfies never;
  }
}

/** The due time after a planned one: always later. For daily and weekly jobs the next on their calendar after any instant. */
export function nextRun(cadence: Cadence, planned: Date): Date {
  if (cadence.kind === 'every') return new Date(planned.getTime() + cadence.days * DAY_MS);
  let date = localDateOf(planned, cadence.timezone);
  // Two days at most are in doubt: one for the time of day, one for a day that the calendar of a zone leaves out.
  for (;;) {
    const due = dueOn(cadence, date);
    if (due !== undefined && due.getTime() > planned.getTime()) return due;
    date = addDays(date, 1);
  }
}

/** What to do about a job at an instant. */
export type Due =
  /** Nothing; look again at `next`. It differs from what was planned only after the clock went back. */
  | { readonly kind: 'not-due'; readonly next: Date }
  /** Launch exactly one run, however many due times passed: `plannedFor` is the latest, `missed` counts those before it. */
  | { readonly kind: 'launch'; readonly plannedFor: Date; readonly missed: number; readonly next: Date }
  /** A run is still active: no second one, recorded as skipped. */
  | { readonly kind: 'skipped-overlap'; readonly plannedFor: Date; readonly missed: number; readonly next: Date };

/** Settles a planned due time at `now`. */
export function settleDue(
  cadence: Cadence,
  { planned, now, hasActiveRun }: { readonly planned: Date; readonly now: Date; readonly hasActiveRun: boolean },
): Due {
  if (planned.getTime() > now.getTime()) return { kind: 'not-due', next: notTooFar(cadence, planned, now) };
  const { latest, missed } = latestDue(cadence, planned, now);
  const kind = hasActiveRun ? 'skipped-overlap' : 'launch';
  return { kind, plannedFor: latest, missed, next: nextRun(cadence, latest) };
}

/**
 * The next due time after the recurrence was changed: counted from the last planned start, never earlier than `now`. A job that never
 * started is planned as a new one. A daily or weekly job waits for its time instead of starting at once.
 */
export function replan(cadence: Cadence, lastPlanned: Date | undefined, now: Date): Date {
  const next = lastPlanned === undefined ? firstRun(cadence, now) : nextRun(cadence, lastPlanned);
  if (next.getTime() < now.getTime()) {
    return cadence.kind === 'every' ? now : nextRun(cadence, new Date(now.getTime() - 1));
  }
  return notTooFar(cadence, next, now);
}

/**
 * When a launch really starts: up to ten minutes later, so that the jobs of one registry and minute do not all start together. `fraction`
 * from 0 to below 1 is the caller's chance; 0 for jobs that pin their start or have the minute to themselves. Never feeds back into planning.
 */
export function withJitter(plannedFor: Date, fraction: number): Date {
  const share = Math.min(Math.max(fraction, 0), 1);
  return new Date(plannedFor.getTime() + Math.floor(share * MAX_JITTER_MS));
}

function dueOn(cadence: Exclude<Cadence, { kind: 'every' }>, date: LocalDate): Date | undefined {
  if (cadence.kind === 'daily') return instantOf(date, cadence.minuteOfDay, cadence.timezone);
  return WEEK_DAYS[weekdayOf(date) - 1] === cadence.weekDay ? instantOf(date, 0, cadence.timezone) : undefined;
}

/** The latest due time that is not after `now`, given one that is not. */
function latestDue(cadence: Cadence, planned: Date, now: Date): { latest: Date; missed: number } {
  if (cadence.kind === 'every') {
    const missed = Math.floor((now.getTime() - planned.getTime()) / (cadence.days * DAY_MS));
    return { latest: new Date(planned.getTime() + missed * cadence.days * DAY_MS), missed };
  }
  let latest = planned;
  let missed = 0;
  const stepDays = cadence.kind === 'daily' ? 1 : 7;
  const steps = Math.floor((now.getTime() - planned.getTime()) / (stepDays * DAY_MS));
  if (steps > MAX_STEPS) {
    // A clock that was years off: come close in one leap. The count may then be one off where a zone left a day out.
    const date = addDays(localDateOf(planned, cadence.timezone), (steps - 2) * stepDays);
    latest = nextRun(cadence, instantOf(date, 0, cadence.timezone));
    missed = steps - 2;
  }
  for (;;) {
    const next = nextRun(cadence, latest);
    if (next.getTime() > now.getTime()) return { latest, missed };
    latest = next;
    missed += 1;
  }
}

/** `planned`, unless it is further away than one interval: then the clock went back, or the interval was shortened. */
function notTooFar(cadence: Cadence, planned: Date, now: Date): Date {
  const furthest = nextRun(cadence, now);
  if (planned.getTime() <= furthest.getTime()) return planned;
  if (cadence.kind !== 'every') return furthest;
  const intervalMs = cadence.days * DAY_MS;
  const intervals = Math.ceil((planned.getTime() - furthest.getTime()) / intervalMs);
  return new Date(planned.getTime() - intervals * intervalMs);
}
