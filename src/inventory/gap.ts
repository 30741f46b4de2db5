/**
 * Reading on after one part of a file failed: an archive with one damaged entry still tells of the others.
 */
import { PlimsollError } from '#base/errors.ts';

/** Gaps told of one file; more of them tell nobody more. */
const MAX_GAPS = 20;

/**
 * What `read` returns; `undefined` when it throws a `PlimsollError`, whose sentence is then added to `gaps` (the first 20 are).
 * Other errors are bugs and pass.
 */
export function readOrGap<T>(gaps: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    if (gaps.length < MAX_GAPS) gaps.push(error.message);
    return undefined;
  }
}
