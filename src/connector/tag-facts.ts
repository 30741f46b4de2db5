/**
 * What listings say about a tag, checked: dates in the one form that we keep, digests that are some. What cannot be read is left out, since
 * a wrong date or digest is worse than none.
 */
import { isDigest } from '#oci/digest.ts';
import { readApiDate } from './api-date.ts';
import type { TagEntry } from './connector.ts';

/** What a product says, in its own shapes. */
export interface ToldFacts {
  readonly digest?: string | null | undefined;
  /** A date, milliseconds since 1970, or text: ISO 8601, or RFC 1123 as in headers. */
  readonly pushedAt?: Date | number | string | null | undefined;
  readonly sizeBytes?: number | null | undefined;
  readonly mediaType?: string | null | undefined;
}

/** Before this there were no registries: zeros, and the year 1, that stand for "not known". */
const EARLIEST_MS = Date.UTC(2010, 0, 1);
/** The most that a date of JavaScript can be. */
const LATEST_MS = 8.64e15;

/** An entry of what a product says of the tag `name`. */
export function toTagEntry(name: string, told: ToldFacts): TagEntry {
  const pushedAt = toIsoTime(told.pushedAt);
  const { digest, sizeBytes, mediaType } = told;
  return {
    name,
    ...(digest && isDigest(digest) ? { digest } : {}),
    ...(pushedAt === undefined ? {} : { pushedAt }),
    ...(typeof sizeBytes === 'number' && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 ? { sizeBytes } : {}),
    ...(mediaType ? { mediaType } : {}),
  };
}

/** ISO 8601 in UTC with milliseconds; `undefined` for what is no date, or one that cannot be. */
export function toIsoTime(value: ToldFacts['pushedAt']): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return readApiDate(value) ?? fromHeaderDate(value);
  const ms = Number(value);
  return ms >= EARLIEST_MS && ms <= LATEST_MS ? new Date(ms).toISOString() : undefined;
}

/** `Tue, 10 Mar 2026 08:00:00 -0000` */
function fromHeaderDate(text: string): string | undefined {
  return /^[A-Z][a-z]{2}, \d/.test(text) ? toIsoTime(Date.parse(text)) : undefined;
}

/** Whether a listing that comes newest first may stop here: what follows is older still. An entry without a date decides nothing. */
export function isBefore(entry: TagEntry, since: Date | undefined): boolean {
  return since !== undefined && entry.pushedAt !== undefined && Date.parse(entry.pushedAt) < since.getTime();
}
