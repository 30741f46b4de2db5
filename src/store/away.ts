/**
 * Telling a database that is away for a moment from a bug: whoever is told so may ask again.
 */
import { PlimsollError } from '#base/errors.ts';

/** Shutting down, crashed, starting, too many connections: https://www.postgresql.org/docs/15/errcodes-appendix.html; class 08 besides. */
const AWAY_STATES: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '53300']);
/** Of the system, when a connection cannot be made or breaks. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
/** node-postgres gives these no code. */
const BROKEN_TEXT =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client (?:was closed|has encountered a connection error))/;

/** Whether `error` says that the database could not be reached, or went away in the middle. What was being written may or may not be there. */
export function isStoreAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof PlimsollError) return false;
  // One attempt for each address of the host.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isStoreAway);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return AWAY_STATES.has(code) || /^08\w{3}$/.test(code) || BROKEN.has(code) || BROKEN_TEXT.test(error.message);
}

/** `STORE_UNAVAILABLE` for an error of a database that is away; any other as it is. */
export function tellAway(error: unknown): unknown {
  if (!isStoreAway(error)) return error;
  const message = 'Cannot reach the database of the server: it is away, or restarting; try again in a moment';
  return new PlimsollError('STORE_UNAVAILABLE', message, { cause: error });
}
