/**
 * Tags of builds: `<version>-<build number>`, for example `1.0-1`.
 *
 * Source. The version is the partner's and never changes by a rebuild; the number counts up and is never used again.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** A tag in its two parts. */
export interface BuildTag {
  /** What stands before the last dash: `1.0`, `2.3-rc.1`. */
  readonly version: string;
  /** From 1. */
  readonly number: number;
}

/** OCI distribution-spec, "Pulling manifests": a tag has at most 128 characters. */
const MAX_TAG = 128;
const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
/** Far more than anybody builds, and safe in every number type it meets. */
const MAX_NUMBER = 999_999_999;

/**
 * Reads a tag. @throws {PlimsollError} `REQUEST_INVALID` with the tag that may have been meant, `1.0-1` for `1.0`.
 *
 * @example parseBuildTag('1.0-1') // { version: '1.0', number: 1 }
 */
export function parseBuildTag(text: string): BuildTag {
  const tag = text.trim();
  const shown = `Cannot build as "${printable(tag, 140)}"`;
  if (tag === '') {
    throw new PlimsollError('REQUEST_INVALID', 'Cannot build without a tag: give one such as "1.0-1"');
  }
  if (!VERSION.test(tag)) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `${shown}: a tag is made of letters, digits, "_", "." and "-", and begins with neither "." nor "-", for example "1.0-1"`,
    );
  }
  if (tag.length > MAX_TAG) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      `${shown}: a tag has at most ${MAX_TAG} characters, this one has ${tag.length}`,
    );
  }
  const dash = tag.lastIndexOf('-');
  const version = tag.slice(0, dash);
  const digits = tag.slice(dash + 1);
  if (dash > 0 && /^[1-9][0-9]*$/.test(digits) && Number(digits) <= MAX_NUMBER) {
    return { version, number: Number(digits) };
  }
  if (dash > 0 && /^[0-9]+$/.test(digits)) {
    const why = Number(digits) > MAX_NUMBER ? `is ${MAX_NUMBER} at most` : 'begins with 1 and has no zero in front';
    throw new PlimsollError('REQUEST_INVALID', `${shown}: the build number after the last dash ${why}`);
  }
  const stem = tag.replace(/-+$/, '');
  throw new PlimsollError(
    'REQUEST_INVALID',
    `${shown}: a tag is a version, a dash and a build number; did you mean "${formatBuildTag({ version: stem, number: 1 })}"?`,
  );
}

/** `1.0-1` for its parts. */
export function formatBuildTag(tag: BuildTag): string {
  return `${tag.version}-${tag.number}`;
}

/** The tag of the next build of `version`: one above the highest of `existing`, which includes those of builds that failed or are gone. */
export function nextBuildTag(version: string, existing: Iterable<number>): BuildTag {
  let highest = 0;
  for (const number of existing) highest = Math.max(highest, number);
  return { version, number: highest + 1 };
}

/**
 * Refuses a tag whose number was given before. @throws {PlimsollError} `CONFLICT` with the next free one.
 */
export function requireFreeTag(tag: BuildTag, existing: Iterable<number>): void {
  const numbers = new Set(existing);
  if (!numbers.has(tag.number)) return;
  const next = formatBuildTag(nextBuildTag(tag.version, numbers));
  throw new PlimsollError(
    'CONFLICT',
    `Cannot build as "${formatBuildTag(tag)}": that number was used before and none is used twice; the next free tag is "${next}"`,
  );
}
