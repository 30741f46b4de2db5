/** What is left of a distribution's standard support, in words. */
import { printable } from '#base/text.ts';

/** How to take it. */
export type SupportState = 'supported' | 'ends-soon' | 'ended' | 'unknown';

const DAY_MS = 24 * 60 * 60 * 1000;
/** From so many days before its end on, support is called about to end. */
const SOON_DAYS = 180;

/** Judged by day; `endOfLife` is an ISO date, and its day still counts. */
export function supportOf(endOfLife: string | undefined, now: Date): { text: string; state: SupportState } {
  if (endOfLife === undefined) return { text: 'end of life not known', state: 'unknown' };
  const end = printable(endOfLife);
  if (endOfLife < now.toISOString().slice(0, 10)) {
    return { text: `END OF LIFE since ${end}: security fixes are no longer to be expected`, state: 'ended' };
  }
  const soon = new Date(now.getTime() + SOON_DAYS * DAY_MS).toISOString().slice(0, 10);
  if (endOfLife < soon) return { text: `end of life soon, on ${end}`, state: 'ends-soon' };
  return { text: `until ${end}`, state: 'supported' };
}
