/**
 * The affected ranges that feeds other than OSV know: everything, and everything below a fix.
 */
import type { AffectedRange } from '#version/range.ts';
import type { VersionScheme } from '#version/scheme.ts';

/** Every version. */
export const ALL_VERSIONS: AffectedRange = { ranges: [[{ kind: 'introduced', version: '0' }]] };

/** A text longer than this is no version, and would only fill the database. */
const MAX_VERSION_LENGTH = 512;

/** Every version below the one that has the fix. */
export function below(fixed: string): AffectedRange {
  return {
    ranges: [
      [
        { kind: 'introduced', version: '0' },
        { kind: 'fixed', version: fixed },
      ],
    ],
  };
}

/** `value` if it can be a version: some text without white space, at most 512 characters. Whether it can be read is decided later. */
export function toVersion(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_VERSION_LENGTH && !/\s/.test(value)
    ? value
    : undefined;
}

/** The newer of two fixed versions by `scheme`; of two that it cannot order, the one that it can read, else `a`. */
export function newer(a: string, b: string, scheme: VersionScheme): string {
  if (a === b) return a;
  const first = scheme.parse(a);
  const second = scheme.parse(b);
  if (second === undefined) return a;
  if (first === undefined) return b;
  return scheme.compare(first, second) >= 0 ? a : b;
}

/** The older of two fixed versions by `scheme`, unreadable ones as in `newer`. */
export function older(a: string, b: string, scheme: VersionScheme): string {
  if (a === b) return a;
  const first = scheme.parse(a);
  const second = scheme.parse(b);
  if (second === undefined) return a;
  if (first === undefined) return b;
  return scheme.compare(first, second) <= 0 ? a : b;
}
