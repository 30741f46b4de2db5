/**
 * What it means to order versions: one scheme per ecosystem, each exactly as that ecosystem's own tool does it.
 *
 * `schemes.ts` finds the scheme of an ecosystem, `range.ts` asks it whether a version lies in an affected range.
 */

/** The order of the versions of one ecosystem. `V` is what a text becomes once it is read; only its scheme looks inside. */
export interface VersionScheme<V = unknown> {
  /** Short name for people and messages: `deb`, `semver`, `maven`. */
  readonly id: string;
  /** Reads a version, with white space around it ignored. `undefined` when the ecosystem's tool would refuse it; never throws. */
  parse(text: string): V | undefined;
  /** Negative when `a` is older, 0 when the ecosystem does not tell them apart, positive when `a` is newer. */
  compare(a: V, b: V): number;
  /**
   * The version without the part that a bound may leave out, or the very same value if it has none: the release of an rpm, the local
   * label of PEP 440. Against a bound without that part, `2.1.0+cu118` counts as `2.1.0`. Missing where nothing may be left out.
   */
  shorten?(version: V): V;
}

/** Longer texts are not versions; the longest in the public advisories has 59 characters (ALSA-2025:12527). */
export const MAX_VERSION_LENGTH = 512;

// Graphic ASCII only: every scheme agrees on that, and it keeps control characters and look-alikes out of all parsers.
const PLAIN = /^[\x21-\x7e]+$/;

/** The scheme with the checks that all share put before its `parse`: white space around trimmed, length bounded, graphic ASCII only. */
export function versionScheme<V>(scheme: VersionScheme<V>): VersionScheme<V> {
  return {
    ...scheme,
    parse: text => {
      const trimmed = text.trim();
      return trimmed.length <= MAX_VERSION_LENGTH && PLAIN.test(trimmed) ? scheme.parse(trimmed) : undefined;
    },
  };
}
