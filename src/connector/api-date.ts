/**
 * Dates as APIs write them.
 */
import { z } from 'zod';

/** Before it there were no container images: registries write year 1 or 1970 for "never", and builds that can be repeated do as well. */
const EARLIEST = Date.UTC(2000, 0, 1);

/**
 * An ISO 8601 date with a time, whatever its precision and zone; `undefined` when missing, unreadable, or one that only fills the field
 * (year 1, 1970). A date is never worth failing a listing for.
 */
export const apiDate = z.unknown().transform(value => (typeof value === 'string' ? readApiDate(value) : undefined));

/** See `apiDate`. The result is in UTC, to the millisecond. */
export function readApiDate(text: string): string | undefined {
  // `Date.parse` takes much more than ISO 8601, and a date without a zone as local time.
  const [, day, time = '00:00:00', fraction = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?\s?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text.trim()) ?? [];
  if (day === undefined) return undefined;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  const at = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${fraction.slice(0, 4)}${offset}`);
  return Number.isNaN(at) || at < EARLIEST ? undefined : new Date(at).toISOString();
}
