/**
 * What one file may put into its fact: so many packages, so many owned paths, and a short account of what was left out.
 *
 * Bytes of an image are limited before they reach a cataloguer, facts are not: a 64 MB database of nine-byte records would be
 * seven million packages, and a folder name used again and again multiplies into more path text than the file has bytes.
 */
import { isEvidencePath } from './cataloguer.ts';

/** A full Debian has 65,000 packages to choose from, an image has thousands installed. */
const MAX_PACKAGES = 100_000;
const MAX_PATHS = 1_000_000;
const MAX_PATH_CHARS = 128 * 1024 * 1024;
/** Linux PATH_MAX. */
const MAX_PATH_LENGTH = 4096;

/** Keeps one file's fact within bounds and counts what was lost. One for each `read`. */
export class FactLimits {
  readonly #counts = new Map<string, number>();
  #packages = 0;
  #paths = 0;
  #pathChars = 0;

  /** Counts one thing lost; `what` is a constant that reads well after a number: `record(s) without a version`. */
  lose(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Whether one more package fits; counts it, or its loss. */
  admitsPackage(): boolean {
    if (this.#packages >= MAX_PACKAGES) {
      this.lose(`package(s) beyond the first ${MAX_PACKAGES}`);
      return false;
    }
    this.#packages += 1;
    return true;
  }

  /** Whether an owned path is worth keeping (`isEvidencePath`) and fits; counts it, or its loss. */
  admitsPath(path: string): boolean {
    if (path.length > MAX_PATH_LENGTH || this.#paths >= MAX_PATHS || this.#pathChars + path.length > MAX_PATH_CHARS) {
      this.lose('owned path(s) beyond the limits');
      return false;
    }
    if (!isEvidencePath(path)) return false;
    this.#paths += 1;
    this.#pathChars += path.length;
    return true;
  }

  /** One line for each kind of loss, for example `3 record(s) without a version`; empty when nothing was lost. */
  gaps(): string[] {
    return Array.from(this.#counts, ([what, count]) => `${count} ${what}`);
  }
}
