/**
 * The errors of a run in short: the ten kinds that were seen last, each with its count and latest message. The full list is kept elsewhere.
 */

/** Something that went wrong in a run. */
export interface RunError {
  /** As in docs/errors.md. */
  readonly code: string;
  readonly message: string;
  /** ISO 8601. */
  readonly at: string;
  readonly repository?: string | undefined;
}

/** One kind of error: same code, any message. */
export interface ErrorKind extends RunError {
  readonly count: number;
}

const MAX_KINDS = 10;

/** The list with one more error: its kind comes first, as the latest seen, and the oldest beyond ten goes. */
export function addRunError(kinds: readonly ErrorKind[], error: RunError): readonly ErrorKind[] {
  const same = kinds.find(({ code }) => code === error.code);
  const others = kinds.filter(({ code }) => code !== error.code);
  return [{ ...error, count: (same?.count ?? 0) + 1 }, ...others].slice(0, MAX_KINDS);
}
