/** How old a database is, and which of its sources are too old to rely on. */
import type { DatabaseStatus, Part } from './database-status.ts';

/** After this long nobody should rely on it: sources publish every day. */
export const DEFAULT_MAX_AGE_DAYS = 7;

const DAY_MS = 24 * 60 * 60 * 1000;

/** How fresh a database is. */
export interface Freshness {
  /** Whole days since it was built; 0 when that is in the future. */
  readonly ageDays: number;
  readonly isStale: boolean;
  /** Sources whose own state is older than that, the oldest first. */
  readonly staleParts: readonly (Part & { readonly ageDays: number })[];
}

/** Judges `status` by the day. */
export function freshnessOf(status: DatabaseStatus, now: Date, maxAgeDays = DEFAULT_MAX_AGE_DAYS): Freshness {
  const ageDays = daysSince(status.builtAt, now);
  const staleParts = status.parts
    .map(part => ({ ...part, ageDays: daysSince(part.asOf, now) }))
    .filter(part => part.ageDays > maxAgeDays)
    .sort((a, b) => b.ageDays - a.ageDays);
  return { ageDays, isStale: ageDays > maxAgeDays, staleParts };
}

/** Whole days from an ISO 8601 time to `now`; a time that cannot be read is infinitely long ago. */
function daysSince(time: string, now: Date): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor((now.getTime() - at) / DAY_MS));
}
