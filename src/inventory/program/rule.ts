/**
 * What a rule of the program table says: by which file names a program goes, and where its version stands in the file.
 */

/** A place in the bytes where the version stands. Bytes are read as Latin-1, so one byte is one character. */
export interface Pattern {
  /**
   * Literal bytes to find first. `{name}` stands for the version in the file name (see `ProgramRule.nameVersion`); without one the
   * pattern does not apply.
   */
  readonly needle: string;
  /** Bytes before and after the needle that `version` sees; 0 and 64 when not said, at most `MAX_CONTEXT_BYTES`. */
  readonly before?: number;
  readonly after?: number;
  /**
   * Finds the version as group 1 in that text. Must be linear: no nested repetition. With the flag `g` all matches are taken, and
   * they must agree on one version.
   */
  readonly version: RegExp;
  /** What else must stand within 600 bytes, when the version alone proves little. */
  readonly near?: RegExp;
}

/** How one program is recognised. */
export interface ProgramRule {
  /** The name of the package, as its users call it. */
  readonly name: string;
  /** `vendor:product` in NVD, the usual one first. */
  readonly cpe: readonly string[];
  /** File names; `*` stands for anything. The name matters, because versions of libraries stand in programs too. */
  readonly files: readonly string[];
  /** Tried in this order: the first that is found anywhere in the file gives the version. */
  readonly patterns: readonly Pattern[];
  /** Takes `{name}` from the file name, as group 1. */
  readonly nameVersion?: RegExp;
  /** Names of rules that know better: when one of them finds its program, this one is silent. */
  readonly unless?: readonly string[];
}

/** The most bytes on either side of a needle that a pattern may ask for. */
export const MAX_CONTEXT_BYTES = 8192;
/** What `Pattern.near` sees on either side. */
export const NEAR_BYTES = 600;
/** What `Pattern.version` sees after the needle when the pattern does not say. */
export const DEFAULT_AFTER_BYTES = 64;
